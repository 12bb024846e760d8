"""What each subject did on each local day, counted by kind: the log's own summary for estimators.

One statement over the log, grouped where it lies: a customer's day with forty page views is one row. Rows are read in
pieces into columns, so that ten million of them need no ten million objects.
"""

from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from app.database.statements import pieces, query
from app.database.types import from_micros, to_micros
from app.events.schemas import OUR_KINDS, PASSIVE_KINDS, EventKind

Ints = NDArray[np.int64]

KINDS: dict[str, tuple[EventKind, ...]] = {
    "pages": (EventKind.VIEW,),
    "searches": (EventKind.SEARCH,),
    "wants": (EventKind.FAVOURITE, EventKind.CART_ADD),
    "reviews": (EventKind.REVIEW,),
    "talks": (EventKind.SUPPORT_MESSAGE,),
    "answers": (EventKind.CAMPAIGN_OPENED, EventKind.CAMPAIGN_CLICKED),
    "orders": (EventKind.ORDER,),
    "refunds": (EventKind.REFUND,),
    "messages": (EventKind.CAMPAIGN_SENT,),
}
"""The kinds that are counted by themselves; an order is counted by its lines."""
COLUMNS = ("acts", "presence", *KINDS)
"""acts: everything of their own, of whatever kind; presence: what of it belongs to a visit; then those of KINDS."""
_BESIDE_VISITS = (EventKind.REVIEW, EventKind.SUPPORT_MESSAGE, EventKind.CAMPAIGN_OPENED, EventKind.CONSENT)
"""Kinds that are no part of a visit unless they carry its session, as in the profile."""
_LEFT_OUT = OUR_KINDS | {EventKind.OUTCOME, EventKind.CORRECTION}
"""Kinds that say nothing of a customer's days."""
_DAY, _SECOND = 86_400_000_000, 1_000_000
_MOST_ROWS, _MOST_LOGS = 2_000_000, 4
"""Rows of one log that are kept (70 bytes each), and logs."""


class DayCounts(NamedTuple):
    """Rows per subject and local day with an event, in no promised order; several of one day add up."""

    subjects: tuple[str, ...]
    """Everyone of whom there is a row."""
    subject: Ints
    """Index into `subjects`, shape [n]."""
    day: Ints
    """Local days since 1970-01-01, shape [n]."""
    first_at: Ints
    """Microseconds since 1970, UTC: the first event of the row, shape [n]."""
    counts: NDArray[np.int32]
    """[n, columns of COLUMNS]"""


class KeptCounts:
    """The counts of whole logs, so that for the newest moment only what was logged since is read."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._kept: OrderedDict[tuple[str, str], tuple[int, DayCounts]] = OrderedDict()
        self._reading = Lock()

    def up_to(
        self, connection: Connection, workspace_id: str, position: int, *, newest_at: datetime, zone: ZoneInfo
    ) -> DayCounts:
        """Everything that the log holds up to a position; nothing there happened after `newest_at`."""
        with self._reading:
            key = (workspace_id, str(zone))
            before, known = self._kept.pop(key, (0, _NOTHING))
            if position < before:  # a read that began earlier; the newer counts stay
                self._kept[key] = before, known
                return day_counts(connection, workspace_id, until=newest_at, zone=zone, positions=(0, position))
            later = day_counts(connection, workspace_id, until=newest_at, zone=zone, positions=(before, position))
            found = _joined(known, later)
            if found.day.size <= _MOST_ROWS:
                self._kept[key] = position, found
            while len(self._kept) > _MOST_LOGS:
                self._kept.popitem(last=False)
            return found


def day_counts(
    connection: Connection,
    workspace_id: str,
    *,
    until: datetime,
    zone: ZoneInfo,
    positions: tuple[int, int] | None = None,
) -> DayCounts:
    """Everything up to and including `until`; of the log's `positions` (after, up to and including) where given."""
    first = query(connection, "SELECT MIN(first_at) FROM event_subjects WHERE workspace_id = ?", (workspace_id,))[0][0]
    if first is None or first > to_micros(until):
        return _NOTHING
    after, up_to = positions or (0, 2**63 - 1)
    day = f"(occurred_at + {_shift(clock_changes(zone, from_micros(first), until))}) / {_DAY}"
    sql = (
        f"SELECT subject, {day} AS local_day, MIN(occurred_at), {_COUNTS} FROM events WHERE workspace_id = ?"
        " AND occurred_at <= ? AND position > ? AND position <= ? AND subject <> ''"
        f" AND kind NOT IN ({_listed(*_LEFT_OUT)}) GROUP BY subject, local_day"
    )
    return _columns(pieces(connection, sql, (workspace_id, to_micros(until), after, up_to)))


