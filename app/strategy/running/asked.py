"""What campaigns ask the log."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from app.database.statements import query, select_in
from app.database.types import from_micros, to_micros
from app.events.rows import COLUMNS, to_event
from app.events.schemas import OUR_SOURCE, Event, EventKind


class Reported(NamedTuple):
    """An outcome that a sending tool reports; purchases are in the log as orders anyway."""

    event_id: str
    subject: str
    decision_id: str | None
    order_id: str | None
    occurred_at: datetime
    amount: int


def written(connection: Connection, workspace_id: str, message_ids: Sequence[str]) -> Iterator[Event]:
    """Events of ours by message id."""
    sql = f"SELECT {COLUMNS} FROM events e WHERE e.workspace_id = ? AND e.source = ? AND e.message_id IN"
    for row in select_in(connection, sql, (workspace_id, OUR_SOURCE), message_ids):
        yield to_event(row)


def sent_since(connection: Connection, workspace_id: str, since: datetime) -> list[Event]:
    """Messages of campaigns, whoever sent them."""
    sql = f"SELECT {COLUMNS} FROM events e WHERE e.workspace_id = ? AND e.kind = ? AND e.occurred_at > ?"
    rows = query(connection, sql, (workspace_id, EventKind.CAMPAIGN_SENT.value, to_micros(since)))
    return [to_event(row) for row in rows]


def spoke_after(connection: Connection, workspace_id: str, position: int, kinds: Collection[EventKind]) -> set[str]:
    """Subjects of whom the log has something of these kinds behind a position."""
    marks = ", ".join("?" * len(kinds))
    sql = f"SELECT DISTINCT subject FROM events WHERE workspace_id = ? AND position > ? AND kind IN ({marks})"
    values = (workspace_id, position, *(kind.value for kind in kinds))
    return {subject for (subject,) in query(connection, sql, values)}


def reported(connection: Connection, workspace_id: str, until: datetime) -> list[Reported]:
    """Outcomes that sources reported up to `until`, in the order in which they happened."""
    sql = (
        "SELECT event_id, subject, decision_id, order_id, occurred_at, amount_minor FROM events"
        " WHERE workspace_id = ? AND kind = ? AND occurred_at <= ?"
        " ORDER BY occurred_at, received_at, event_id"
    )
    values = (workspace_id, EventKind.OUTCOME.value, to_micros(until))
    return [
        Reported(event_id, subject, decision_id, order_id, from_micros(at), int(amount or 0))
        for event_id, subject, decision_id, order_id, at, amount in query(connection, sql, values)
    ]


def begins_at(connection: Connection, workspace_id: str) -> datetime | None:
    """When the first thing in the log happened."""
    rows = query(connection, "SELECT MIN(first_at) FROM event_subjects WHERE workspace_id = ?", (workspace_id,))
    return None if rows[0][0] is None else from_micros(rows[0][0])
