"""The books about asking models: what was used, what may be used, what was answered. One set for all rungs."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from app.llm.budgets import Budgets
from app.llm.chat_model import About, Completion, Question
from app.llm.failures import CallFailed
from app.llm.kept_answers import KeptAnswers
from app.llm.tokens import tokens
from app.llm.usage import Amount, Usage, UsageStore
from app.model_settings import ModelSettings


class Call(NamedTuple):
    """One question on its way to one model."""

    question: Question
    prompt_tokens: int
    """Estimated."""
    about: About
    ends: float
    """Of the deadline, in monotonic seconds."""


@dataclass(frozen=True)
class Books:
    """What is kept about asking models; a measurement (NOBODY) is not written down."""

    usage: UsageStore
    budgets: Budgets
    answers: KeptAnswers
    now: Callable[[], datetime]

    def hold(self, call: Call, settings: ModelSettings) -> AbstractContextManager[None]:
        """Hold what the call may use at most against the day's budget; ModelUnavailable when it does not allow it."""
        if not call.about.workspace_id:
            return nullcontext()
        longest = call.question.sampling.max_tokens
        most = Amount(call.prompt_tokens + longest, settings.cost_micros(call.prompt_tokens, longest))
        return self.budgets.held(call.about.workspace_id, self.now().date(), most)

    def count(self, call: Call, model: str, settings: ModelSettings, outcome: Completion | Exception) -> None:
        """Write down what a request used, whether or not it brought an answer."""
        if not call.about.workspace_id:
            return
        asked, said = _used(call, outcome)
        used = Usage(
            day=self.now().date(),
            model=model,
            calls=1,
            failed=0 if isinstance(outcome, Completion) else 1,
            prompt_tokens=asked,
            completion_tokens=said,
            cost_micros=settings.cost_micros(asked, said),
        )
        self.usage.count(call.about.workspace_id, used)


def _used(call: Call, outcome: Completion | Exception) -> tuple[int, int]:
    """Tokens of prompt and answer. A server that took all its time, or said nothing usable, has read the prompt."""
    if isinstance(outcome, Completion):
        return outcome.prompt_tokens or call.prompt_tokens, outcome.completion_tokens or tokens(outcome.text)
    unread = isinstance(outcome, CallFailed) and not outcome.slow
    return 0 if unread else call.prompt_tokens, 0
