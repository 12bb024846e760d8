"""The rungs above the composer, with the books they share: made once, asked by everything that has a ladder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from app.database.engine import Database
from app.errors import InvalidInput
from app.llm.aside import Aside
from app.llm.books import Books
from app.llm.breaker import Breaker, BreakerState
from app.llm.budgets import Budget, Budgets
from app.llm.kept_answers import Asker, KeptAnswers
from app.llm.ladder import Rung
from app.llm.served import ServedModel
from app.llm.turns import Turns
from app.llm.usage import UsageStore
from app.llm.vllm import OpenAICompatibleModel
from app.model_settings import ModelSettings

LARGE_SHARE: Final = 0.7
"""Of the deadline, for the large model when there is a small one, so that a slow large one leaves it time."""


class RungState(BreakerState):
    """How one rung does, for people."""

    rung: Rung
    model: str
    """The name under which it is served."""


@dataclass(frozen=True)
class Rungs:
    """The models that there are."""

    books: Books
    large: ServedModel | None = None
    small: ServedModel | None = None

    def states(self) -> tuple[RungState, ...]:
        """How each model does now, highest rung first."""
        return tuple(
            RungState(rung=model.asker.rung, model=model.asker.model, **model.state().model_dump())
            for model in (self.large, self.small)
            if model is not None
        )


class Address(NamedTuple):
    """Where a model is served, and under which name; an empty URL means that there is none."""

    url: str
    model: str


class Terms(NamedTuple):
    """How all models are asked."""

    deadline_s: float
    """Seconds that one question may take, all rungs together."""
    api_key: str
    failures: int
    """In a row, after which a model is left alone."""
    pause_s: float
    """For so long."""
    models: Mapping[str, ModelSettings]
    """By served name; one that is not there has the defaults."""


def open_rungs(books: Books, large: Address, small: Address, terms: Terms) -> Rungs:
    """The models at the two addresses, ready to be asked; nothing is sent yet."""
    first = terms._replace(deadline_s=terms.deadline_s * LARGE_SHARE) if small.url else terms
    return Rungs(books, _served(books, "large", large, first), _served(books, "small", small, terms))


def _served(books: Books, rung: Rung, address: Address, terms: Terms) -> ServedModel | None:
    url, name = address
    if not url:
        return None
    if not name:
        prefix = "" if rung == "large" else "small-"
        raise InvalidInput(
            f"--{prefix}llm needs --{prefix}llm-model NAME: the name under which the server serves its model"
        )
    settings = terms.models.get(name, ModelSettings())
    return ServedModel(
        inner=OpenAICompatibleModel(url, name, api_key=terms.api_key, timeout_s=terms.deadline_s),
        asker=Asker(rung, name),
        settings=settings,
        deadline_s=terms.deadline_s,
        breaker=Breaker(name, limit=terms.failures, pause_s=terms.pause_s),
        turns=Turns(name, settings.calls_at_once, settings.calls_waiting),
        books=books,
    )


def open_books(
    database: Database, *, default: Budget, most_kept: int, kept_days: float, now: Callable[[], datetime]
) -> Books:
    """The books in a database; `now` says on which day something is used and when it was answered."""
    aside = Aside()
    usage = UsageStore(database, aside)
    return Books(
        usage=usage,
        budgets=Budgets(database, usage, default),
        answers=KeptAnswers(database, aside, most=most_kept, days=kept_days),
        now=now,
    )
