"""The eval of the router: its question files, its judgements and its command."""

import hashlib
import json
from pathlib import Path

import pytest

from app.assistant.planned_action import PlannedAction
from app.assistant.schemas import Intent, Slots, Understood
from app.assistant.slots.found import Found
from app.config import ROOT
from app.errors import InvalidInput
from evals.cli import main
from evals.question_file import EVERYDAY, Question, load
from evals.scorers.router import Judged, confusions, judged, metrics
from evals.train.router import QUESTIONS
from tests.llm.openai_server import OpenAIServer, says


def question(intent: str, **slots: str | int) -> Question:
    return Question(id="q", lang="en", text="?", intent=Intent(intent), slots={**slots})


def read_as(intent: str, confidence: float = 1.0, **slots: str | int) -> Understood:
    return Understood(intent=Intent(intent), slots=Slots.model_validate(slots), lang="en", confidence=confidence)


def nothing(_: str) -> list[Found]:
    return []


def line(**changed: object) -> str:
    return json.dumps({"id": "1", "lang": "zh", "text": "你好", "intent": "out_of_scope", "slots": {}} | changed)


def test_everyday_questions_are_forty_in_each_language_and_two_or_more_of_each_intent() -> None:
    everyday = load(EVERYDAY)
    assert [sum(q.lang == lang for q in everyday) for lang in ("zh", "en")] == [40, 40]
    assert all(sum(q.intent is intent for q in everyday) >= 2 for intent in Intent)


def test_no_everyday_question_is_trained_on() -> None:
    def plain(questions: list[Question]) -> set[str]:
        return {q.text.lower().strip(" .?。？") for q in questions}

    assert not plain(load(EVERYDAY)) & plain(load(QUESTIONS))


@pytest.mark.parametrize(
    "bad",
    ["{", '"text"', line(intent="buy"), line(lang="fr"), line(text=""), line(slots=[1]), line(extra=1), line()],
)
def test_a_bad_line_is_named_by_its_number(tmp_path: Path, bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(f"{line()}\n\n{bad}\n", encoding="utf-8")
    assert main(["run", "router", "--questions", str(path), "--out", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "line 3" in said or "twice" in said


@pytest.mark.parametrize("content", [b"", b"\xff\xfe"])
def test_a_file_without_questions_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_bytes(content)
    with pytest.raises(InvalidInput):
        load(path)


def test_a_model_needs_an_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "router", "--model", "m", "--out", str(tmp_path / "run")]) == 2
    assert "--base-url and --model belong together" in capsys.readouterr().err


def test_the_command_prints_one_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(line() + "\n" + line(id="2", text="c00042是谁", intent="read_customer", slots={"who": "c00042"}))
    assert main(["run", "router", "--questions", str(path), "--json", "--out", str(tmp_path / "run")]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["metrics"]["accuracy"]["value"] == 1.0
    assert summary["metrics"]["slot_accuracy"]["value"] == 1.0
    assert set(summary["baselines"]) == {"majority", "patterns", "centroid"}


def test_slots_count_by_value_where_a_name_is_not_ours() -> None:
    case = judged(question("find_customers", category="pets"), read_as("find_customers", topic="pets"), nothing)
    assert (case.found, case.stated, case.wanted, case.given) == (1, 1, 1, 1)


def test_a_value_in_the_wrong_slot_is_not_found() -> None:
    case = judged(question("find_customers", limit=14), read_as("find_customers", horizon_days=14), nothing)
    assert (case.found, case.wanted) == (0, 0)


def test_a_value_in_words_is_read_as_the_question_was() -> None:
    def reads(words: str) -> list[Found]:
        return [Found("period", "last_month", 0, len(words))]

    case = judged(question("segment_stats", period="上个月"), read_as("segment_stats", period="last_month"), reads)
    assert case.found == 1


def test_a_described_group_is_found_by_its_plain_word() -> None:
    case = judged(
        question("compare_segments", segment="new"), read_as("compare_segments", segment="state:new"), nothing
    )
    assert case.found == 1


def cases() -> list[Judged]:
    pairs = [
        ("out_of_scope", "out_of_scope", 1.0),
        ("ambiguous", "out_of_scope", 1.0),
        ("read_customer", "ambiguous", 0.0),
        ("read_customer", "read_customer", 1.0),
        ("out_of_scope", "read_customer", 0.0),
    ]
    return [judged(question(wanted), read_as(said, sure), nothing) for wanted, said, sure in pairs]


def test_abstentions_count_refusing_and_asking_back_as_one() -> None:
    found = metrics(cases(), seed=7)
    assert found["accuracy"].value == pytest.approx(2 / 5)
    assert found["abstention_precision"].value == pytest.approx(2 / 3)
    assert found["abstention_recall"].value == pytest.approx(2 / 3)


def test_confidence_that_is_right_as_often_as_it_says_has_no_calibration_error() -> None:
    assert metrics(cases(), seed=7)["calibration_error"].value == pytest.approx(0.2)


def test_confusions_are_counted() -> None:
    assert confusions(cases()) == {
        "ambiguous -> out_of_scope": 1,
        "out_of_scope -> read_customer": 1,
        "read_customer -> ambiguous": 1,
    }


def test_the_shipped_weights_are_those_of_the_shipped_questions() -> None:
    manifest = json.loads((ROOT / "knowledge_base" / "router" / "manifest.json").read_bytes())
    source = hashlib.sha256(QUESTIONS.read_bytes()).hexdigest()[:12]
    assert manifest["trained"]["source"] == source, "train the router again: python -m evals.train.router"


def test_a_served_model_reads_what_the_router_is_unsure_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(line(text="那个东西呢", intent="segment_stats"), encoding="utf-8")
    empty = dict.fromkeys(PlannedAction.model_fields)
    with OpenAIServer(says(json.dumps(empty | {"intent": "segment_stats", "sure": True}))) as server:
        served = ["--base-url", server.url, "--model", "m", "--out", str(tmp_path / "run")]
        assert main(["run", "router", "--questions", str(path), "--json", *served]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["metrics"]["accuracy"]["value"], summary["provenance"]["model"]) == (1.0, "m")
