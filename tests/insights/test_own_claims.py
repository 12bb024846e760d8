"""A claim of a model's own is data: it holds when code, asked the same, gives the same, and then code's is kept."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.insights.ground import Ground, ground_of
from app.insights.own_claims import UnheldError, held
from app.insights.retell import judged
from app.insights.schemas import OwnClaim, ProfileStory, StoryDraft, StorySentence
from app.insights.sift import sift
from app.insights.story import Storyteller
from app.insights.verify import check_link
from app.llm.chat_model import NOBODY
from app.llm.examples import load_examples
from app.llm.prompts import PromptLibrary
from app.llm.scripted import Line, ScriptedModel
from app.narrative.schemas import Claim, ClaimKind, Marker, Predicate, Sentence, Unit
from app.text.taxonomy import Taxonomy
from tests.insights.customers import Known, a_customer

FOLDER = Path(__file__).parents[2] / "prompts"
PROMPTS = PromptLibrary(FOLDER)
FORBIDDEN = ["怀孕", "pregnant"]


@pytest.fixture(scope="module")
def known(taxonomy: Taxonomy) -> Known:
    return a_customer(taxonomy, "en")


@pytest.fixture(scope="module")
def ground(known: Known) -> Ground:
    """All that is known, without the claim of what was spent in all: that one a model may make itself."""
    return grounded(known)


def grounded(known: Known, *, without: Sequence[str] = ("order_value",)) -> Ground:
    claims = tuple(claim for claim in known.claims if claim.predicate not in without)
    told = tuple(s for s in known.narrative.sentences if {c.claim_id for c in claims} >= set(s.claim_ids))
    narrative = known.narrative.model_copy(update={"claims": claims, "sentences": told, "evidence": markers(known)})
    spoken = {claim.claim_id: known.spoken[claim.claim_id] for claim in claims}
    return ground_of(narrative, spoken, known.recompute, FORBIDDEN, known.book)


def markers(known: Known) -> tuple[Marker, ...]:
    """e1: all orders; e2: the search; e3: the message to support; e4: an event that this customer does not have."""
    orders = tuple(event.event_id for event in known.book.history.events if event.kind == "order")
    search, support = known.claim("intent").evidence, known.claim("support_contact").evidence
    found = {"e1": orders, "e2": search, "e3": support, "e4": ("0190c0de-0000-7000-8000-00000000dead",)}
    return tuple(Marker(marker=name, events=events) for name, events in found.items())


def spent(**changes: Any) -> OwnClaim:
    """A true claim of a model's own: what was spent in all."""
    return OwnClaim(kind="aggregate", predicate=Predicate.ORDER_VALUE, value="CN¥1,025.00", events=("e1",)).model_copy(
        update=changes
    )


def inferred(known: Known, **changes: Any) -> OwnClaim:
    quote = known.claim("intent").quote or ""
    return OwnClaim(kind="inference", predicate=Predicate.INTENT, quote=quote, hedge="may", events=("e2",)).model_copy(
        update=changes
    )


TEXT = "The total spent is CN¥1,025.00."


def test_a_claim_that_the_events_give_is_made_by_code_with_its_evidence(known: Known, ground: Ground) -> None:
    claim, said = held(spent(), TEXT, ground)
    assert claim == known.claim("order_value")
    assert said == known.spoken[claim.claim_id]


WRONG = [
    ("value", "CN¥1,026.00", "value"),
    ("value", "$1,025.00", "value"),
    ("value", "1,025 orders", "value"),
    ("value", "CN¥1,025.00 of CN¥2,000.00", "value"),
    ("kind", "fact", "no fact"),
    ("direction", "up", "direction"),
    ("days", 90, "value"),
    ("events", (), "events"),
    ("events", ("e2",), "events"),
    ("events", ("e4",), "somebody else"),
    ("events", ("e99",), "marker"),
    ("campaigns", ("cmp_1",), "campaign"),
    ("topic", "pets", "support"),
    ("topic", "gold bars", "topic that there is not"),
    ("item", "gold bar", "product"),
    ("predicate", Predicate.REFUND_VALUE, "support"),
    ("predicate", Predicate.RFM_POSITION, "support"),
]


@pytest.mark.parametrize(("name", "value", "reason"), WRONG)
def test_a_claim_that_differs_in_anything_does_not_hold_and_the_reason_says_in_what(
    ground: Ground, name: str, value: object, reason: str
) -> None:
    with pytest.raises(UnheldError, match=reason):
        held(spent(**{name: value}), TEXT, ground)


