"""Ask a model for a typed answer: strict schema out, strict reading in, one repair, then an error.

Nothing is guessed. Two wrappings that carry no content are taken off, because servers without guided decoding add
them: one leading `<think>...</think>` block, and one Markdown fence around the whole answer. Everything else that is
not the JSON asked for is a fault: unknown or repeated keys, NaN and infinities, text before or after, wrong types.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from app.errors import ModelOutputError
from app.llm.chat_model import AnswerSchema, ChatModel, Completion, whole
from app.llm.output_schema import class_path, strict_schema
from app.llm.prompts import RenderedPrompt

T = TypeVar("T", bound=BaseModel)

_THINKING = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_FENCE = re.compile(r"\A```(?:json)?[ \t]*\n(.*)\n```\Z", re.DOTALL)


@dataclass(frozen=True)
class Answer(Generic[T]):
    """A typed answer and where it came from."""

    value: T
    model: str
    prompt_fingerprint: str
    calls: int
    """1, or 2 after a repair."""
    prompt_tokens: int
    completion_tokens: int
    ms: float


class _FaultError(ValueError):
    """What is wrong with an answer, in words that the model can act on."""


def ask(model: ChatModel, prompt: RenderedPrompt, output: type[T], *, spent_ms: float = 0.0) -> Answer[T]:
    """The model's answer as `output`. A bad one is sent back once with its fault named; then ModelOutputError.

    An answer that was cut off is never sent back: what it would have said is unknown. `spent_ms` of the deadline went
    to other attempts at the same question.
    """
    if prompt.output != class_path(output):
        raise ValueError(f"prompt {prompt.name!r} asks for {prompt.output}, not {class_path(output)}")
    schema = AnswerSchema(output.__name__, strict_schema(output))
    first = whole(model.complete(prompt.messages, schema=schema, sampling=prompt.sampling, spent_ms=spent_ms))
    try:
        return _answer(prompt, read(first.text, output), first)
    except _FaultError as fault:
        again = prompt.corrected(first.text, str(fault))
    second = whole(model.complete(again, schema=schema, sampling=prompt.sampling, spent_ms=spent_ms + first.ms))
    try:
        return _answer(prompt, read(second.text, output), first, second)
    except _FaultError as fault:
        raise ModelOutputError(f"the model's answer is unusable, also after a repair: {fault}") from None


def _answer(prompt: RenderedPrompt, value: T, *completions: Completion) -> Answer[T]:
    return Answer(
        value=value,
        model=completions[-1].model,
        prompt_fingerprint=prompt.fingerprint,
        calls=len(completions),
        prompt_tokens=sum(c.prompt_tokens for c in completions),
        completion_tokens=sum(c.completion_tokens for c in completions),
        ms=sum(c.ms for c in completions),
    )


def read(text: str, output: type[T]) -> T:
    """The answer in `text`, strictly: ValueError names the fault."""
    body = _unwrapped(text)
    try:
        json.loads(
            body, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_finite
        )
    except RecursionError:
        raise _FaultError("the JSON is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _FaultError(f"it is not JSON: {error.msg} at character {error.pos}") from None
    try:
        return output.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise _FaultError("; ".join(_complaints(error))) from None


def _unwrapped(text: str) -> str:
    body = _THINKING.sub("", text, count=1).strip()
    fenced = _FENCE.match(body)
    return fenced[1] if fenced else body


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        raise _FaultError("an object repeats a key")
    return dict(pairs)


def _refuse_constant(name: str) -> NoReturn:
    raise _FaultError(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    value = float(digits) if len(digits) <= 400 else math.inf
    if not math.isfinite(value):
        raise _FaultError("a number is too large")
    return value


def _complaints(error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_input=False, include_url=False, include_context=False)[:5]:
        where = ".".join(str(part) for part in fault["loc"]) or "answer"
        yield f"{where[:80]}: {fault['msg'][:200]}"
