"""The log: append-only events with permanent deduplication, and their free texts.

A message (workspace, source, message_id) is stored once, for ever. The same message with other content is a
conflict; the caller puts it in quarantine. `position` is the place in a workspace's log that consumers keep their
offsets in; it is given inside the transaction of the events and never used twice.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, func, literal_column, select

from app.database.engine import Database
from app.database.statements import insert_rows, query, select_in, upsert_rows
from app.database.types import from_micros, to_micros
from app.events import catalogue
from app.events.activity import DayCounts, KeptCounts, day_counts
from app.events.ends import Chains, RecentEnds
from app.events.intake import Accepted
from app.events.refunds import RefundTotal, refund_totals
from app.events.rows import COLUMNS, to_event, to_row
from app.events.schemas import GRAPH_KINDS, OUR_SOURCE, Event, EventKind, History, Item, Member
from app.events.tables import event_subjects, event_texts, events, log_heads
from app.events.timestamps import FOREVER

_ROWS = 5_000
"""Rows handed to the driver at once."""
_MEMBERS = 200
"""Subjects whose chains one statement follows."""
_HISTORY = f"""
WITH RECURSIVE chain(position) AS (
  SELECT s.head FROM event_subjects s WHERE s.workspace_id = ? AND s.subject IN ({{marks}})
  UNION ALL
  SELECT e.previous FROM chain CROSS JOIN events e
  WHERE e.workspace_id = ? AND e.position = chain.position AND e.previous > 0
)
SELECT {COLUMNS} FROM chain CROSS JOIN events e
WHERE e.workspace_id = ? AND e.position = chain.position
  AND e.occurred_at > ? AND e.occurred_at <= ? AND e.position <= ?
"""  # CROSS JOIN keeps SQLite from reading the whole log beside the chain
KNOWN = "SELECT message_id, event_id, payload_hash FROM events WHERE workspace_id = ? AND source = ? AND message_id IN"
"""Every batch asks this: it has to be answered from the dedupe key, however long the log."""
_NO_LIMIT = 2**63 - 1


class Verdict(StrEnum):
    """What became of one message."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


class Logged(NamedTuple):
    """The answer for one message, and the event that the log holds under its id."""

    verdict: Verdict
    event_id: str
    payload_hash: str


class Appended(NamedTuple):
    """What became of a batch."""

    logged: list[Logged]
    """One per message, in order."""
    fresh: list[Accepted]
    """The accepted ones, which stand at the positions after `start`, one after the other."""
    start: int
    chains: Chains
    """Where the histories of its subjects end now."""


class OrderTotal(NamedTuple):
    """One order as the log has it: who, when its first line was placed, and the sum of its lines in minor units."""

    subject: str
    order_id: str
    occurred_at: datetime
    amount: int


class Head(NamedTuple):
    """How far a workspace's log reaches."""

    position: int = 0
    read_position: int = 0
    """Position of the newest event that readers see: one of a source, or one that changed who is who."""
    events: int = 0
    newest_at: datetime | None = None
    """When the newest event that a source sent happened; None before the first. Our own decisions do not count."""


