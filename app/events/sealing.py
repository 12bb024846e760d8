"""Seal a log that was written before phone and ID numbers were kept as hashes. Done once, when such a log is opened."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from app.database.engine import Database
from app.database.statements import Value, execute, query
from app.database.types import to_micros
from app.events.intake import Normalise, payload_hash
from app.events.rows import COLUMNS, to_event
from app.events.schemas import OUR_KINDS, Event
from app.privacy.properties import sealed_properties

_ROWS = 5_000


class _Chain(msgspec.Struct):
    """The events of one subject so far."""

    head: int
    events: int
    first_at: datetime


def seal_log(connection: Connection, workspace_id: str, normalise: Normalise) -> dict[str, str]:
    """Rewrite identifiers, properties, hashes and chains of a workspace's events, in the caller's write transaction.

    Returns the raw values of what is a hash now, by identifier key, for the vault. A log that is sealed stays as it
    is. Values that are blocked by now stay, hidden or not, where nothing else names the customer.
    """
    raw: dict[str, str] = {}
    chains: dict[str, _Chain] = {}
    for position, event, text in _log(connection, workspace_id):
        named = normalise({name.type: name.value for name in event.identifiers})
        raw.update(named.raw)
        properties = event.properties if event.kind in OUR_KINDS else sealed_properties(event.properties)
        sealed = msgspec.structs.replace(
            event, identifiers=named.identifiers or event.identifiers, properties=properties
        )
        chain = chains.get(sealed.subject)
        _rewrite(connection, position, sealed, text, previous=chain.head if chain else 0)
        if sealed.subject:  # events about the graph are in nobody's chain
            first = min(chain.first_at, event.occurred_at) if chain else event.occurred_at
            chains[sealed.subject] = _Chain(position, chain.events + 1 if chain else 1, first)
    _rewrite_chains(connection, workspace_id, chains)
    return raw


def wipe(database: Database) -> None:
    """Overwrite what SQLite leaves in its file of rows that were replaced; PostgreSQL's own vacuum does so in time."""
    if database.kind == "sqlite":
        with closing(database.engine.raw_connection()) as connection:
            connection.cursor().execute("VACUUM")
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _log(connection: Connection, workspace_id: str) -> Iterator[tuple[int, Event, str | None]]:
    sql = (
        f"SELECT {COLUMNS}, t.text FROM events e LEFT JOIN event_texts t"
        " ON t.workspace_id = e.workspace_id AND t.text_ref = e.text_ref"
        " WHERE e.workspace_id = ? AND e.position > ? ORDER BY e.position LIMIT ?"
    )
    position = 0
    while rows := query(connection, sql, (workspace_id, position, _ROWS)):
        for row in rows:
            position = row[1]
            yield position, to_event(row[:-1]), row[-1]


def _rewrite(connection: Connection, position: int, event: Event, text: str | None, *, previous: int) -> None:
    sql = (
        "UPDATE events SET identifiers = ?, properties = ?, payload_hash = ?, subject = ?, previous = ?"
        " WHERE workspace_id = ? AND position = ?"
    )
    values: tuple[Value, ...] = (
        msgspec.json.encode(event.identifiers).decode(),
        msgspec.json.encode(event.properties).decode(),
        payload_hash(event, text, event.occurred_at),
        event.subject,
        previous,
        event.workspace_id,
        position,
    )
    execute(connection, sql, values)


def _rewrite_chains(connection: Connection, workspace_id: str, chains: dict[str, _Chain]) -> None:
    execute(connection, "DELETE FROM event_subjects WHERE workspace_id = ?", (workspace_id,))
    columns: Any = "workspace_id, subject, head, events, first_at"
    for subject, chain in chains.items():
        values = (workspace_id, subject, chain.head, chain.events, to_micros(chain.first_at))
        execute(connection, f"INSERT INTO event_subjects ({columns}) VALUES (?, ?, ?, ?, ?)", values)
