"""What stories say, read from their words, and whether their citations bear them."""

from zoneinfo import ZoneInfo

import pytest

from app.narrative.schemas import Claim, ClaimKind, Predicate, Unit
from app.schema import Lang
from app.text.taxonomy import Taxonomy
from evals.ceilings.tellable import Tellable
from evals.scorers.citations import Judge
from evals.scorers.prose import Prose, template_share
from evals.scorers.story_text import Says, says
from evals.scorers.story_truth import named, persona_of
from tests.factories import START as NOW


def read(taxonomy: Taxonomy, lang: Lang, *sentences: str) -> Says:
    return says(sentences, lang, taxonomy)


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("zh", "眼下最关注宠物，占近来兴趣的31%，其次是食品零食（22%）。"),
        ("en", "What they care about most now is pets, before food and snacks (22%)."),
    ],
)
def test_the_present_interest_is_what_is_named_first_of_the_present(taxonomy: Taxonomy, lang: Lang, text: str) -> None:
    assert read(taxonomy, lang, text).interests == ("pets", "food_snacks")


@pytest.mark.parametrize(("lang", "text"), [("zh", "最近不再看宠物了。"), ("en", "They no longer look at pets now.")])
def test_what_is_over_is_no_present_interest(taxonomy: Taxonomy, lang: Lang, text: str) -> None:
    assert read(taxonomy, lang, text).interests == ()


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("zh", "从2026年5月起，兴趣从宠物转到了旅行出游。"),
        ("zh", "换季时，宠物让位给了旅行出游。"),
        ("en", "Since May interest has moved from pets to travel."),
        ("en", "The season shows: pets has given way to travel since May."),
    ],
)
def test_a_shift_has_a_from_and_a_to(taxonomy: Taxonomy, lang: Lang, text: str) -> None:
    said = read(taxonomy, lang, text)
    assert said.shifts == (("pets", "travel"),)
    assert (said.went, said.came) == (frozenset({"pets"}), frozenset({"travel"}))


def test_a_shift_told_the_wrong_way_round_is_another_shift(taxonomy: Taxonomy) -> None:
    asked = Tellable(interest=None, shift=("pets", "travel"), drifting=None)
    assert named(asked, read(taxonomy, "en", "Interest has moved from travel to pets.")).answered == [False, False]


@pytest.mark.parametrize(
    ("lang", "text", "verdict"),
    [
        ("zh", "很可能正在流失（流失风险85%）。", True),
        ("zh", "没有流失的迹象（流失风险2%）。", False),
        ("zh", "还说不上流失，但要留心（流失风险40%）。", False),
        ("zh", "流失风险2%。", None),
        ("en", "They seem to be drifting away (churn risk 85%).", True),
        ("en", "There is no sign of drifting away (churn risk 2%).", False),
        ("en", "They are not drifting away yet.", False),
        ("en", "The churn risk is 2%.", None),
        ("en", "“I am leaving”, they wrote.", None),
    ],
)
def test_drifting_is_a_verdict_in_words(taxonomy: Taxonomy, lang: Lang, text: str, verdict: bool | None) -> None:
    assert read(taxonomy, lang, text).drifting is verdict


def test_a_story_that_says_both_has_said_neither(taxonomy: Taxonomy) -> None:
    assert read(taxonomy, "en", "They are drifting away.", "There is no sign of leaving.").drifting is None


def test_only_what_could_be_told_is_asked(taxonomy: Taxonomy) -> None:
    said = read(taxonomy, "en", "What they want most now is pets.")
    assert named(Tellable(None, None, None), said).share is None
    assert named(Tellable("pets", None, True), said).share == 0.5


def a_claim(**said: object) -> Claim:
    usual = {
        "claim_id": "k", "kind": ClaimKind.AGGREGATE, "predicate": Predicate.TOPIC_SHARE, "subject": "c", "value": 0.37,
        "unit": Unit.SHARE, "as_of": NOW, "topic": "pets",
    }  # fmt: skip
    return Claim.model_validate(usual | said)


@pytest.mark.parametrize(
    ("claim", "text", "supports"),
    [
        (a_claim(), "Pets takes 37% of the spend.", True),
        (a_claim(), "Pets takes 38% of the spend.", False),
        (a_claim(), "Garden takes 37% of the spend.", False),
        (a_claim(value=1.0), "All of the spend is on pets.", True),
        (a_claim(predicate=Predicate.ORDER_COUNT, topic=None, value=3, unit=Unit.COUNT), "There were 3 orders.", True),
        (a_claim(predicate=Predicate.ORDER_COUNT, topic=None, value=3, unit=Unit.COUNT), "There were 4 orders.", False),
        (a_claim(predicate=Predicate.ORDER_COUNT, topic=None, value=0, unit=Unit.COUNT), "There was no order.", True),
        (a_claim(predicate=Predicate.SEARCHED, topic=None, value=None, unit=Unit.NONE, quote="cat tree"),
         "They searched for “cat tree”.", True),
        (a_claim(predicate=Predicate.SEARCHED, topic=None, value=None, unit=Unit.NONE, quote="cat tree"),
         "They searched for “cat food”.", False),
    ],
)  # fmt: skip
def test_a_citation_supports_a_sentence_that_says_what_is_the_claims_own(
    taxonomy: Taxonomy, claim: Claim, text: str, supports: bool
) -> None:
    judge = Judge(taxonomy, {}, ZoneInfo("Asia/Shanghai"), "en")
    assert judge.supports(claim, text) is supports


def test_the_persona_is_the_one_under_which_the_named_topics_are_likeliest() -> None:
    personas = {"homebody": {"pets": 3.0, "garden": 1.0}, "gadgets": {"electronics": 4.0}}
    assert persona_of(["pets", "garden"], personas) == "homebody"
    assert persona_of([], personas) is None


def test_stories_without_a_pattern_in_common_repeat_nothing() -> None:
    def told(*patterns: str) -> Prose:
        return Prose(0.0, 0.0, len(patterns), 10, True, patterns)

    assert template_share([told("a", "b"), told("c")]) == 0
    assert template_share([told("a"), told("a")]) == 1
