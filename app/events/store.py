"""The log: append-only events with permanent deduplication, and their free texts.

A message (workspace, source, message_id) is stored once, for ever. The same message with other content is a
conflict; the caller puts it in quarantine. `seq` is the log position that consumers keep their offsets in.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
)

from app.database.engine import Database, metadata
from app.database.types import UtcTime
from app.events import catalogue
from app.events.intake import Accepted
from app.events.schemas import OUR_SOURCE, Event, EventKind, History, Identifier, Money

_CHUNK = 500

events = Table(
    "events",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("workspace_id", String, nullable=False),
    Column("event_id", String, nullable=False, unique=True),
    Column("source", String, nullable=False),
    Column("message_id", String, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("occurred_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("clock_correction_ms", Integer, nullable=False),
    Column("subject", String, nullable=False),
    Column("identifiers", Text, nullable=False),
    Column("item_id", String),
    Column("campaign_id", String),
    Column("arm_id", String),
    Column("decision_id", String),
    Column("session_id", String),
    Column("order_id", String),
    Column("amount_minor", BigInteger),
    Column("currency", String),
    Column("text_ref", String),
    Column("properties", Text, nullable=False),
    Column("payload_hash", String, nullable=False),
    UniqueConstraint("workspace_id", "source", "message_id", name="events_dedupe"),
    Index("events_by_subject", "workspace_id", "subject", "occurred_at"),
    Index("events_by_kind", "workspace_id", "kind", "occurred_at"),
    Index("events_by_time", "workspace_id", "occurred_at"),
    Index("events_by_position", "workspace_id", "seq"),
    sqlite_autoincrement=True,  # a position is never used twice, also when the newest events are erased
)

event_texts = Table(
    "event_texts",
    metadata,
    Column("text_ref", String, primary_key=True),
    Column("workspace_id", String, nullable=False),
    Column("text", Text, nullable=False),
)


class Verdict(StrEnum):
    """What became of one message."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


class OrderTotal(NamedTuple):
    """One order as the log has it: who, when its first line was placed, and the sum of its lines in minor units."""

    subject: str
    order_id: str
    occurred_at: datetime
    amount: int


