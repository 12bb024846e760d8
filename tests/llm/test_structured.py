"""Typed answers: what is read, what is refused, what is sent back once."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, JsonValue

from app.errors import ModelOutputError, ModelUnavailable
from app.insights.schemas import StoryDraft
from app.insights.select import Selection
from app.llm.chat_model import NOBODY, Completion
from app.llm.output_schema import strict_schema
from app.llm.prompts import PromptLibrary, RenderedPrompt
from app.llm.scripted import ScriptedModel
from app.llm.structured import Answer, ask, read
from app.schema import Frozen
from app.strategy.copywriter import StrategyDraft
from tests.llm.openai_server import OpenAIServer, says

OUTPUTS: tuple[type[BaseModel], ...] = (StoryDraft, Selection, StrategyDraft)
"""Every class that a model is asked for."""


class Greeting(Frozen):
    """A greeting."""

    words: Annotated[str, Field(min_length=1, max_length=20)]
    """What is said."""
    times: Annotated[int, Field(ge=1, le=9)]
    mood: float | None


GOOD = '{"words": "你好", "times": 2, "mood": 0.5}'


@pytest.fixture
def prompt(tmp_path: Path) -> RenderedPrompt:
    header = f"---\npurpose: greet\noutput: {Greeting.__module__}.Greeting\nvariables: [name]\n---\n"
    body = "<!-- system -->\n{{ output_schema }}\n<!-- user -->\n{{ name }}\n<!-- repair -->\nWrong: {{ fault }}\n"
    (tmp_path / "greet.md").write_text(header + body, encoding="utf-8")
    return PromptLibrary(tmp_path).render("greet", Greeting, {"name": "Li"})


def answer(prompt: RenderedPrompt, *script: str | Completion) -> Answer[Greeting]:
    return ask(ScriptedModel(script), prompt, Greeting, NOBODY)


@pytest.mark.parametrize(
    "text", [GOOD, f"  {GOOD}\n", f"```json\n{GOOD}\n```", f"<think>{{}}</think>\n{GOOD}", f"So,\n</think>{GOOD}"]
)
def test_an_answer_is_read_also_inside_one_fence_or_after_thinking(prompt: RenderedPrompt, text: str) -> None:
    given = answer(prompt, text)
    assert given.value == Greeting(words="你好", times=2, mood=0.5)
    assert (given.calls, given.prompt_fingerprint) == (1, prompt.fingerprint)


BAD = {
    "not JSON": "Hello!",
    "text after it": GOOD + " Bye.",
    "text before it": "Here you are: " + GOOD,
    "two answers": GOOD + GOOD,
    "cut off": GOOD[:-5],
    "empty": "",
    "thinking without end": "<think>" + GOOD,
    "a raw line break in a string": GOOD.replace("你好", "你\n好"),
    "an unknown key": GOOD[:-1] + ', "offer": 100}',
    "a repeated key": GOOD[:-1] + ', "times": 9}',
    "a missing key": '{"words": "x"}',
    "NaN": GOOD.replace("0.5", "NaN"),
    "infinity": GOOD.replace("0.5", "-Infinity"),
    "an overflow": GOOD.replace("0.5", "1e999"),
    "an endless integer": GOOD.replace("2,", "9" * 5000 + ","),
    "a number as text": GOOD.replace("2,", '"2",'),
    "out of bounds": GOOD.replace("2,", "10,"),
    "too long a string": GOOD.replace("你好", "好" * 21),
    "a lone surrogate": GOOD.replace("你好", "\\ud800"),
    "nesting without end": "[" * 100_000,
    "an array": f"[{GOOD}]",
    "two fences": f"```\n{GOOD}\n```\n```\n{GOOD}\n```",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_a_bad_answer_is_sent_back_once_and_then_refused(prompt: RenderedPrompt, text: str) -> None:
    with pytest.raises(ModelOutputError, match="also after a repair"):
        answer(prompt, text, text, GOOD)
    assert answer(prompt, text, GOOD).calls == 2


def test_the_repair_names_the_fault_and_shows_the_refused_answer_as_data(prompt: RenderedPrompt) -> None:
    model = ScriptedModel([GOOD.replace("2,", "10,").replace("你好", "<|im_end|>"), GOOD])
    given = ask(model, prompt, Greeting, NOBODY)
    first, second = model.requests
    assert second.messages[:2] == first.messages == prompt.messages
    assert [m.role for m in second.messages[2:]] == ["assistant", "user"]
    assert "<" not in second.messages[2].content
    assert second.messages[3].content == "Wrong: times: Input should be less than or equal to 9"
    assert given.calls == 2


def test_tokens_and_time_of_both_attempts_are_counted_and_the_first_shortens_the_second(
    prompt: RenderedPrompt,
) -> None:
    model = ScriptedModel([Completion("no", "stop", "m", 10, 1, 40.0), Completion(GOOD, "stop", "m", 20, 2, 5.0)])
    given = ask(model, prompt, Greeting, NOBODY)
    assert (given.prompt_tokens, given.completion_tokens, given.ms) == (30, 3, 45.0)
    assert [request.spent_ms for request in model.requests] == [0.0, 40.0]


@pytest.mark.parametrize("reason", ["length", "content_filter", "abort", ""])
def test_an_answer_that_was_cut_off_is_refused_without_a_repair(prompt: RenderedPrompt, reason: str) -> None:
    model = ScriptedModel([Completion(GOOD, reason, "m"), GOOD])
    with pytest.raises(ModelOutputError, match="did not end by itself"):
        ask(model, prompt, Greeting, NOBODY)
    assert len(model.requests) == 1


def test_a_script_that_has_run_out_is_a_model_that_is_down(prompt: RenderedPrompt) -> None:
    with pytest.raises(ModelUnavailable):
        answer(prompt)


def test_another_class_than_the_prompts_is_a_mistake_of_ours(prompt: RenderedPrompt) -> None:
    with pytest.raises(ValueError, match="asks for"):
        ask(ScriptedModel([GOOD]), prompt, StoryDraft, NOBODY)


@given(st.integers(0, len(GOOD) - 1))
def test_no_beginning_of_an_answer_is_read_as_an_answer(length: int) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read(GOOD[:length], Greeting)


@given(st.text(max_size=60))
def test_reading_any_text_gives_an_answer_or_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read(text, Greeting)


def test_an_invalid_answer_is_repaired_over_real_http(prompt: RenderedPrompt) -> None:
    from app.llm.vllm import OpenAICompatibleModel

    with OpenAIServer(says("{oops"), says(GOOD)) as server:
        given = ask(OpenAICompatibleModel(server.url, "tiny"), prompt, Greeting, NOBODY)
        roles = [[m["role"] for m in r.body["messages"]] for r in server.received]  # type: ignore[attr-defined]
    assert given.value.times == 2
    assert (given.calls, given.model, given.prompt_tokens) == (2, "served-model", 22)
    assert roles == [["system", "user"], ["system", "user", "assistant", "user"]]


def test_a_valid_answer_to_another_question_is_refused_over_real_http(prompt: RenderedPrompt) -> None:
    from app.llm.vllm import OpenAICompatibleModel

    with OpenAIServer(says('{"verdict": "fine"}')) as server:
        with pytest.raises(ModelOutputError, match="words: Field required"):
            ask(OpenAICompatibleModel(server.url, "tiny"), prompt, Greeting, NOBODY)
        assert len(server.received) == 2


# --- the schema that engines are given ---------------------------------------------------------------------


def nodes(schema: JsonValue) -> Iterator[dict[str, JsonValue]]:
    if isinstance(schema, dict):
        yield schema
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for part in parts:
        yield from nodes(part)


@pytest.mark.parametrize("output", [*OUTPUTS, Greeting])
def test_schemas_are_closed_complete_and_free_of_what_engines_ignore(output: type[BaseModel]) -> None:
    schema = strict_schema(output)
    for node in nodes(schema):
        if node.get("type") == "object":
            assert node["additionalProperties"] is False
            assert set(node["required"]) == set(node["properties"])  # type: ignore[arg-type]
        assert node.get("type") not in ("string", "array") or {"maxLength", "maxItems", "enum"} & node.keys()
    unsupported = {"pattern", "format", "oneOf", "allOf", "if", "uniqueItems", "multipleOf"}
    assert not unsupported & {key for node in nodes(schema) for key in node if key != "properties"}
    assert schema == strict_schema(output)


def test_field_docstrings_reach_the_model_as_descriptions() -> None:
    assert "What is said." in json.dumps(strict_schema(Greeting))


class Pattern(BaseModel):
    code: Annotated[str, Field(pattern="[a-z]+")]


class FreeKeys(BaseModel):
    amounts: dict[str, int]


class Anything(BaseModel):
    value: JsonValue


class Union(BaseModel):
    value: int | str


class EndlessText(BaseModel):
    text: str


class EndlessList(BaseModel):
    words: tuple[Annotated[str, Field(max_length=9)], ...]


@pytest.mark.parametrize("output", [Pattern, FreeKeys, Anything, Union, EndlessText, EndlessList])
def test_a_class_that_engines_cannot_guide_is_refused_in_a_test_and_not_on_a_gpu(output: type[BaseModel]) -> None:
    with pytest.raises(ValueError, match=output.__name__):
        strict_schema(output)
