"""The small rung: the model chooses, every word is the narrative's own."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from app.errors import ModelUnavailable
from app.insights.compose import MOST as LONGEST
from app.insights.compose import compose
from app.insights.ground import Ground
from app.insights.schemas import ProfileStory
from app.insights.select import MOST, in_shown_order, question
from app.insights.story import Storyteller
from app.llm.chat_model import NOBODY, Message
from app.llm.prompts import PromptLibrary
from app.llm.scripted import Line, ScriptedModel
from app.narrative.schemas import Sentence
from app.schema import Lang
from app.text.taxonomy import Taxonomy
from tests.insights.customers import Known, a_customer

PROMPTS = PromptLibrary(Path(__file__).parents[2] / "prompts")
LANGS: tuple[Lang, ...] = ("zh", "en")


def picks(*numbers: int) -> str:
    return json.dumps({"claims": numbers})


def tell(
    known: Known,
    script: Sequence[Line] | Callable[[Sequence[Message]], Line],
    large: Sequence[Line] | None = None,
) -> ProfileStory:
    teller = Storyteller(None if large is None else ScriptedModel(large), PROMPTS, small=ScriptedModel(script))
    return teller.tell(known.narrative, known.spoken, known.recompute, about=NOBODY, fold_version=3, identity_version=2)


def numbers_of(known: Known, sentences: Sequence[Sentence]) -> list[int]:
    """What a model would answer to have these sentences told in this order."""
    shown = [claim.claim_id for claim in in_shown_order(known.claims)]
    return [shown.index(sentence.claim_ids[0]) + 1 for sentence in sentences]


@pytest.mark.parametrize("lang", LANGS)
def test_the_model_chooses_and_orders_and_the_words_are_the_narratives(taxonomy: Taxonomy, lang: Lang) -> None:
    known = a_customer(taxonomy, lang)
    wanted = tuple(reversed(known.narrative.sentences[:4]))
    story = tell(known, [picks(*numbers_of(known, wanted))])
    assert story.sentences == wanted
    assert (story.provenance.rung, story.provenance.model) == ("small", "scripted")
    assert story.provenance.prompt_fingerprint
    assert story.provenance.fallback_reason is None


def test_a_claim_is_told_once_however_often_it_is_named(taxonomy: Taxonomy) -> None:
    known = a_customer(taxonomy, "en")
    story = tell(known, [picks(*range(1, len(known.claims) + 1), 1, 2, 3)])
    told = [claim_id for sentence in story.sentences for claim_id in sentence.claim_ids]
    assert len(told) == len(set(told)) > 0


def test_a_model_that_names_everything_tells_no_more_than_a_story_holds(taxonomy: Taxonomy) -> None:
    known = a_customer(taxonomy, "zh")
    story = tell(known, [picks(*range(1, len(known.claims) + 1))])
    assert len(story.sentences) <= LONGEST < len(known.narrative.sentences)


def test_a_number_that_was_not_shown_is_dropped_with_its_reason(taxonomy: Taxonomy) -> None:
    known = a_customer(taxonomy, "en")
    story = tell(known, [picks(MOST, *numbers_of(known, known.narrative.sentences[:3]))])
    assert story.provenance.rung == "small"
    assert story.dropped == (f"number {MOST}: no such claim was shown",)


@pytest.mark.parametrize("answer", [picks(1), picks(0, 1, 2), picks(*([1] * (MOST + 1))), '{"claims": ["1"]}', "好评"])
def test_too_little_or_what_is_no_selection_is_left_to_the_composer(taxonomy: Taxonomy, answer: str) -> None:
    known = a_customer(taxonomy, "zh")
    story = tell(known, [answer, answer])
    assert story.provenance.rung == "composer"
    assert story.provenance.fallback_reason
    assert story.sentences == compose(known.narrative, known.claims)


def test_the_ladder_is_large_then_small_then_composer_and_says_why(taxonomy: Taxonomy) -> None:
    known, down = a_customer(taxonomy, "zh"), [ModelUnavailable("the large model is away")]
    chosen = picks(*numbers_of(known, known.narrative.sentences[:3]))
    assert tell(known, [chosen], large=down).provenance.rung == "small"
    assert tell(known, [chosen], large=down).provenance.fallback_reason == "the large model is away"
    last = tell(known, [ModelUnavailable("the small one too")], large=down)
    assert last.provenance.rung == "composer"
    assert last.provenance.fallback_reason == "the large model is away; the small one too"


def test_what_the_model_is_shown_gives_the_composers_order_away_to_nobody(taxonomy: Taxonomy) -> None:
    known = a_customer(taxonomy, "en")
    ground = Ground(known.claims, known.spoken, (), ())
    shown = in_shown_order(known.claims)
    assert shown == in_shown_order(known.claims[::-1]) != known.claims
    lines = question(PROMPTS, shown, ground).messages[1].content.splitlines()
    assert lines[1:-1] == [f"{n}. {ground.line(claim)}" for n, claim in enumerate(shown, 1)]