def test_a_campaign_that_was_retrieved_may_be_named(ground: Ground) -> None:
    assert held(spent(campaigns=("cmp_1",)), TEXT, ground._replace(campaigns=frozenset({"cmp_1"})))


def test_without_a_book_there_are_no_claims_of_a_models_own(ground: Ground) -> None:
    with pytest.raises(UnheldError, match="cannot be measured"):
        held(spent(), TEXT, ground._replace(book=None))


def test_an_inference_needs_the_customers_words_its_event_and_its_hedge(known: Known, taxonomy: Taxonomy) -> None:
    ground = grounded(known, without=("intent",))
    text = "There may be a 6-12 month-old at home."
    claim, _ = held(inferred(known), text, ground)
    assert claim == known.claim("intent")
    for changes, reason in (
        ({"quote": ""}, "words that it is read from"),
        ({"quote": "gold bars"}, "support"),
        ({"hedge": ""}, "hedge"),
        ({"hedge": "surely"}, "hedge"),
        ({"hedge": "perhaps"}, "hedge"),
        ({"events": ("e3",)}, "support"),
        ({"kind": "fact"}, "no fact"),
    ):
        with pytest.raises(UnheldError, match=reason):
            held(inferred(known, **changes), text, ground)


def test_a_prediction_only_repeats_the_estimators(ground: Ground) -> None:
    ltv = OwnClaim(kind="prediction", predicate=Predicate.LTV, value="CN¥412.34")
    assert held(ltv, "Expected: CN¥412.34.", ground).claim.value == 41_234
    for value in ("CN¥412.35", "CN¥987.00", ""):
        with pytest.raises(UnheldError, match="value"):
            held(ltv.model_copy(update={"value": value}), "Expected.", ground)


def test_what_touches_the_sensitivity_list_is_no_claim(known: Known) -> None:
    ground = grounded(known)._replace(forbidden=["spent"])
    with pytest.raises(UnheldError, match="sensitivity"):
        held(spent(), TEXT, ground)


@given(st.integers(0, 10_000_000))
@settings(max_examples=60)
def test_no_other_amount_ever_holds(ground: Ground, minor: int) -> None:
    value = f"CN¥{minor // 100:,}.{minor % 100:02d}"
    if minor == 102_500:
        return
    with pytest.raises(UnheldError):
        held(spent(value=value), f"The total spent is {value}.", ground)


# --- sentences ----------------------------------------------------------------------------------------------


def a_draft(*sentences: StorySentence) -> StoryDraft:
    return StoryDraft.model_construct(sentences=sentences)


def test_a_sentence_on_a_claim_of_its_own_is_told_with_that_claim(known: Known, ground: Ground) -> None:
    sifted, new = judged(a_draft(StorySentence(text=TEXT, own=(spent(),))), ground)
    assert [(s.text, s.claim_ids) for s in sifted.sentences] == [(TEXT, (known.claim("order_value").claim_id,))]
    assert new == (known.claim("order_value"),)


def test_a_claim_that_does_not_hold_costs_its_sentence_alone(known: Known, ground: Ground) -> None:
    false = StorySentence(text="The total spent is CN¥9,999.00.", own=(spent(value="CN¥9,999.00"),))
    true = StorySentence(text="65% of the spend is on baby care.", claims=known.ids("topic_share"))
    sifted, new = judged(a_draft(false, true), ground)
    assert [s.text for s in sifted.sentences] == [true.text]
    assert new == ()
    assert sifted.faults == ("sentence 1: claim of its own: its value is not what the events give",)


def test_a_true_claim_does_not_cover_a_false_sentence(ground: Ground) -> None:
    sifted, _ = judged(a_draft(StorySentence(text="The total spent is CN¥1,052.00.", own=(spent(),))), ground)
    assert sifted.sentences == ()
    assert "number 1052" in sifted.faults[0]


LINKS = ["And now to the present.", "说完这些，再看现在。"]
NO_LINKS = [
    "And now to 6 orders.", "It is on the rise.", "And now to baby care.", "She is never pleased.",
    "All of it is free.", "Then came Gucci.", "又来了7次。", "兴趣在上升。", "接下来是宠物。", "She is rich.",
    "And now to “everything”.",
]  # fmt: skip


@pytest.mark.parametrize("text", LINKS)
def test_a_link_leads_over(text: str) -> None:
    assert check_link(text) is None


@pytest.mark.parametrize("text", NO_LINKS)
def test_a_link_may_state_nothing(text: str) -> None:
    assert check_link(text) is not None


