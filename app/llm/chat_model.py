"""What a chat model is to us: one call, messages in, one finished answer out."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, NamedTuple, Protocol

from pydantic import Field, JsonValue

from app.errors import ModelOutputError
from app.schema import Frozen

Role = Literal["system", "user", "assistant"]


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
    max_tokens: Annotated[int, Field(ge=1, le=8192)] = 1024
    """Where an answer is cut off, and then refused; what an answer may hold is bounded by `strict_schema`."""
    seed: int = 0


DEFAULT_SAMPLING = Sampling()


class Completion(NamedTuple):
    """One answer of a model, with what it cost."""

    text: str
    finish_reason: str
    model: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    ms: float = 0.0


class ChatModel(Protocol):
    """Anything that answers messages.

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
    ) -> Completion:
        """The answer to `messages`; `spent_ms` of the deadline went to an earlier attempt at the same question."""
        ...


def whole(completion: Completion) -> Completion:
    """The completion itself, when it ended by itself; one that was cut off or filtered is never used."""
    if completion.finish_reason != "stop":
        raise ModelOutputError(
            f"the model's answer did not end by itself (finish_reason {completion.finish_reason[:40]!r}); "
            "if it is 'length', raise max_tokens in the prompt's front matter"
        )
    return completion
