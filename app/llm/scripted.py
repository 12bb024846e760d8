"""A chat model that answers from a script: offline work, rehearsals and tests. It is as real as any other."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from app.errors import ModelUnavailable, UnderstoryError
from app.llm.chat_model import (
    DEFAULT_SAMPLING,
    NOBODY,
    About,
    AnswerSchema,
    ChatModel,
    Completion,
    Message,
    Sampling,
)

Line = str | Completion | UnderstoryError
"""What a script may hold: an answer's text, a whole completion, or the error to raise in its place."""


class Request(NamedTuple):
    """One call as the model received it."""

    messages: tuple[Message, ...]
    schema: AnswerSchema | None
    sampling: Sampling
    spent_ms: float
    about: About = NOBODY


class ScriptedModel(ChatModel):
    """Answers with the lines of a list, one a call, or with what a function makes of the messages."""

    def __init__(self, script: Iterable[Line] | Callable[[Sequence[Message]], Line]) -> None:
        """Answer from `script`; a list that has run out is a model that is down."""
        self._reply = script if callable(script) else _one_by_one(script)
        self.requests: list[Request] = []
        """What every call so far was given, oldest first."""

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: AnswerSchema | None = None,
        sampling: Sampling = DEFAULT_SAMPLING,
        spent_ms: float = 0.0,
        about: About = NOBODY,
    ) -> Completion:
        """The next line of the script."""
        self.requests.append(Request(tuple(messages), schema, sampling, spent_ms, about))
        line = self._reply(messages)
        if isinstance(line, UnderstoryError):
            raise line
        return line if isinstance(line, Completion) else Completion(line, "stop", "scripted")


def _one_by_one(script: Iterable[Line]) -> Callable[[Sequence[Message]], Line]:
    lines = iter(script)
    return lambda _messages: next(lines, ModelUnavailable("the script holds no further answer"))