def test_a_link_is_told_as_one_and_cites_nothing(ground: Ground) -> None:
    sifted = sift([StorySentence(text=LINKS[0])], ground)
    assert sifted.sentences == (Sentence(text=LINKS[0], kind=ClaimKind.LINK, claim_ids=()),)


# --- the whole rung -----------------------------------------------------------------------------------------


def tell(known: Known, *script: Line) -> tuple[ProfileStory, ScriptedModel]:
    model = ScriptedModel(script)
    ground = grounded(known)
    assert ground.narrative
    story = Storyteller(model, PROMPTS).tell(
        ground.narrative, ground.spoken, known.recompute, about=NOBODY, fold_version=1, identity_version=1,
        forbidden=FORBIDDEN, book=known.book,
    )  # fmt: skip
    return story, model


def answer(*sentences: StorySentence) -> str:
    return json.dumps({"sentences": [s.model_dump(mode="json") for s in sentences]}, ensure_ascii=False)


def faithful(known: Known) -> tuple[StorySentence, ...]:
    return (
        StorySentence(text="65% of the spend is on baby care.", claims=known.ids("topic_share")),
        StorySentence(text="Expected spend over 90 days is CN¥412.34.", claims=known.ids("ltv")),
        StorySentence(text=TEXT, own=(spent(),)),
    )


def test_the_story_carries_the_claims_that_the_model_made_and_code_confirmed(known: Known) -> None:
    story, _ = tell(known, answer(*faithful(known)))
    assert story.provenance.rung == "large"
    assert known.claim("order_value") in story.claims
    assert story.sentences[-1].claim_ids == known.ids("order_value")


def test_too_little_that_holds_is_asked_for_once_more_with_the_faults_named(known: Known) -> None:
    bad = [StorySentence(text=f"Spends {n}% on wine.", claims=known.ids("topic_share")) for n in (1, 2, 3)]
    story, model = tell(known, answer(*bad), answer(*faithful(known)))
    assert story.provenance.rung == "large"
    assert len(model.requests) == 2
    again = model.requests[1].messages[-1].content
    assert "sentence 1: number 1% is not in its claims; sentence 2: number 2%" in again
    assert "wine" not in again


def test_a_second_answer_that_is_no_better_leaves_the_story_to_the_next_rung(known: Known) -> None:
    bad = [StorySentence(text=f"Spends {n}% on wine.", claims=known.ids("topic_share")) for n in (1, 2, 3)]
    story, model = tell(known, answer(*bad), answer(*bad), answer(*faithful(known)))
    assert story.provenance.rung == "composer"
    assert len(model.requests) == 2


# --- the few-shot examples ----------------------------------------------------------------------------------


def test_every_few_shot_answer_passes_the_verifier_on_the_claims_that_it_is_given() -> None:
    examples = load_examples(FOLDER / "examples" / "profile_story.yaml", StoryDraft, ("claims", "story", "language"))
    assert {example.values["language"] for example in examples} == {"British English", "简体中文"}
    for example in examples:
        lines = (line[1:].partition("] ") for line in example.values["claims"].splitlines())
        spoken = {name: said for name, _, said in lines}
        draft = StoryDraft.model_validate_json(example.said)
        stands = [s for s in draft.sentences if not s.own]
        sifted = sift(stands, Ground(tuple(map(a_claim, spoken)), spoken, FORBIDDEN, ()))
        assert sifted.faults == ()
        assert all(
            f"[{event}]" in example.values["story"] for s in draft.sentences for own in s.own for event in own.events
        )


OF_EXAMPLES = {
    "k_1a": (Predicate.FIRST_ORDER, None), "k_8h": (Predicate.FIRST_ORDER, None), "k_3c": (Predicate.TOPIC_SHARE, None),
    "k_ak": (Predicate.TOPIC_SHARE, None), "k_4d": (Predicate.ORDER_COUNT_CHANGE, "down"),
    "k_bm": (Predicate.TOPIC_CHANGE, "up"), "k_5e": (Predicate.USUAL_GAP, None), "k_6f": (Predicate.INTENT, None),
    "k_7g": (Predicate.NO_PURCHASE, None), "k_cn": (Predicate.LTV, None),
}  # fmt: skip
"""What the examples' claims are, and which way they move; the others count orders."""


def a_claim(claim_id: str) -> Claim:
    """A claim that says nothing beyond its plain sentence and its direction."""
    predicate, direction = OF_EXAMPLES.get(claim_id, (Predicate.ORDER_COUNT, None))
    return Claim.unchecked(
        claim_id=claim_id, kind=ClaimKind.FACT, predicate=predicate, subject="c", value=None, unit=Unit.NONE,
        as_of=None, direction=direction,
    )  # fmt: skip
