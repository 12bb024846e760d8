"""A served model as a rung uses it: asked within its limits, left alone while it fails, its cost counted.

In this order: does the question fit, is the model left alone, does the day's budget allow it, is there a turn; then
the request, and one more where that makes sense. What stands in the way is the reason why the next rung answers.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.errors import ModelOutputError, ModelUnavailable
from app.llm.books import Books, Call
from app.llm.breaker import Breaker, BreakerState, Entry
from app.llm.chat_model import (
    DEFAULT_SAMPLING,
    LONGEST_ANSWER,
    NOBODY,
    About,
    AnswerSchema,
    ChatModel,
    Completion,
    Message,
    Question,
    Sampling,
)
from app.llm.failures import CallFailed
from app.llm.kept_answers import Asker
from app.llm.tokens import prompt_tokens
from app.llm.turns import Turns
from app.model_settings import ModelSettings

_FAIR_SHARE: Final = 0.25
"""A call that got less than this share of the deadline says nothing about the model when it runs out."""
_TOO_LITTLE_S: Final = 0.05
_UNUSABLE: Final = "unusable answer"


@dataclass(frozen=True)
class ServedModel(ChatModel):
    """One model of one server, shared by everything that asks it."""

    inner: ChatModel
    """Sends one request; its own deadline is `deadline_s`, too."""
    asker: Asker
    settings: ModelSettings
    deadline_s: float
    """Seconds that one question may take, its repair and its retry included."""
    breaker: Breaker
    turns: Turns
    books: Books

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: AnswerSchema | None = None,
        sampling: Sampling = DEFAULT_SAMPLING,
        spent_ms: float = 0.0,
        about: About = NOBODY,
    ) -> Completion:
        """The model's answer, within what is left of the deadline."""
        started = time.monotonic()
        question = Question(tuple(messages), schema, self._drawn(sampling))
        call = Call(question, prompt_tokens(messages), about, started + self.deadline_s - spent_ms / 1000)
        self._require_fit(call)
        self.breaker.require_closed()
        with self.books.hold(call, self.settings), self.turns.turn(call.ends - time.monotonic()):
            completion = self._with_one_retry(call)
        return completion._replace(ms=(time.monotonic() - started) * 1000, sampling=question.sampling)

    def recall(self, question: Question, about: About) -> Completion | None:
        """The answer that was kept for this very question."""
        return self.books.answers.find(self._asked(question), self.asker, about, now=self.books.now())

    def keep(self, question: Question, answer: Completion, about: About) -> None:
        """Keep an answer that could be read."""
        self.breaker.used()
        self.books.answers.keep(self._asked(question), answer, self.asker, about, now=self.books.now())

    def reject(self, fault: str) -> None:
        """Hear that an answer could not be read; `fault` may hold a customer's words, so it is not kept."""
        self.breaker.unusable(_UNUSABLE)

    def state(self) -> BreakerState:
        """How the model does now."""
        return self.breaker.state()

    def _asked(self, question: Question) -> Question:
        return question._replace(sampling=self._drawn(question.sampling))

    def _drawn(self, sampling: Sampling) -> Sampling:
        """The sampling of a prompt with what the model's settings put in its place."""
        ours = self.settings.model_dump(include=set(Sampling.model_fields), exclude_none=True)
        drawn = sampling.model_copy(update=ours)
        if not drawn.thinking:
            return drawn
        longest = min(LONGEST_ANSWER, drawn.max_tokens + self.settings.thinking_tokens)
        return drawn.model_copy(update={"max_tokens": longest})

    def _require_fit(self, call: Call) -> None:
        room, answer = self.settings.context_length, call.question.sampling.max_tokens
        if room is not None and call.prompt_tokens + answer > room:
            raise ModelUnavailable(
                f"the question of about {call.prompt_tokens:,} tokens and an answer of up to {answer:,} do not fit "
                f"the {room:,} of {self.asker.model}; it was not sent"
            )

    def _with_one_retry(self, call: Call) -> Completion:
        """Never after a timeout, never where the same request cannot work, and only when half the time is left."""
        try:
            return self._once(call)
        except CallFailed as failure:
            pause_s = failure.again_in_s
            if pause_s is None or pause_s > (call.ends - time.monotonic()) / 2:
                raise
        time.sleep(pause_s)
        return self._once(call)

    def _once(self, call: Call) -> Completion:
        left_s = call.ends - time.monotonic()
        if left_s < _TOO_LITTLE_S:
            raise ModelUnavailable(f"the {self.deadline_s:.1f} s that an answer may take were used up")
        entry = self.breaker.enter(min(left_s, self.settings.timeout_s or left_s))
        outcome: Completion | ModelUnavailable | ModelOutputError | None = None
        started = time.monotonic()
        try:
            outcome = self._send(call, entry.seconds)
        except (ModelUnavailable, ModelOutputError) as error:
            outcome = error
            raise
        finally:
            self._judge(outcome, entry, took_s=time.monotonic() - started, fair=left_s >= _FAIR_SHARE * self.deadline_s)
            if outcome is not None:
                self.books.count(call, self.asker.model, self.settings, outcome)
        return outcome

    def _send(self, call: Call, seconds: float) -> Completion:
        messages, schema, sampling, _ = call.question
        gone_ms = (self.deadline_s - seconds) * 1000
        return self.inner.complete(messages, schema=schema, sampling=sampling, spent_ms=gone_ms, about=call.about)

    def _judge(
        self,
        outcome: Completion | ModelUnavailable | ModelOutputError | None,
        entry: Entry,
        *,
        took_s: float,
        fair: bool,
    ) -> None:
        """Tell the breaker how a call ended."""
        failed = outcome if isinstance(outcome, CallFailed) else CallFailed("", label=_UNUSABLE)
        if isinstance(outcome, Completion):
            self.breaker.answered(entry, took_s)
        elif outcome is None or failed.about_question or (failed.slow and not fair):
            self.breaker.left(entry)
        else:
            self.breaker.failed(entry, failed.label, at_once=failed.slow)
