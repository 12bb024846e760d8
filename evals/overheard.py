"""A model of which everything is kept that it was asked and answered: how evaluations listen in."""

from collections.abc import Sequence
from typing import NamedTuple

from app.errors import ModelUnavailable
from app.llm.chat_model import (
    DEFAULT_SAMPLING,
    NOBODY,
    About,
    AnswerSchema,
    ChatModel,
    Completion,
    Message,
    Question,
    Sampling,
)


class Asked(NamedTuple):
    """What a model was given, and what came back first."""

    messages: tuple[Message, ...]
    schema: AnswerSchema | None
    sampling: Sampling
    completion: Completion


class Overheard(ChatModel):
    """A model of which everything is kept that it was asked and answered."""

    def __init__(self, model: ChatModel) -> None:
        """Pass everything on to `model`."""
        self.model = model
        self.asked: list[Asked] = []

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: AnswerSchema | None = None,
        sampling: Sampling = DEFAULT_SAMPLING,
        spent_ms: float = 0.0,
        about: About = NOBODY,
    ) -> Completion:
        """The model's answer."""
        completion = self.model.complete(messages, schema=schema, sampling=sampling, spent_ms=spent_ms, about=about)
        self.asked.append(Asked(tuple(messages), schema, sampling, completion))
        return completion


class Listening(ChatModel):
    """A model that never answers and keeps what it was asked; whoever asks falls back to the composer."""

    def __init__(self) -> None:
        """Nothing heard yet."""
        self.heard: list[Question] = []

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: AnswerSchema | None = None,
        sampling: Sampling = DEFAULT_SAMPLING,
        spent_ms: float = 0.0,
        about: About = NOBODY,
    ) -> Completion:
        """Keep the question."""
        self.heard.append(Question(tuple(messages), schema, sampling))
        raise ModelUnavailable("it only listens")
