"""Questions that say only what is new."""

import pytest

from app.assistant.going_on import asked_why, asks_again, asks_who, with_new
from app.assistant.schemas import Intent, Slots, Understood
from app.schema import Lang


def read_as(intent: Intent, confidence: float = 0.95, lang: Lang = "en", **slots: object) -> Understood:
    return Understood(intent=intent, slots=Slots.model_validate(slots), lang=lang, confidence=confidence)


TEA = read_as(Intent.FIND_CUSTOMERS, topic="tea_coffee", state="leaving")
BUYS = read_as(Intent.NEXT_PURCHASE, customer="u12")
UNSURE: dict[Lang, Understood] = {
    "en": read_as(Intent.AMBIGUOUS, 0.8),
    "zh": read_as(Intent.AMBIGUOUS, 0.8, lang="zh"),
}


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("and pets?", "en"),
        ("What about u13?", "en"),
        ("make it 8000", "en"),
        ("email instead", "en"),
        ("那护肤呢？", "zh"),
        ("改成8000", "zh"),
        ("只用短信呢", "zh"),
    ],
)
def test_a_few_words_that_go_on_ask_the_question_before_again(text: str, lang: Lang) -> None:
    assert asks_again(text, UNSURE[lang], TEA)


def test_a_whole_question_and_a_refused_one_stand_for_themselves() -> None:
    assert not asks_again("and who is u13?", read_as(Intent.READ_CUSTOMER, 0.97), TEA)
    assert not asks_again("and her phone number?", read_as(Intent.OUT_OF_SCOPE, 0.5), BUYS)
    assert not asks_again("pets", UNSURE["en"], TEA)
    assert not asks_again("and pets?", UNSURE["en"], None)
    assert not asks_again("and pets?", UNSURE["en"], read_as(Intent.APPROVE_OR_CHANGE_STRATEGY))
    assert not asks_again("and " + "this is long " * 4, UNSURE["en"], TEA)


def test_the_new_words_replace_what_they_replace_and_nothing_else() -> None:
    found = with_new(read_as(Intent.FIND_CUSTOMERS, topic="pets"), TEA)
    assert found
    assert found.slots == Slots(topic="pets", state="leaving")
    found = with_new(read_as(Intent.FIND_CUSTOMERS, state="away"), TEA)
    assert found
    assert found.slots == Slots(topic="tea_coffee", state="away")
    found = with_new(read_as(Intent.NEXT_PURCHASE, customer="u13"), BUYS)
    assert found
    assert (found.intent, found.slots) == (Intent.NEXT_PURCHASE, Slots(customer="u13"))
    found = with_new(read_as(Intent.NEXT_PURCHASE, state="new"), BUYS)
    assert found
    assert found.slots == Slots(state="new")


def test_words_that_say_nothing_new_are_no_question_asked_again() -> None:
    assert with_new(read_as(Intent.FIND_CUSTOMERS), TEA) is None
    assert with_new(read_as(Intent.FIND_CUSTOMERS, customer="u13"), TEA) is None
    assert with_new(read_as(Intent.READ_CUSTOMER, topic="pets"), read_as(Intent.READ_CUSTOMER, customer="u1")) is None


def test_why_asks_for_the_reasons_of_the_number_that_was_told() -> None:
    found = asked_why("why?", UNSURE["en"], TEA)
    assert (found.intent, found.slots.number, found.missing) == (Intent.EXPLAIN_NUMBER, "churn_risk", ("customer",))
    assert found.slots.state == "leaving", "`them` still means those who are leaving"
    found = asked_why("为什么？", UNSURE["zh"], BUYS)
    assert (found.intent, found.slots.customer, found.missing) == (Intent.EXPLAIN_NUMBER, "u12", ())


def test_why_after_nothing_that_has_reasons_stays_unclear() -> None:
    for earlier in (None, read_as(Intent.DATA_QUALITY)):
        assert asked_why("why?", UNSURE["en"], earlier) == UNSURE["en"]
    assert asked_why("why is it raining?", UNSURE["en"], TEA) == UNSURE["en"]


@pytest.mark.parametrize(("text", "lang"), [("who orders next?", "en"), ("本周末谁会下单", "zh")])
def test_who_asks_after_everybody(text: str, lang: Lang) -> None:
    assert asks_who(text, lang)


@pytest.mark.parametrize(("text", "lang"), [("when will she order next?", "en"), ("她什么时候再买", "zh")])
def test_she_is_one_customer(text: str, lang: Lang) -> None:
    assert not asks_who(text, lang)
