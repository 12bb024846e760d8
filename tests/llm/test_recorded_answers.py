"""Answers of a real vLLM, recorded by scripts/record_answers.py: the parser takes the whole ones and no others."""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel

from app.errors import ModelOutputError
from app.llm.prompts import PromptLibrary
from app.llm.structured import read
from app.llm.wire import read_answer

ROOT = Path(__file__).parents[2]


class Recorded(NamedTuple):
    """One body as it came over the wire."""

    output: type[BaseModel]
    how: str
    status: int
    body: str


def outputs() -> dict[str, type[BaseModel]]:
    """The output class of every prompt by its name."""
    library = PromptLibrary(ROOT / "prompts")
    paths = [library.header(name).output.rpartition(".") for name in library.names]
    return {name: getattr(importlib.import_module(module), name) for module, _, name in paths}


def recorded() -> Iterator[Recorded]:
    known = outputs()
    for file in sorted((ROOT / "tests" / "golden" / "answers").glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            one: dict[str, Any] = json.loads(line)
            yield Recorded(known[one["output"]], one["how"], one["status"], one["body"])


ANSWERS = tuple(recorded())


def which(how: str) -> list[Recorded]:
    return [answer for answer in ANSWERS if answer.how == how]


def test_every_kind_of_question_about_a_customer_was_recorded_and_answered() -> None:
    assert {answer.output.__name__ for answer in which("as asked")} >= {
        "StoryDraft",
        "FineTags",
        "StrategyDraft",
        "ChurnDraft",
        "LtvDraft",
        "BriefDraft",
        "ConclusionDraft",
    }
    assert all(answer.status == 200 for answer in ANSWERS)


@pytest.mark.parametrize("answer", which("as asked"), ids=lambda answer: answer.output.__name__)
def test_an_answer_that_a_guided_server_ended_itself_is_read_whole(answer: Recorded) -> None:
    completion = read_answer(answer.body.encode()).completion(0.0)
    typed = read(completion.text, answer.output)
    assert typed.model_dump(mode="json") == json.loads(completion.text)
    assert completion.prompt_tokens > completion.completion_tokens > 0


@pytest.mark.parametrize("answer", which("cut off"), ids=lambda answer: answer.output.__name__)
def test_an_answer_that_was_cut_off_is_never_used(answer: Recorded) -> None:
    if json.loads(answer.body)["choices"][0]["finish_reason"] == "length":
        with pytest.raises(ModelOutputError, match="did not end by itself"):
            read_answer(answer.body.encode())


@pytest.mark.parametrize("answer", which("unguided"), ids=lambda answer: answer.output.__name__)
def test_free_text_is_no_answer(answer: Recorded) -> None:
    text = json.loads(answer.body)["choices"][0]["message"]["content"]
    with pytest.raises(ValueError, match=r"not JSON|Input should|Field required|nested"):
        read(text, answer.output)


def test_most_cut_off_answers_were_indeed_cut_off() -> None:
    reasons = [json.loads(answer.body)["choices"][0]["finish_reason"] for answer in which("cut off")]
    assert reasons.count("length") >= len(reasons) / 2
