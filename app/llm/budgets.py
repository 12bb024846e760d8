"""What each workspace's models may use in a day, held against what they have used before one is asked.

A budget holds for all rungs together. What a call may use at most is held for it while it is in flight, so calls at the
same time cannot overrun a budget; processes that share a database see of each other what has been counted.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

from sqlalchemy import delete, insert, select

from app.database.engine import Database
from app.errors import Busy, ModelUnavailable, StorageFull
from app.llm.tables import model_budgets
from app.llm.usage import Amount, UsageStore
from app.schema import Frozen

MICROS = 1_000_000
_NOTHING = Amount()


class Budget(Frozen):
    """What a workspace's models may use in one day (UTC)."""

    daily_tokens: int | None = None
    """Of prompts and answers; None means no limit."""
    daily_cost_micros: int | None = None
    """Millionths of the currency of the prices; None means no limit."""


UNLIMITED = Budget()


class Budgets:
    """The budgets of all workspaces."""

    def __init__(self, database: Database, usage: UsageStore, default: Budget = UNLIMITED) -> None:
        """`default` is the budget of a workspace that has none of its own."""
        self._database, self._usage, self._default = database, usage, default
        self._lock = threading.Lock()
        self._held: dict[str, Amount] = {}

    def of(self, workspace_id: str) -> Budget:
        """The workspace's own budget, else the default."""
        found = select(model_budgets.c.daily_tokens, model_budgets.c.daily_cost_micros)
        with self._database.read() as connection:
            row = connection.execute(found.where(model_budgets.c.workspace_id == workspace_id)).first()
        return self._default if row is None else Budget(daily_tokens=row[0], daily_cost_micros=row[1])

    def give(self, workspace_id: str, budget: Budget | None) -> None:
        """Give the workspace a budget of its own; None takes it away, and the default holds again."""
        with self._database.write() as connection:
            connection.execute(delete(model_budgets).where(model_budgets.c.workspace_id == workspace_id))
            if budget is not None:
                connection.execute(insert(model_budgets).values(workspace_id=workspace_id, **budget.model_dump()))

    @contextmanager
    def held(self, workspace_id: str, day: date, most: Amount) -> Iterator[None]:
        """Hold `most` for a call while the block runs. ModelUnavailable when the day's budget does not allow it."""
        with self._lock:
            others = self._held.get(workspace_id, _NOTHING)
            self._require(workspace_id, day, others, most)
            self._held[workspace_id] = _sum(others, most)
        try:
            yield
        finally:
            with self._lock:
                self._held[workspace_id] = _sum(self._held[workspace_id], most, sign=-1)

    def _require(self, workspace_id: str, day: date, others: Amount, most: Amount) -> None:
        try:
            budget = self.of(workspace_id)
            if budget == UNLIMITED:
                return
            spent = _sum(self._usage.spent(workspace_id, day), others)
        except (Busy, StorageFull):
            raise ModelUnavailable("the day's budget cannot be read now, so no model is asked") from None
        if budget.daily_tokens is not None and spent.tokens + most.tokens > budget.daily_tokens:
            raise ModelUnavailable(
                f"the day's budget of {budget.daily_tokens:,} tokens leaves too little "
                f"({spent.tokens:,} used, {most.tokens:,} needed); `understory model budget` raises it"
            )
        limit = budget.daily_cost_micros
        if limit is not None and spent.cost_micros + most.cost_micros > limit:
            raise ModelUnavailable(
                f"the day's budget of {told_cost(limit)} leaves too little ({told_cost(spent.cost_micros)} spent, "
                f"{told_cost(most.cost_micros)} needed); `understory model budget` raises it"
            )


def micros(cost: Decimal | None) -> int | None:
    """An amount in the currency of the prices as millionths of it; None stays no limit."""
    return None if cost is None else int(cost * MICROS)


def told_cost(micros: int) -> str:
    """An amount in the currency of the prices, as exact as it is."""
    return f"{(Decimal(micros) / MICROS).normalize():,f}"


def _sum(one: Amount, other: Amount, *, sign: int = 1) -> Amount:
    return Amount(one.tokens + sign * other.tokens, one.cost_micros + sign * other.cost_micros)