class EventLog:
    """Append to and read from the log of every workspace."""

    def __init__(self, database: Database) -> None:
        """Read and write through `database`."""
        self._database = database

    def append(self, connection: Connection, batch: Sequence[Accepted]) -> list[Verdict]:
        """Log a batch inside the caller's transaction; one verdict per message, in order."""
        verdicts: list[Verdict] = []
        for start in range(0, len(batch), _CHUNK):
            verdicts += self._append_chunk(connection, batch[start : start + _CHUNK])
        return verdicts

    def _append_chunk(self, connection: Connection, chunk: Sequence[Accepted]) -> list[Verdict]:
        seen = _known_hashes(connection, chunk)
        verdicts, fresh = [], []
        for accepted in chunk:
            key = (accepted.event.source, accepted.event.message_id)
            if (known := seen.get(key)) is None:
                seen[key] = accepted.payload_hash
                fresh.append(accepted)
                verdicts.append(Verdict.ACCEPTED)
            else:
                verdicts.append(Verdict.DUPLICATE if known == accepted.payload_hash else Verdict.CONFLICT)
        if fresh:
            connection.execute(insert(events), [_to_row(a) for a in fresh])
        if texts := [_to_text_row(a) for a in fresh if a.text]:
            connection.execute(insert(event_texts), texts)
        return verdicts

    def history(
        self, workspace_id: str, subjects: Iterable[str], *, until: datetime, position: int | None = None
    ) -> History:
        """All events of these subjects up to and including `until`, in canonical order, with texts and items.

        With `position`, only those that the log held up to there.
        """
        with self._database.read() as connection:
            found = _events_of(connection, workspace_id, sorted(subjects), until, position)
            return _with_context(connection, workspace_id, found, until)

    def context(self, workspace_id: str, found: Sequence[Event], *, until: datetime) -> History:
        """These events together with the texts and items that they name."""
        with self._database.read() as connection:
            return _with_context(connection, workspace_id, tuple(found), until)

    def since(self, workspace_id: str, position: int, *, limit: int) -> list[tuple[int, Event]]:
        """The next `limit` events after a log position, for consumers."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(events)
                .where(events.c.workspace_id == workspace_id, events.c.seq > position)
                .order_by(events.c.seq)
                .limit(limit)
            )
            return [(row.seq, _to_event(row)) for row in rows]

    def order_totals(self, workspace_id: str, *, until: datetime) -> list[OrderTotal]:
        """Every order up to `until`, for the estimators."""
        c = events.c
        order = func.coalesce(c.source + "/" + c.order_id, c.event_id)
        query = (
            select(c.subject, order, func.min(c.occurred_at), func.coalesce(func.sum(c.amount_minor), 0))
            .where(c.workspace_id == workspace_id, c.kind == EventKind.ORDER, c.occurred_at <= until)
            .group_by(c.subject, order)
        )
        with self._database.read() as connection:
            return [OrderTotal(s, o, at, int(amount)) for s, o, at, amount in connection.execute(query)]

    def subjects(self, workspace_id: str, *, until: datetime) -> set[str]:
        """Everyone of whom the log holds an event up to `until`."""
        query = select(events.c.subject).where(events.c.workspace_id == workspace_id, events.c.occurred_at <= until)
        with self._database.read() as connection:
            return set(connection.scalars(query.distinct()))

    def latest(self, workspace_id: str) -> datetime | None:
        """When the newest event that a source sent happened; None for an empty log. Our own decisions do not count."""
        c = events.c
        query = select(c.occurred_at).where(c.workspace_id == workspace_id, c.source != OUR_SOURCE)
        with self._database.read() as connection:
            newest: datetime | None = connection.scalar(query.order_by(c.occurred_at.desc()).limit(1))
        return newest

    def count(self, workspace_id: str) -> int:
        """Number of logged events."""
        with self._database.read() as connection:
            return connection.scalar(select(func.count()).where(events.c.workspace_id == workspace_id)) or 0

    def position(self, workspace_id: str, *, ours: bool = True) -> int:
        """The newest log position; 0 for an empty log. Without `ours`, that of the newest event from a source."""
        query = select(events.c.seq).where(events.c.workspace_id == workspace_id)
        if not ours:
            query = query.where(events.c.source != OUR_SOURCE)
        with self._database.read() as connection:
            return connection.scalar(query.order_by(events.c.seq.desc()).limit(1)) or 0


def _known_hashes(connection: Connection, chunk: Sequence[Accepted]) -> dict[tuple[str, str], str]:
    workspace_id = chunk[0].event.workspace_id
    rows = connection.execute(
        select(events.c.source, events.c.message_id, events.c.payload_hash).where(
            events.c.workspace_id == workspace_id,
            events.c.source.in_({a.event.source for a in chunk}),
            events.c.message_id.in_([a.event.message_id for a in chunk]),
        )
    )
    return {(source, message_id): known for source, message_id, known in rows}


def _events_of(
    connection: Connection, workspace_id: str, subjects: Sequence[str], until: datetime, position: int | None
) -> tuple[Event, ...]:
    query = select(events).where(events.c.workspace_id == workspace_id, events.c.occurred_at <= until)
    if position is not None:
        query = query.where(events.c.seq <= position)
    found: list[Event] = []
    for start in range(0, len(subjects), _CHUNK):
        rows = connection.execute(query.where(events.c.subject.in_(subjects[start : start + _CHUNK])))
        found += [_to_event(row) for row in rows]
    return tuple(sorted(found, key=lambda event: event.order_key))


def _with_context(connection: Connection, workspace_id: str, found: tuple[Event, ...], until: datetime) -> History:
    texts = _texts(connection, [e.text_ref for e in found if e.text_ref])
    return History(
        found, texts, catalogue.find(connection, workspace_id, {e.item_id for e in found if e.item_id}, until)
    )


def _texts(connection: Connection, refs: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(refs), _CHUNK):
        rows = connection.execute(
            select(event_texts.c.text_ref, event_texts.c.text).where(
                event_texts.c.text_ref.in_(refs[start : start + _CHUNK])
            )
        )
        found |= {row.text_ref: row.text for row in rows}
    return found


def _to_row(accepted: Accepted) -> dict[str, object]:
    event = accepted.event
    return {
        "workspace_id": event.workspace_id,
        "event_id": event.event_id,
        "source": event.source,
        "message_id": event.message_id,
        "schema_version": event.schema_version,
        "kind": event.kind,
        "occurred_at": event.occurred_at,
        "received_at": event.received_at,
        "sent_at": event.sent_at,
        "clock_correction_ms": event.clock_correction_ms,
        "subject": event.identifiers[0].key,
        "identifiers": msgspec.json.encode(event.identifiers).decode(),
        "item_id": event.item_id,
        "campaign_id": event.campaign_id,
        "arm_id": event.arm_id,
        "decision_id": event.decision_id,
        "session_id": event.session_id,
        "order_id": event.order_id,
        "amount_minor": event.money.amount_minor if event.money else None,
        "currency": event.money.currency if event.money else None,
        "text_ref": event.text_ref,
        "properties": msgspec.json.encode(event.properties).decode(),
        "payload_hash": accepted.payload_hash,
    }


def _to_text_row(accepted: Accepted) -> dict[str, object]:
    event = accepted.event
    return {"text_ref": event.text_ref, "workspace_id": event.workspace_id, "text": accepted.text}


_identifiers = msgspec.json.Decoder(tuple[Identifier, ...])
_properties = msgspec.json.Decoder(dict[str, Any])


def _to_event(row: Sequence[Any]) -> Event:
    # By position: every read of a customer or of the log passes here, and names cost twice as much.
    (_, workspace_id, event_id, source, message_id, schema_version, kind, occurred_at, received_at, sent_at,
     clock_correction_ms, _, identifiers, item_id, campaign_id, arm_id, decision_id, session_id, order_id,
     amount_minor, currency, text_ref, properties, _) = row  # fmt: skip
    return Event(
        event_id=event_id,
        workspace_id=workspace_id,
        source=source,
        message_id=message_id,
        schema_version=schema_version,
        kind=kind,
        occurred_at=occurred_at,
        received_at=received_at,
        sent_at=sent_at,
        clock_correction_ms=clock_correction_ms,
        identifiers=_identifiers.decode(identifiers),
        item_id=item_id,
        campaign_id=campaign_id,
        arm_id=arm_id,
        decision_id=decision_id,
        session_id=session_id,
        order_id=order_id,
        money=None if amount_minor is None else Money(amount_minor, currency),
        text_ref=text_ref,
        properties=_properties.decode(properties),
    )
