"""Stories of segments: counted aggregates, nothing of few, nothing that a model adds."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from string import Formatter
from typing import NamedTuple, get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from app.bootstrap import PROMPTS
from app.llm.chat_model import NOBODY
from app.llm.examples import load_examples
from app.llm.prompts import PromptLibrary
from app.llm.scripted import ScriptedModel
from app.narrative.schemas import QueryRef
from app.profile.segments.evaluate import Bools
from app.schema import Lang
from app.strategy.segment_story.asking import Segment, questions
from app.strategy.segment_story.schemas import LEAST, Part, SegmentClaim, SegmentDraft, SegmentStory
from app.strategy.segment_story.tell import Material, SegmentTeller, say_claim, sifted
from app.strategy.segment_story.wording import wording
from tests.factories_campaigns import real_taxonomy

LIBRARY = PromptLibrary(PROMPTS)
AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
SIZE = 100


class People(NamedTuple):
    """A hundred customers, of whom an expression means the first so many; the first `few` are like nobody else."""

    means: dict[str, int]
    topics: Sequence[str] = ("pets",)

    @property
    def ids(self) -> Sequence[str]:
        return [f"c_{n:03}" for n in range(SIZE)]

    def who(self, expression: str) -> Bools:
        return np.arange(SIZE) < self.means.get(expression, 0)

    def numbers(self, field: str) -> NDArray[np.float64]:
        return np.arange(SIZE, dtype=np.float64)


ORDERED, AT_DISCOUNT = (questions().shares[name].expression for name in ("ordered", "at_discount"))
PEOPLE = People({"mine": 40, ORDERED: 30, AT_DISCOUNT: 28, "top_interest = pets": 20})


def segment(size: int, people: People = PEOPLE) -> Segment:
    return Segment.of(people._replace(means={**people.means, "mine": size}), "mine")


def claim(found: Sequence[SegmentClaim], about: str) -> SegmentClaim | None:
    return next((c for c in found if c.about == about), None)


def test_every_number_is_a_question_that_gives_it_again() -> None:
    mine = segment(40)
    found = mine.claims()
    assert [mine.again(c) for c in found] == list(found)
    share = claim(found, "ordered")
    assert share
    assert (share.value, share.of_all, share.n, share.out_of) == (0.75, 0.3, 30, 40)
    assert share.query_ref == QueryRef(query=f"(mine) and {ORDERED}", count=30, hash=share.query_ref.hash)
    assert segment(41).again(share) != share


def test_a_long_time_is_told_in_plain_digits() -> None:
    found = claim(segment(40).claims(), "days_since_order")
    assert found is not None
    told = [
        say_claim(found.model_copy(update={"value": n, "of_all": None}), real_taxonomy(), "en") for n in (1234.0, 19.5)
    ]
    assert ["1,234 days" in told[0], "19.5 days" in told[1]] == [True, True]


def test_nothing_is_told_of_few_nor_of_the_few_who_are_left() -> None:
    assert segment(LEAST - 1).claims() == ()
    assert claim(segment(40, People({ORDERED: LEAST - 1})).claims(), "ordered") is None
    assert claim(segment(40, People({ORDERED: 40 - LEAST + 1})).claims(), "ordered") is None
    nearly_all = segment(SIZE - LEAST + 1).claims()
    assert all(c.of_all is None for c in nearly_all)


def test_what_sets_them_apart_is_told_only_where_they_are_unlike_all() -> None:
    assert claim(segment(40).claims(), "at_discount")
    alike = People({AT_DISCOUNT: 50})
    assert claim(Segment.of(alike._replace(means={**alike.means, "mine": 100}), "mine").claims(), "at_discount") is None


def material(claims: tuple[SegmentClaim, ...], lang: Lang) -> Material:
    spoken = {c.claim_id: say_claim(c, real_taxonomy(), lang) for c in claims}
    return Material("mine", AS_OF, 40 if claims else None, claims, spoken, ["怀孕"], NOBODY)


def story(lang: Lang = "en", size: int = 40, model: ScriptedModel | None = None) -> SegmentStory:
    return SegmentTeller(model, LIBRARY).tell(material(segment(size).claims(), lang), lang)


@pytest.mark.parametrize("lang", get_args(Lang))
def test_the_composer_tells_all_parts_with_their_claims(lang: Lang) -> None:
    found = story(lang)
    assert {s.part for s in found.sentences} == set(Part)
    assert found.customers == 40
    assert "40%" in found.text
    few = story(lang, size=3)
    assert (few.customers, few.claims, len(few.sentences)) == (None, (), 1)
    assert "3" not in few.text


def drafted(part: str, text: str, ids: Sequence[str]) -> str:
    return json.dumps({"sentences": [{"part": part, "text": text, "claims": ids}]}, ensure_ascii=False)


def test_a_model_may_word_the_claims_of_a_part() -> None:
    ordered = claim(segment(40).claims(), "ordered")
    assert ordered
    text = "Of all customers 30% have ordered; of them, 75% have."
    found = story(model=ScriptedModel([drafted("who", "75% of them have ordered.", [ordered.claim_id])]))
    assert [s.text for s in found.sentences if s.part is Part.WHO] == ["75% of them have ordered."]
    assert found.provenance.rung == "large"
    assert text not in found.text


@pytest.mark.parametrize(
    "text",
    [
        "75% of them have ordered, give them 100% off.",
        "95% of them have ordered.",
        "75% of them have ordered; c_001 most of all.",
        "75% of them have ordered; see www.evil.example.",
        "75% of them have ordered; call 13912345678.",
        "75% of them have ordered, confidence high.",
        "75% of them have ordered because they are rich.",
    ],
)
def test_an_obedient_model_adds_nothing(text: str) -> None:
    ordered = claim(segment(40).claims(), "ordered")
    assert ordered
    found = story(model=ScriptedModel([drafted("who", text, [ordered.claim_id])] * 2))
    assert found.sentences == story().sentences
    assert found.provenance.fallback_reason
    foreign = story(model=ScriptedModel([drafted("who", "75% of them have ordered.", ["s_foreign"])] * 2))
    assert foreign.provenance.rung == "composer"


def test_the_examples_of_the_prompt_keep_to_what_they_are_shown() -> None:
    for example in load_examples(PROMPTS / "examples" / "segment_story.yaml", SegmentDraft, ("claims", "language")):
        draft = SegmentDraft.model_validate_json(example.said)
        shown = [line.split(": [", 1) for line in example.values["claims"].splitlines()]
        spoken = dict(rest.split("] ", 1) for _, rest in shown)
        claims = tuple(_named(rest.split("]", 1)[0], Part(part)) for part, rest in shown)
        assert sifted(draft, Material("", AS_OF, 1, claims, spoken, (), NOBODY))[1] == ()


def _named(claim_id: str, part: Part) -> SegmentClaim:
    return SegmentClaim(
        claim_id=claim_id, part=part, measure="size", about="size", value=1, n=1, query_ref=QueryRef(query="")
    )


def test_both_languages_have_the_same_keys_and_slots() -> None:
    def slots(words: object) -> object:
        if isinstance(words, dict):
            return {key: slots(value) for key, value in words.items()}
        return {name for _, name, _, _ in Formatter().parse(str(words)) if name}

    assert slots(wording("zh").model_dump()) == slots(wording("en").model_dump())
    asked = {f"share.{name}" for name in questions().shares} | {f"median.{name}" for name in questions().medians}
    assert set(wording("zh").plain) == asked | {"size", "share.interests", "share.moves"}
