"""One record of the quarantine: its table, and how it is sealed and opened."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Column, Index, Integer, LargeBinary, Row, String, Table, Text, text

from app.database.engine import metadata
from app.database.types import UtcTime, to_micros
from app.events.quality import Rejected
from app.events.reasons import CONFLICT, code_of
from app.events.schemas import IncomingEvent
from app.privacy.redaction import redact
from app.privacy.sealing import Sealer

quarantine = Table(
    "quarantine",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("record_id", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("line", Integer, nullable=False),
    Column("code", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("plain", Text),
    Column("message_id", String),
    Column("sent_hash", String),
    Column("known_hash", String),
    Column("received_at", UtcTime, nullable=False),
    Column("state", String, nullable=False),
    Column("settled_at", UtcTime),
    Column("settled_by", String),
    Index("quarantine_by_arrival", "workspace_id", "received_at", "record_id"),
    Index("quarantine_by_source", "workspace_id", "source", "code", "state"),
)

KEEP = text(
    "INSERT INTO quarantine (workspace_id, record_id, source, line, code, reason, sealed, message_id, sent_hash, "
    "known_hash, received_at, state) VALUES (:workspace_id, :record_id, :source, :line, :code, :reason, :sealed, "
    ":message_id, :sent_hash, :known_hash, :received_at, 'waiting') ON CONFLICT DO NOTHING"
)


class State(StrEnum):
    """Where a record in quarantine stands."""

    WAITING = "waiting"
    REPLAYED = "replayed"
    DISCARDED = "discarded"


class Kept(NamedTuple):
    """One record in quarantine, opened."""

    record_id: str
    source: str
    line: int
    code: str
    reason: str
    content: str
    incoming: IncomingEvent | None
    message_id: str | None
    sent_hash: str | None
    known_hash: str | None
    received_at: datetime
    state: State
    settled_at: datetime | None
    settled_by: str | None


def to_row(sealer: Sealer, source: str, record: Rejected, now: datetime) -> dict[str, object]:
    """A record as it is kept: content sealed, personal numbers out of the reason."""
    sent, known = record.hashes or (None, None)
    return {
        "workspace_id": sealer.workspace_id,
        "record_id": _record_id(sealer, source, record),
        "source": source,
        "line": record.line,
        "code": CONFLICT if record.hashes else code_of(record.reason),
        "reason": _storable(redact(record.reason)),
        "sealed": sealer.seal(packed(record)),
        "message_id": _storable(record.message_id) if record.message_id else None,
        "sent_hash": sent,
        "known_hash": known,
        "received_at": to_micros(now),
    }


def _record_id(sealer: Sealer, source: str, record: Rejected) -> str:
    """The same for the same record, whenever and in whatever batch it is sent; equal rows of a file stay apart."""
    which = record.message_id or f"\x1f{record.line}"
    return "q_" + sealer.hide("record", f"{source}\x1f{which}\x1f{record.content}")[:24]


def _storable(words: str) -> str:
    """Without what a database refuses: NUL and lone surrogates."""
    return words.replace("\x00", "\\0").encode(errors="backslashreplace").decode()


def packed(record: Rejected) -> str:
    """What is sealed of a record: its content and, if it could be read, the event."""
    content = _storable(record.content)
    try:
        return msgspec.json.encode({"content": content, "incoming": record.incoming}).decode()
    except (UnicodeEncodeError, OverflowError, RecursionError):  # then it is read anew from the content, or not at all
        return msgspec.json.encode({"content": content, "incoming": None}).decode()


def to_kept(sealer: Sealer, row: Row[Any]) -> Kept:
    """A record opened."""
    packed = msgspec.json.decode(sealer.open(bytes(row.sealed)))
    return Kept(
        record_id=row.record_id,
        source=row.source,
        line=row.line,
        code=row.code,
        reason=row.reason,
        content=packed["content"],
        incoming=IncomingEvent(**packed["incoming"]) if packed["incoming"] else None,
        message_id=row.message_id,
        sent_hash=row.sent_hash,
        known_hash=row.known_hash,
        received_at=row.received_at,
        state=State(row.state),
        settled_at=row.settled_at,
        settled_by=row.settled_by,
    )
