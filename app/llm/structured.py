"""Ask a model for a typed answer: strict schema out, strict reading in, one repair, then an error.

Nothing is guessed. Two wrappings that carry no content are taken off, because servers without guided decoding add
them: one leading `<think>...</think>` block, and one Markdown fence around the whole answer. Everything else that is
not the JSON asked for is a fault: unknown or repeated keys, NaN and infinities, text before or after, wrong types.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Generic, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from app.errors import ModelOutputError
from app.llm.chat_model import About, AnswerSchema, ChatModel, Completion, Question, Sampling, whole
from app.llm.output_schema import class_path, strict_schema
from app.llm.prompts import RenderedPrompt

T = TypeVar("T", bound=BaseModel)

_THINKING = re.compile(r"\A\s*(?:<think>|(?![{`\s])).*?</think>", re.DOTALL)
"""Also without its first tag, which some chat templates write before the model begins."""
_FENCE = re.compile(r"\A```(?:json)?[ \t]*\n(.*)\n```\Z", re.DOTALL)


@dataclass(frozen=True)
class Asked:
    """Which model answered, how it was asked, and what that cost."""

    model: str
    prompt_fingerprint: str
    sampling: Sampling
    calls: int
    """1, or 2 after a repair; also of a kept answer, which tells what it cost when it was asked for."""
    prompt_tokens: int
    completion_tokens: int
    ms: float
    kept: bool = False
    """It came from the store of kept answers: nothing was asked now."""

    @property
    def took_ms(self) -> float:
        """What it took of the deadline now."""
        return 0.0 if self.kept else self.ms

    def after(self, earlier: "Asked") -> "Asked":
        """The same with the cost of an earlier call that it mended."""
        return replace(
            self,
            calls=self.calls + earlier.calls,
            prompt_tokens=self.prompt_tokens + earlier.prompt_tokens,
            completion_tokens=self.completion_tokens + earlier.completion_tokens,
            ms=self.ms + earlier.ms,
            kept=self.kept and earlier.kept,
        )


@dataclass(frozen=True)
class Answer(Asked, Generic[T]):
    """A typed answer and where it came from."""

    value: T = field(kw_only=True)


class _FaultError(ValueError):
    """What is wrong with an answer, in words that the model can act on."""


def ask(model: ChatModel, prompt: RenderedPrompt, output: type[T], about: About, *, spent_ms: float = 0.0) -> Answer[T]:
    """The model's answer as `output`. A bad one is sent back once with its fault named; then ModelOutputError.

    An answer that was cut off is never sent back: what it would have said is unknown. `spent_ms` of the deadline went
    to other attempts at the same question. A question that was answered before is answered with what was kept.
    """
    if prompt.output != class_path(output):
        raise ValueError(f"prompt {prompt.name!r} asks for {prompt.output}, not {class_path(output)}")
    question = Question(
        prompt.messages, AnswerSchema(output.__name__, strict_schema(output)), prompt.sampling, prompt.fingerprint
    )
    kept = _kept(model, prompt, question, output, about)
    if kept is not None:
        return kept
    answer = _asked(model, prompt, question, output, about, spent_ms)
    model.keep(question, _as_completion(answer), about)
    return answer


def _kept(
    model: ChatModel, prompt: RenderedPrompt, question: Question, output: type[T], about: About
) -> Answer[T] | None:
    """The answer that was kept, read as strictly as a new one; one that does not fit (any more) is none."""
    kept = model.recall(question, about)
    if kept is None:
        return None
    try:
        return replace(_answer(prompt, read(kept.text, output), kept), kept=True)
    except _FaultError:
        return None


def _asked(
    model: ChatModel, prompt: RenderedPrompt, question: Question, output: type[T], about: About, spent_ms: float
) -> Answer[T]:
    first = _said(model, question, about, spent_ms)
    try:
        return _answer(prompt, read(first.text, output), first)
    except _FaultError as fault:
        model.reject(str(fault))
        again = question._replace(messages=prompt.corrected(first.text, str(fault)))
    second = _said(model, again, about, spent_ms + first.ms)
    try:
        return _answer(prompt, read(second.text, output), first, second)
    except _FaultError as fault:
        model.reject(str(fault))
        raise ModelOutputError(f"the model's answer is unusable, also after a repair: {fault}") from None


def _said(model: ChatModel, question: Question, about: About, spent_ms: float) -> Completion:
    return whole(
        model.complete(
            question.messages, schema=question.schema, sampling=question.sampling, spent_ms=spent_ms, about=about
        )
    )


def _answer(prompt: RenderedPrompt, value: T, *completions: Completion) -> Answer[T]:
    return Answer(
        value=value,
        model=completions[-1].model,
        prompt_fingerprint=prompt.fingerprint,
        sampling=completions[-1].sampling or prompt.sampling,
        calls=len(completions),
        prompt_tokens=sum(c.prompt_tokens for c in completions),
        completion_tokens=sum(c.completion_tokens for c in completions),
        ms=sum(c.ms for c in completions),
    )


def _as_completion(answer: Answer[T]) -> Completion:
    """What is kept of an answer: its value as it was read, never the text it was read from."""
    return Completion(
        text=answer.value.model_dump_json(),
        finish_reason="stop",
        model=answer.model,
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        ms=answer.ms,
        sampling=answer.sampling,
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
