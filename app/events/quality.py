"""Quarantine: what could not be used, with its reason, line and content, and the summary of an import.

Nothing that a source sent is dropped silently: it is logged, or it is here.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Column, Connection, Integer, String, Table, Text, func, insert, select

from app.database.engine import Database, metadata
from app.database.types import UtcTime
from app.schema import Frozen

quarantine = Table(
    "quarantine",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("content_hash", String, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("received_at", UtcTime, nullable=False),
)


class Rejected(NamedTuple):
    """One record that cannot be used."""

    line: int
    """Line or row number in the file, 1-based as an editor shows it; position in the batch for the API."""
    reason: str
    """What is wrong, then a colon, then the particulars; the summary counts by the part before the colon."""
    content: str
    """The record as it came, as JSON or raw text."""


class IngestReport(Frozen):
    """What became of an import. The counts add up to `records`."""

    source: str
    records: int
    accepted: int
    duplicates: int
    conflicts: int
    quarantined: int
    reasons: dict[str, int]
    """Quarantine reasons (conflicts included) with their counts, commonest first."""
    first_lines: dict[str, int]
    """The first line on which each reason occurred."""
    items: int = 0
    """Catalogue entries loaded beside it."""


class Quarantine:
    """Keep and list unusable records."""

    def __init__(self, database: Database) -> None:
        """Read and write through `database`."""
        self._database = database

    def put(
        self, connection: Connection, workspace_id: str, source: str, rejected: Sequence[Rejected], *, now: datetime
    ) -> None:
        """Keep records inside the caller's transaction; the same record twice is kept once."""
        if not rejected:
            return
        rows = {
            (r.line, _digest(r)): {
                "workspace_id": workspace_id,
                "source": source,
                "line": r.line,
                "content_hash": _digest(r),
                "reason": r.reason,
                "content": r.content,
                "received_at": now,
            }
            for r in rejected
        }
        q = quarantine.c
        known = connection.execute(
            select(q.line, q.content_hash).where(q.workspace_id == workspace_id, q.source == source)
        )
        for line, content_hash in known:
            rows.pop((line, content_hash), None)
        if rows:
            connection.execute(insert(quarantine), list(rows.values()))

    def of(self, workspace_id: str, *, limit: int = 100) -> list[tuple[str, Rejected]]:
        """(source, record) pairs, newest arrivals first."""
        q = quarantine.c
        with self._database.read() as connection:
            rows = connection.execute(
                select(q.source, q.line, q.reason, q.content)
                .where(q.workspace_id == workspace_id)
                .order_by(q.received_at.desc(), q.line)
                .limit(limit)
            )
            return [(r.source, Rejected(r.line, r.reason, r.content)) for r in rows]

    def count(self, workspace_id: str) -> int:
        """How many records wait in quarantine."""
        with self._database.read() as connection:
            return connection.scalar(select(func.count()).where(quarantine.c.workspace_id == workspace_id)) or 0


def summarise(source: str, *, accepted: int, duplicates: int, conflicts: int, bad: Sequence[Rejected]) -> IngestReport:
    """Count an import; `bad` holds unusable records and conflicts alike."""
    first: dict[str, int] = {}
    kinds = [r.reason.split(": ")[0] for r in bad]
    for kind, record in zip(kinds, bad, strict=True):
        first.setdefault(kind, record.line)
    quarantined = len(bad) - conflicts
    return IngestReport(
        source=source,
        records=accepted + duplicates + conflicts + quarantined,
        accepted=accepted,
        duplicates=duplicates,
        conflicts=conflicts,
        quarantined=quarantined,
        reasons=dict(Counter(kinds).most_common()),
        first_lines=first,
    )


def _digest(record: Rejected) -> str:
    return hashlib.blake2b(f"{record.reason}\x1f{record.content}".encode(errors="replace"), digest_size=12).hexdigest()
