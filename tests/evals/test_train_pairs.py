"""What the small model learns from is what the product asks, and a model that learned it fully tells the same story."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.bootstrap import PROMPTS
from app.insights.select import in_shown_order
from app.insights.story import Storyteller
from app.llm.chat_model import Message
from app.llm.prompts import PromptLibrary
from app.llm.scripted import ScriptedModel
from evals import shop
from evals.train.pairs import FEW, Pair, Plan, Reading, answer, pair, pairs_of, readings, write_pairs

PLAN = Plan(seeds=(3,), customers=10, days_before_end=(30,))
LIBRARY = PromptLibrary(PROMPTS)


@pytest.fixture(scope="module")
def opened() -> Iterator[shop.Open]:
    with shop.demo(seed=3, customers=10, say=lambda _: None) as made:
        yield made


@pytest.fixture(scope="module")
def told(opened: shop.Open) -> list[Reading]:
    return list(readings(opened, opened.pipeline.clock(opened.workspace, now=opened.now)))


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return list(pairs_of(3, PLAN))


def chosen(found: Pair) -> list[int]:
    return json.loads(found.answer)["claims"]


def test_a_model_that_answers_as_the_pairs_do_tells_the_composers_story(opened: shop.Open, told: list[Reading]) -> None:
    learned = {}
    for case in told:
        found = pair(LIBRARY, in_shown_order(case.ground.claims), case.ground, case.told)
        learned[found.system, found.user] = found.answer

    def recite(messages: Sequence[Message]) -> str:
        return learned[messages[0].content, messages[1].content]

    teller = Storyteller(None, LIBRARY, small=ScriptedModel(recite))
    pipeline = replace(opened.pipeline, teller=replace(opened.pipeline.teller, storyteller=teller))
    for case in told:
        reading = pipeline.read_customer(opened.workspace, case.book.customer_id, as_of=case.book.as_of, lang=case.lang)
        assert reading.story.provenance.rung == "small"
        assert reading.story.sentences == case.sentences


def test_both_languages_are_asked_and_all_answers_name_shown_claims_once(pairs: list[Pair]) -> None:
    assert any("「" in p.user or "天" in p.user for p in pairs)
    assert any(" days" in p.user for p in pairs)
    for found in pairs:
        assert len(set(chosen(found))) == len(chosen(found))
        assert set(chosen(found)) <= set(range(1, len(found.kinds) + 1))


def test_each_reading_gives_the_products_question_another_order_and_some_easier_ones(pairs: list[Pair]) -> None:
    assert len(pairs) % (2 + FEW) == 0
    for start in range(0, len(pairs), 2 + FEW):
        own, again, *few = pairs[start : start + 2 + FEW]
        assert len(own.kinds) == len(again.kinds) >= max(len(p.kinds) for p in few)
        assert len(chosen(own)) == len(chosen(again))


def test_the_same_plan_gives_the_same_bytes(tmp_path: Path) -> None:
    plan = Plan(seeds=(4,), customers=4, days_before_end=(30,))
    for name in ("a", "b"):
        write_pairs(tmp_path / name, plan, lambda _: None)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() != b""


def test_an_answer_holds_the_places_at_which_told_claims_are_shown(told: list[Reading]) -> None:
    claims = told[0].ground.claims[:3]
    wanted = (claims[2].claim_id, claims[0].claim_id)
    assert answer(claims, wanted).claims == (3, 1)
