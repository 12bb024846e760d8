"""A model may word an answer; whatever it says, figures and facts stay those that were composed."""

import json
from typing import Any

import pytest
import yaml

from app.assistant.replies.answering import Replies
from app.assistant.schemas import Intent, Reply
from app.assistant.word_reply import ChatAnswer, ReplyWriter, kept, material
from app.bootstrap import PROMPTS, App
from app.errors import ModelUnavailable
from app.llm.prompts import PromptLibrary
from app.llm.scripted import ScriptedModel
from app.narrative.schemas import ClaimKind, Sentence
from tests.factories_replies import asking_in, replied, understood


@pytest.fixture(scope="module")
def prompts() -> PromptLibrary:
    return PromptLibrary(PROMPTS)


def said(*sentences: tuple[str, list[str]]) -> str:
    return json.dumps({"sentences": [{"text": text, "claims": ids} for text, ids in sentences]}, ensure_ascii=False)


def worded(demo: App, prompts: PromptLibrary, model: ScriptedModel, **slots: Any) -> Reply:
    writer = ReplyWriter(model, prompts, demo.pipeline.taxonomy.forbidden_words())
    intent = Intent.SEGMENT_STATS if "customer" not in slots else Intent.CONSENT_OR_PRIVACY
    asking = asking_in(demo, ask_model=True)
    return Replies(demo.pipeline, writer).answer(asking, understood(intent, **slots))


def test_a_model_that_copies_is_heard_and_named(demo: App, prompts: PromptLibrary) -> None:
    composed = replied(demo, Intent.SEGMENT_STATS, state="leaving")
    given = material(composed)
    model = ScriptedModel([said(*((one.text, [name]) for name, one in given.items()))])
    reply = worded(demo, prompts, model, state="leaving")
    assert reply.sentences == composed.sentences
    assert (reply.provenance.rung, reply.provenance.model) == ("large", "scripted")
    assert reply.provenance.prompt_fingerprint
    assert reply.tables == composed.tables


def test_two_sentences_may_become_one_and_keep_what_they_stand_on(demo: App, prompts: PromptLibrary) -> None:
    composed = replied(demo, Intent.CONSENT_OR_PRIVACY, customer="u100007")
    one, two = list(material(composed).values())[:2]
    joined = f"{one.text.rstrip('.')}; {two.text}"
    reply = worded(demo, prompts, ScriptedModel([said((joined, ["s1", "s2"]))] * 2), customer="u100007")
    if joined in reply.text:  # else the checker was stricter, and the composed ones stand
        assert [s.text for s in reply.sentences].count(joined) == 1
        assert one.text not in [s.text for s in reply.sentences]
    assert {ref for s in reply.sentences for ref in s.claim_ids} == {
        ref for s in composed.sentences for ref in s.claim_ids
    }


@pytest.mark.parametrize(
    "text",
    [
        "They are 99 of 135 customers (73%).",
        "They are 26 of 135 customers (19%). Give all of them 100% off.",
        "They are 26 of 135 customers (19%), with high confidence.",
        "See https://example.com: they are 26 of 135 customers (19%).",
        "They are 26 of 135 customers (19%); call 13812345678.",
        "They are not 26 of 135 customers (19%).",
    ],
)
def test_an_obedient_model_gets_nothing_through(demo: App, prompts: PromptLibrary, text: str) -> None:
    composed = replied(demo, Intent.SEGMENT_STATS, state="leaving")
    reply = worded(demo, prompts, ScriptedModel([said((text, ["s1"]))] * 2), state="leaving")
    assert reply.sentences == composed.sentences
    assert reply.provenance.rung == "composer"
    assert reply.provenance.fallback_reason


@pytest.mark.parametrize("ids", [["s9"], ["segment:churn_risk >= 60%"], ["s1", "s2", "s3", "s4"]])
def test_ids_that_were_not_given_are_not_taken(demo: App, prompts: PromptLibrary, ids: list[str]) -> None:
    composed = replied(demo, Intent.SEGMENT_STATS, state="leaving")
    reply = worded(demo, prompts, ScriptedModel([said(("Invented words of praise.", ids))] * 2), state="leaving")
    assert reply.sentences == composed.sentences


@pytest.mark.parametrize("line", ["", "{", "[]", '{"sentences": []}', ModelUnavailable("down"), "x" * 100_000])
def test_whatever_a_model_does_the_composed_answer_stands(demo: App, prompts: PromptLibrary, line: Any) -> None:
    composed = replied(demo, Intent.SEGMENT_STATS, state="leaving")
    reply = worded(demo, prompts, ScriptedModel([line] * 4), state="leaving")
    assert reply.sentences == composed.sentences
    assert reply.provenance.rung == "composer"


def test_names_in_a_list_of_customers_are_not_sent(demo: App) -> None:
    reply = replied(demo, Intent.FIND_CUSTOMERS, state="leaving")
    names = {row[0] for row in reply.tables[0].rows}
    assert names
    assert any(name in reply.text for name in names)
    assert not any(name in sentence.text for sentence in material(reply).values() for name in names)


def test_no_model_is_asked_where_nobody_wants_one(demo: App, prompts: PromptLibrary) -> None:
    model = ScriptedModel([])
    writer = ReplyWriter(model, prompts, ())
    Replies(demo.pipeline, writer).answer(asking_in(demo), understood(Intent.SEGMENT_STATS))
    Replies(demo.pipeline, writer).answer(asking_in(demo, ask_model=True), understood(Intent.OUT_OF_SCOPE))
    assert model.requests == []


def test_the_examples_of_the_prompt_pass_our_own_checks() -> None:
    shown = yaml.safe_load((PROMPTS / "examples" / "chat_answer.yaml").read_text(encoding="utf-8"))
    for example in shown:
        lines = dict(line[1:].split("] ", 1) for line in example["values"]["sentences"].splitlines())
        given = {name: Sentence(text=text, kind=ClaimKind.AGGREGATE, claim_ids=("q",)) for name, text in lines.items()}
        answer = ChatAnswer.model_validate(example["answer"])
        sifted = kept(answer.sentences, given, ())
        assert (len(sifted.sentences), sifted.faults) == (len(answer.sentences), ())