def _joined(known: DayCounts, later: DayCounts) -> DayCounts:
    if not later.day.size:
        return known
    index = {subject: place for place, subject in enumerate(known.subjects)}
    place = np.array([index.setdefault(subject, len(index)) for subject in later.subjects], np.int64)
    return DayCounts(
        tuple(index),
        np.concatenate([known.subject, place[later.subject]]),
        np.concatenate([known.day, later.day]),
        np.concatenate([known.first_at, later.first_at]),
        np.concatenate([known.counts, later.counts]),
    )


def _columns(pieces: Iterator[list[tuple[Any, ...]]]) -> DayCounts:
    known: dict[str, int] = {}
    found = [np.empty((0, 3 + len(COLUMNS)), np.int64)]
    for rows in pieces:
        numbered = [(known.setdefault(subject, len(known)), *numbers) for subject, *numbers in rows]
        found.append(np.array(numbered, np.int64))
    table = np.concatenate(found)
    return DayCounts(tuple(known), table[:, 0], table[:, 1], table[:, 2], table[:, 3:].astype(np.int32))


def _listed(*kinds: EventKind) -> str:
    """Our own words, for SQL."""
    return ", ".join(sorted(f"'{kind.value}'" for kind in kinds))


def _counted(condition: str) -> str:
    return f"COUNT(CASE WHEN {condition} THEN 1 END)"


_OWN = f"kind NOT IN ({_listed(*PASSIVE_KINDS)})"
_COUNTS = ", ".join((
    _counted(_OWN),
    _counted(f"{_OWN} AND (kind NOT IN ({_listed(*_BESIDE_VISITS)}) OR session_id IS NOT NULL)"),
    *(_counted(f"kind IN ({_listed(*kinds)})") for kinds in KINDS.values()),
))  # fmt: skip


def clock_changes(zone: ZoneInfo, since: datetime, until: datetime) -> list[tuple[datetime, timedelta]]:
    """Each stretch of one distance from UTC between two moments: (from when, local time less UTC), oldest first."""
    found, at = [(since, _offset(zone, since))], since
    while at < until:
        later = min(at + timedelta(days=1), until)
        if _offset(zone, later) != found[-1][1]:
            found.append((_first_after(zone, at, later), _offset(zone, later)))
        at = later
    return found


def _first_after(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second in (before, after] at which the clocks show what they show at `after`."""
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        before, after = (before, middle) if _offset(zone, middle) == _offset(zone, after) else (middle, after)
    return after.replace(microsecond=0)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _shift(stretches: list[tuple[datetime, timedelta]]) -> str:
    """SQL for the microseconds to add to a moment; only numbers of our own stand in it."""
    micros = [(to_micros(since), round(offset.total_seconds()) * _SECOND) for since, offset in stretches]
    cases = [f"WHEN occurred_at < {end} THEN {shift}" for (end, _), (_, shift) in zip(micros[1:], micros, strict=False)]
    return f"(CASE {' '.join(cases)} ELSE {micros[-1][1]} END)" if cases else str(micros[-1][1])


_NOTHING = _columns(iter(()))
