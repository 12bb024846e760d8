"""What a chat model is to us: one call, messages in, one finished answer out."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, NamedTuple, Protocol

from pydantic import Field, JsonValue

from app.errors import ModelOutputError
from app.schema import Frozen

Role = Literal["system", "user", "assistant"]


LONGEST_ANSWER = 8192
"""Tokens of the longest answer that may be asked for, thinking included."""


class Message(NamedTuple):
    """One turn of the conversation that a model is given."""

    role: Role
    content: str


class AnswerSchema(NamedTuple):
    """The JSON schema that an answer must fit, and the name under which it is sent."""

    name: str
    json_schema: Mapping[str, JsonValue]


class Sampling(Frozen):
    """How an answer is drawn. Part of a prompt's file, because it changes the answer as the wording does."""

    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    max_tokens: Annotated[int, Field(ge=1, le=LONGEST_ANSWER)] = 1024
    """Where an answer is cut off, and then refused; what an answer may hold is bounded by `strict_schema`."""
    seed: int = 0
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of the likeliest words that are drawn from; None leaves it to the server."""
    thinking: bool | None = None
    """Whether the model may think before it answers; the model's settings say so. None leaves it to the server."""


DEFAULT_SAMPLING = Sampling()


class About(NamedTuple):
    """For whom a model is asked and about whom: budgets, kept answers and erasure go by it."""

    workspace_id: str
    subject: str
    """A customer id, `segment:...` or `conversation:...`."""


NOBODY = About("", "")
"""A measurement asks: counted in no budget, kept nowhere."""


class Question(NamedTuple):
    """All that decides what a model answers, beside the model itself."""

    messages: tuple[Message, ...]
    schema: AnswerSchema | None
    sampling: Sampling
    fingerprint: str = ""
    """Of the prompt that it was made from; it decides nothing beyond the messages."""


class Completion(NamedTuple):
    """One answer of a model, with what it cost."""

    text: str
    finish_reason: str
    model: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    ms: float = 0.0
    sampling: Sampling | None = None
    """How it was drawn; None when as asked."""


class ChatModel(Protocol):
    """Anything that answers messages, and may remember what it answered.

    Raises ModelUnavailable when there is no answer within its deadline, ModelOutputError when there is one that
    nobody can use.
    """

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: AnswerSchema | None = None,
        sampling: Sampling = DEFAULT_SAMPLING,
        spent_ms: float = 0.0,
        about: About = NOBODY,
    ) -> Completion:
        """The answer to `messages`; `spent_ms` of the deadline went to an earlier attempt at the same question."""
        ...

    def recall(self, question: Question, about: About) -> Completion | None:
        """The answer that was kept for this very question; a model that keeps nothing has none."""
        return None

    def keep(self, question: Question, answer: Completion, about: About) -> None:
        """Hear that an answer fits its schema, and keep it; a model that keeps nothing forgets it."""
        return

    def reject(self, fault: str) -> None:
        """Hear that an answer could not be read."""
        return


def whole(completion: Completion) -> Completion:
    """The completion itself, when it ended by itself; one that was cut off or filtered is never used."""
    if completion.finish_reason != "stop":
        raise ModelOutputError(
            f"the model's answer did not end by itself (finish_reason {completion.finish_reason[:40]!r}); "
            "if it is 'length', raise max_tokens in the prompt's front matter"
        )
    return completion