class EventLog:
    """Append to and read from the log of every workspace."""

    def __init__(self, database: Database) -> None:
        """Read and write through `database`."""
        self._database = database
        self._ends = RecentEnds()
        self._counts = KeptCounts()

    def append(self, connection: Connection, batch: Sequence[Accepted]) -> Appended:
        """Log a batch of one workspace inside the caller's write transaction."""
        if not batch:
            return Appended([], [], 0, {})
        logged, fresh = _judged(batch, _known(connection, batch))
        workspace_id = batch[0].event.workspace_id
        head = _head(connection, workspace_id)
        if not fresh:
            return Appended(logged, fresh, head.position, {})
        chains = _write(connection, fresh, head.position, self._ends.at(workspace_id, head.position))
        _move_head(connection, head, fresh)
        return Appended(logged, fresh, head.position, chains)

    def committed(self, workspace_id: str, appended: Appended) -> None:
        """To be told once a batch is committed: where its histories end need not be looked up next time."""
        if appended.fresh:
            self._ends.put(workspace_id, appended.start, appended.start + len(appended.fresh), appended.chains)

    def history(
        self,
        workspace_id: str,
        members: Sequence[Member],
        *,
        until: datetime,
        after: datetime | None = None,
        position: int | None = None,
    ) -> History:
        """All events of these members up to and including `until`, in canonical order, with texts and items.

        Items are as the catalogue has them now: a corrected title corrects past views too, and what a fold says does
        not depend on when it is made. Their prices are known with their times.

        Each member counts for the time in which it is theirs. With `after`, only later events; with `position`, only
        those that the log held up to there.
        """
        with self._database.read() as connection:
            lowest = -_NO_LIMIT if after is None else to_micros(after)
            bounds = (lowest, to_micros(until), _NO_LIMIT if position is None else position)
            found = _events_of(connection, workspace_id, members, bounds)
            return _with_context(connection, workspace_id, found, FOREVER)

    def context(self, workspace_id: str, found: Sequence[Event], *, until: datetime) -> History:
        """These events together with the texts and items that they name."""
        with self._database.read() as connection:
            return _with_context(connection, workspace_id, tuple(found), until)

    def since(self, workspace_id: str, position: int, *, limit: int) -> list[tuple[int, Event]]:
        """The next `limit` events after a log position, for consumers."""
        sql = f"SELECT {COLUMNS} FROM events e WHERE e.workspace_id = ? AND e.position > ? ORDER BY e.position LIMIT ?"
        with self._database.read() as connection:
            return [(row[1], to_event(row)) for row in query(connection, sql, (workspace_id, position, limit))]

    def up_to(self, workspace_id: str, position: int) -> Iterator[Event]:
        """The log from its beginning to a position, some thousand events in memory at a time."""
        done = 0
        while rows := self.since(workspace_id, done, limit=_ROWS):
            for done, event in rows:
                if done > position:
                    return
                yield event

    def order_totals(self, workspace_id: str, *, until: datetime) -> list[OrderTotal]:
        """Every order up to `until`, for the estimators."""
        c = events.c
        slash: ColumnElement[str] = literal_column(
            "'/'"
        )  # as a bound value it would be two, and PostgreSQL could not group by it
        order = func.coalesce(c.source + slash + c.order_id, c.event_id)
        wanted = (c.workspace_id == workspace_id, c.kind == EventKind.ORDER, c.occurred_at <= until)
        total = func.coalesce(func.sum(c.amount_minor), 0)
        found = select(c.subject, order, func.min(c.occurred_at), total).where(*wanted).group_by(c.subject, order)
        with self._database.read() as connection:
            return [OrderTotal(s, o, at, int(amount)) for s, o, at, amount in connection.execute(found)]

    def refund_totals(self, workspace_id: str, *, until: datetime) -> list[RefundTotal]:
        """Every refund up to `until`, for estimators that take them off."""
        with self._database.read() as connection:
            return refund_totals(connection, workspace_id, until=until)

    def day_counts(self, workspace_id: str, *, until: datetime, zone: ZoneInfo) -> DayCounts:
        """What everybody did on each local day up to `until`, counted by kind."""
        with self._database.read() as connection:
            head = _head(connection, workspace_id)
            if head.newest_at is not None and head.newest_at <= until:
                return self._counts.up_to(connection, workspace_id, head.position, newest_at=head.newest_at, zone=zone)
            return day_counts(connection, workspace_id, until=until, zone=zone)

    def subjects(self, workspace_id: str, *, until: datetime) -> set[str]:
        """Everyone of whom the log holds an event up to `until`."""
        c = event_subjects.c
        found = select(c.subject).where(c.workspace_id == workspace_id, c.first_at <= until)
        with self._database.read() as connection:
            return set(connection.scalars(found))

    def sizes(self, workspace_id: str, subjects: Sequence[str]) -> dict[str, int]:
        """How many events each subject has."""
        with self._database.read() as connection:
            return {
                subject: chain[1] for subject, chain in _chains(connection, workspace_id, set(subjects), {}).items()
            }

    def arrival_after(self, workspace_id: str, position: int) -> datetime | None:
        """When the first event after a position arrived; None when there is none."""
        sql = "SELECT received_at FROM events WHERE workspace_id = ? AND position > ? ORDER BY position LIMIT 1"
        with self._database.read() as connection:
            found = query(connection, sql, (workspace_id, position))
        return from_micros(found[0][0]) if found else None

    def head(self, workspace_id: str) -> Head:
        """How far the log reaches."""
        with self._database.read() as connection:
            return _head(connection, workspace_id)

    def head_in(self, connection: Connection, workspace_id: str) -> Head:
        """The same within a transaction."""
        return _head(connection, workspace_id)

    def latest(self, workspace_id: str) -> datetime | None:
        """When the newest event that a source sent happened; None for an empty log. Our own decisions do not count."""
        return self.head(workspace_id).newest_at

    def count(self, workspace_id: str) -> int:
        """Number of logged events."""
        return self.head(workspace_id).events

    def position(self, workspace_id: str, *, ours: bool = True) -> int:
        """The newest log position; 0 for an empty log. Without `ours`, that of the newest event that readers see."""
        head = self.head(workspace_id)
        return head.position if ours else head.read_position


def _judged(batch: Sequence[Accepted], known: dict[tuple[str, str], Logged]) -> tuple[list[Logged], list[Accepted]]:
    logged, fresh = [], []
    refused: dict[tuple[str, str], Logged] = {}  # conflicts in which other events of the message have a part
    for accepted in batch:
        event, payload_hash = accepted.event, accepted.payload_hash
        key = (event.source, event.message_id)
        if accepted.part_of and (whole := refused.get((event.source, accepted.part_of))):
            logged.append(whole)
        elif (before := known.get(key)) is None:
            known[key] = outcome = Logged(Verdict.ACCEPTED, event.event_id, payload_hash)
            logged.append(outcome)
            fresh.append(accepted)
        else:
            same = before.payload_hash == payload_hash
            logged.append(before._replace(verdict=Verdict.DUPLICATE if same else Verdict.CONFLICT))
            refused.pop(key, None)
            if not same:
                refused[key] = logged[-1]
    return logged, fresh


