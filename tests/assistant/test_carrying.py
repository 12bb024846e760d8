"""What a question takes over from the one before it."""

import pytest

from app.assistant.carrying import carried_on
from app.assistant.schemas import Intent, Slots, Understood
from app.assistant.turn_words import turn_words
from app.schema import Lang


def read_as(intent: Intent, confidence: float = 0.95, lang: Lang = "en", **slots: str) -> Understood:
    return Understood(intent=intent, slots=Slots.model_validate(slots), lang=lang, confidence=confidence)


LEAVING = read_as(Intent.FIND_CUSTOMERS, state="leaving", value="high")
ASKED_BACK = read_as(Intent.EXPLAIN_NUMBER, number="ltv").model_copy(update={"missing": ("customer",)})


@pytest.mark.parametrize("text", ["u12", "it is u12", "U12."])
def test_a_bare_answer_completes_the_question_that_we_asked_back_about(text: str) -> None:
    found = carried_on(text, read_as(Intent.READ_CUSTOMER, customer="u12"), ASKED_BACK)
    assert (found.intent, found.slots) == (Intent.EXPLAIN_NUMBER, Slots(customer="u12", number="ltv"))
    assert found.missing == ()


def test_a_whole_question_is_its_own() -> None:
    read = read_as(Intent.NEXT_PURCHASE, customer="u12")
    assert carried_on("when does u12 buy the next time?", read, ASKED_BACK) == read
    assert carried_on("u12", read, LEAVING) == read
    assert carried_on("u12", read, None) == read


@pytest.mark.parametrize(
    ("text", "lang"),
    [("Give me these customers as a CSV", "en"), ("How much do they spend?", "en"), ("把他们导出", "zh")],
)
def test_they_are_the_customers_of_the_question_before(text: str, lang: Lang) -> None:
    found = carried_on(text, read_as(Intent.AUDIENCE_EXPORT, lang=lang), LEAVING)
    assert (found.slots.state, found.slots.value) == ("leaving", "high")


def test_who_names_a_group_means_that_one() -> None:
    read = read_as(Intent.AUDIENCE_EXPORT, topic="pets")
    assert carried_on("these who like pets", read, LEAVING) == read
    everybody = read_as(Intent.AUDIENCE_EXPORT)
    assert carried_on("export everybody; the theme is new", everybody, LEAVING) == everybody


def test_these_without_a_group_before_are_asked_back_about_and_the_answer_completes_the_question() -> None:
    export = read_as(Intent.AUDIENCE_EXPORT)
    for earlier in (None, read_as(Intent.DATA_QUALITY)):
        asked = carried_on("export these", export, earlier)
        assert asked.missing == ("segment",)
    found = carried_on("the slowing ones", read_as(Intent.FIND_CUSTOMERS, 0.4, state="slowing"), asked)
    assert (found.intent, found.slots, found.missing) == (Intent.AUDIENCE_EXPORT, Slots(state="slowing"), ())


def test_both_languages_have_their_words() -> None:
    assert turn_words("zh").they
    assert turn_words("en").they
