"""What models were used for in each workspace: a row for each day and model, counted durably."""

import threading
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select, update

from app.database.engine import Database
from app.llm.aside import Aside
from app.llm.tables import model_usage
from app.schema import Frozen


class Usage(Frozen):
    """What one model was used for in one day (UTC)."""

    day: date
    model: str
    calls: int = 0
    """Requests that were sent, repairs and retries included."""
    failed: int = 0
    """Those of them that brought no answer."""
    prompt_tokens: int = 0
    """As the server counted them; estimated where it did not say."""
    completion_tokens: int = 0
    cost_micros: int = 0
    """Millionths of the currency of the prices, at the prices of that day."""


class Amount(NamedTuple):
    """What calls use up."""

    tokens: int = 0
    cost_micros: int = 0


_NUMBERS = ("calls", "failed", "prompt_tokens", "completion_tokens", "cost_micros")


class UsageStore:
    """The usage of all workspaces."""

    def __init__(self, database: Database, aside: Aside) -> None:
        """Write through `aside`, so that no answer waits long for being counted."""
        self._database, self._aside = database, aside
        self._lock = threading.Lock()
        self._uncounted: list[tuple[str, Usage]] = []

    def count(self, workspace_id: str, used: Usage) -> None:
        """Add to what is counted. What the database does not take now is added with the next call."""
        with self._lock:
            self._uncounted.append((workspace_id, used))
        self._aside.write(self._write_down)

    def by_day(self, workspace_id: str, since: date) -> tuple[Usage, ...]:
        """What was used from `since` on, a row for each day and model, newest first."""
        chosen = (model_usage.c.workspace_id == workspace_id, model_usage.c.day >= since.isoformat())
        columns = [column for column in model_usage.c if column.name != "workspace_id"]
        ordered = select(*columns).where(*chosen).order_by(model_usage.c.day.desc(), model_usage.c.model)
        with self._database.read() as connection:
            return tuple(Usage.model_validate(dict(row._mapping)) for row in connection.execute(ordered))

    def spent(self, workspace_id: str, day: date) -> Amount:
        """What all models together have used in a day, with what is not written down yet."""
        sums = (model_usage.c.prompt_tokens + model_usage.c.completion_tokens, model_usage.c.cost_micros)
        total = select(*(func.coalesce(func.sum(each), 0) for each in sums))
        chosen = (model_usage.c.workspace_id == workspace_id, model_usage.c.day == day.isoformat())
        with self._lock:
            late = [used for name, used in self._uncounted if name == workspace_id and used.day == day]
        with self._database.read() as connection:
            row = connection.execute(total.where(*chosen)).one()
        tokens = sum(used.prompt_tokens + used.completion_tokens for used in late)
        return Amount(int(row[0]) + tokens, int(row[1]) + sum(used.cost_micros for used in late))

    def _write_down(self) -> None:
        with self._lock:
            waiting = tuple(self._uncounted)
        with self._database.write() as connection:
            for workspace_id, used in waiting:
                _add(connection, workspace_id, used)
        with self._lock:
            del self._uncounted[: len(waiting)]


def _add(connection: Connection, workspace_id: str, used: Usage) -> None:
    key = {"workspace_id": workspace_id, "day": used.day.isoformat(), "model": used.model}
    added = {name: getattr(used, name) for name in _NUMBERS}
    mine = [model_usage.c[name] == value for name, value in key.items()]
    more = {name: model_usage.c[name] + value for name, value in added.items()}
    if not connection.execute(update(model_usage).where(*mine).values(more)).rowcount:
        connection.execute(insert(model_usage).values(**key, **added))