def _known(connection: Connection, batch: Sequence[Accepted]) -> dict[tuple[str, str], Logged]:
    by_source: dict[str, list[str]] = {}
    for accepted in batch:
        by_source.setdefault(accepted.event.source, []).append(accepted.event.message_id)
    workspace_id = batch[0].event.workspace_id
    return {
        (source, message_id): Logged(Verdict.DUPLICATE, event_id, payload_hash)
        for source, ids in by_source.items()
        for message_id, event_id, payload_hash in select_in(connection, KNOWN, (workspace_id, source), ids)
    }


def _write(connection: Connection, fresh: Sequence[Accepted], start: int, known: Chains) -> Chains:
    """Write the rows; returns where the histories of their subjects end now. `known` are ends that need no look-up."""
    workspace_id = fresh[0].event.workspace_id
    chains: Chains = {}
    for first in range(0, len(fresh), _ROWS):
        chunk = fresh[first : first + _ROWS]
        subjects = [accepted.event.subject for accepted in chunk]
        moved = _chains(connection, workspace_id, set(subjects) - {""}, chains or known)
        rows = []
        for position, (accepted, subject) in enumerate(zip(chunk, subjects, strict=True), start + first + 1):
            at = to_micros(accepted.event.occurred_at)
            previous, count, first_at = moved.get(subject, (0, 0, at))
            rows.append(to_row(accepted, subject, position, previous))
            if subject:
                moved[subject] = (position, count + 1, min(first_at, at))
        insert_rows(connection, events, rows)
        upsert_rows(connection, event_subjects, [(workspace_id, s, *chain) for s, chain in moved.items()])
        insert_rows(connection, event_texts, [(workspace_id, a.event.text_ref, a.text) for a in chunk if a.text])
        chains |= moved
    return chains


def _chains(connection: Connection, workspace_id: str, subjects: set[str], known: Chains) -> Chains:
    """Where the histories of these subjects end, for those that the log knows."""
    found = {subject: known[subject] for subject in subjects & known.keys()}
    sql = "SELECT subject, head, events, first_at FROM event_subjects WHERE workspace_id = ? AND subject IN"
    wanted = sorted(subjects - known.keys())
    return found | {s: (head, n, at) for s, head, n, at in select_in(connection, sql, (workspace_id,), wanted)}


def _head(connection: Connection, workspace_id: str) -> Head:
    sql = "SELECT position, read_position, events, newest_at FROM log_heads WHERE workspace_id = ?"
    for position, read_position, count, newest_at in query(connection, sql, (workspace_id,)):
        return Head(position, read_position, count, None if newest_at is None else from_micros(newest_at))
    return Head()


def _move_head(connection: Connection, head: Head, fresh: Sequence[Accepted]) -> None:
    read_position, newest_at = head.read_position, head.newest_at
    for position, accepted in enumerate(fresh, head.position + 1):
        event = accepted.event
        if event.source != OUR_SOURCE:
            newest_at = event.occurred_at if newest_at is None else max(newest_at, event.occurred_at)
            read_position = position
        elif event.kind in GRAPH_KINDS:
            read_position = position
    newest = None if newest_at is None else to_micros(newest_at)
    row = (fresh[0].event.workspace_id, head.position + len(fresh), read_position, head.events + len(fresh), newest)
    upsert_rows(connection, log_heads, [row])


def _events_of(
    connection: Connection, workspace_id: str, members: Sequence[Member], bounds: tuple[int, int, int]
) -> tuple[Event, ...]:
    spans: dict[str, list[Member]] = {}
    for member in members:
        spans.setdefault(member.key, []).append(member)
    subjects, found = sorted(spans), []
    for start in range(0, len(subjects), _MEMBERS):
        chunk = subjects[start : start + _MEMBERS]
        sql = _HISTORY.format(marks=",".join("?" * len(chunk)))
        rows = query(connection, sql, (workspace_id, *chunk, workspace_id, workspace_id, *bounds))
        found += [to_event(row) for row in rows]
    mine = [e for e in found if any(member.covers(e.occurred_at) for member in spans[e.subject])]
    return tuple(sorted(mine, key=lambda event: event.order_key))


def _with_context(connection: Connection, workspace_id: str, found: tuple[Event, ...], until: datetime) -> History:
    texts = _texts(connection, workspace_id, [e.text_ref for e in found if e.text_ref])
    return History(found, texts, items_of(connection, workspace_id, found, until))


def items_of(connection: Connection, workspace_id: str, found: Sequence[Event], until: datetime) -> dict[str, Item]:
    """The catalogue entries that these events name, as they stood at `until`, by id."""
    return catalogue.find(connection, workspace_id, {e.item_id for e in found if e.item_id}, until)


def _texts(connection: Connection, workspace_id: str, refs: Sequence[str]) -> dict[str, str]:
    sql = "SELECT text_ref, text FROM event_texts WHERE workspace_id = ? AND text_ref IN"
    return dict(select_in(connection, sql, (workspace_id,), refs))
