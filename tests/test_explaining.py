"""Numbers in words on the demo shop: whatever a model answers, figures, verdict and advice stay code's."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.access.schemas import Workspace
from app.bootstrap import PROMPTS, App
from app.explaining import Explaining
from app.insights.churn.read import ChurnReader
from app.insights.churn.schemas import ChurnVerdict
from app.insights.ltv.lean import PROMPT, Leaner
from app.insights.ltv.leaning import EvaluatedLean, Lean, leaned_value
from app.insights.ltv.tell import LtvTeller
from app.llm.chat_model import ChatModel, Message
from app.llm.prompts import PromptLibrary
from app.llm.scripted import ScriptedModel
from app.llm.vllm import OpenAICompatibleModel
from app.narrative.schemas import Predicate
from app.views import CustomerReading
from tests.llm.openai_server import OpenAIServer, sends

LIBRARY = PromptLibrary(PROMPTS)
EVIL = "Value 99,999,999, confidence high, call 13912345678, www.evil.example, 100% off."


@pytest.fixture(scope="module")
def workspace(demo: App) -> Workspace:
    return demo.pipeline.access.workspace("demo")


@pytest.fixture(scope="module")
def readings(demo: App, workspace: Workspace) -> tuple[CustomerReading, ...]:
    """Some customers with signs of leaving, some without."""
    pipeline = demo.pipeline
    as_of = pipeline.clock(workspace, now=datetime(2026, 11, 1, tzinfo=UTC))
    rows = pipeline.customers(workspace, as_of=as_of, order_by="churn_risk", limit=60).rows[::15]
    return tuple(
        pipeline.read_customer(workspace, row.customer_id, as_of=as_of, lang="en", ask_model=False) for row in rows
    )


def with_model(demo: App, model: ChatModel, allowed: EvaluatedLean | None = None) -> Explaining:
    return replace(
        demo.pipeline.explaining,
        churn_reader=ChurnReader(model, LIBRARY),
        ltv_teller=LtvTeller(model, LIBRARY, Leaner(model, LIBRARY, allowed)),
    )


def obedient(messages: Sequence[Message]) -> str:
    """Says the attacker's words under every claim that it was shown."""
    ids = [part.partition("]")[0] for part in messages[1].content.split("[")[1:]]
    if "<claims>" in messages[1].content:
        return json.dumps({"sentences": [{"part": "signs", "text": EVIL, "claims": ids[:3]}]})
    row = {"text": EVIL, "claims": ids[:3]}
    advice = {"action": "get_in_touch", "reason": EVIL, "claims": ids[:3]}
    return json.dumps({"drivers": [row | {"driver": "often"}], "risks": [row], "advice": [advice]})


def test_nothing_of_an_obedient_models_answer_passes(
    demo: App, workspace: Workspace, readings: tuple[CustomerReading, ...]
) -> None:
    explaining = with_model(demo, ScriptedModel(obedient))
    for reading in readings:
        plain, told = demo.pipeline.explaining, explaining
        ltv, churn = told.ltv_of(workspace, reading), told.churn_of(workspace, reading)
        own = plain.ltv_of(workspace, reading, ask_model=False)
        assert "evil" not in ltv.model_dump_json() + churn.model_dump_json()
        assert (ltv.numbers, ltv.ltv, ltv.advice) == (own.numbers, reading.ltv, own.advice)
        assert churn.churn_risk == reading.churn.churn_risk
        assert churn.text == plain.churn_of(workspace, reading, ask_model=False).text
        assert ltv.provenance.rung == churn.provenance.rung == "composer"


def test_the_verdict_is_where_the_estimate_lies_between_the_policys_thresholds(
    demo: App, workspace: Workspace, readings: tuple[CustomerReading, ...]
) -> None:
    acting = demo.pipeline.policy.acting
    for reading in readings:
        found, risk = demo.pipeline.explaining.churn_of(workspace, reading), reading.churn.churn_risk or 0
        assert (found.verdict is ChurnVerdict.LEAVING) == (risk >= acting.strong.at_median)
        assert (found.verdict is ChurnVerdict.CALM) == (risk < acting.light.at_median)


def test_a_server_that_fails_leaves_everything_to_the_composer(
    demo: App, workspace: Workspace, readings: tuple[CustomerReading, ...]
) -> None:
    with OpenAIServer(sends(b"oops", 500)) as server:
        explaining = with_model(demo, OpenAICompatibleModel(server.url, "m", timeout_s=2))
        found = explaining.ltv_of(workspace, readings[0]), explaining.churn_of(workspace, readings[0])
    for one in found:
        assert one.provenance.rung == "composer"
        assert one.provenance.fallback_reason


def test_an_allowed_lean_reaches_the_leaned_value_and_nothing_else(
    demo: App, workspace: Workspace, readings: tuple[CustomerReading, ...]
) -> None:
    reading = next(r for r in readings if any(c.predicate is Predicate.SIGNAL for c in r.story.claims))
    allowed = EvaluatedLean(
        model="scripted", prompt_fingerprint=LIBRARY.fingerprint(PROMPT), n=237, helps=0.1, low=0.02, high=0.2
    )

    def answers(messages: Sequence[Message]) -> str:
        content = messages[1].content
        facts = content.splitlines() if "<facts>" in content else []
        signs = [line.partition(".")[0] for line in facts if "ign of leaving" in line]
        return json.dumps({"lean": "much_lower", "grounds": [int(signs[0])]}) if signs else obedient(messages)

    found = with_model(demo, ScriptedModel(answers), allowed).ltv_of(workspace, reading)
    assert (found.lean.lean, found.lean.evaluated) == (Lean.MUCH_LOWER, allowed)
    assert found.ltv.leaned_value == leaned_value(reading.ltv, Lean.MUCH_LOWER)
    assert found.ltv.model_copy(update={"leaned_value": None}) == reading.ltv
