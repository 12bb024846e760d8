"""Quarantine as people see it: personal numbers taken out of the contents."""

from datetime import datetime

from app.events.quarantine import Filter, Quarantine, ReasonCount
from app.events.quarantine_rows import Kept, State
from app.privacy.redaction import redact
from app.schema import Frozen
from app.text.normalise import shorten

SHOWN = 2_000
"""Characters of a record that are shown."""


class QuarantineRecord(Frozen):
    """One record that could not be used."""

    record_id: str
    source: str
    line: int
    """Line or row of the file; place in the batch for the API."""
    code: str
    """Stable code of the reason."""
    reason: str
    content: str
    """The record as it came, without phone, ID and card numbers and mail addresses."""
    message_id: str | None
    sent_hash: str | None
    """Of a conflict: the hash of this content."""
    known_hash: str | None
    """Of a conflict: the hash of the content in the log."""
    received_at: datetime
    state: State
    settled_at: datetime | None
    settled_by: str | None


class QuarantinePage(Frozen):
    """Some records, and how many there are of their kind."""

    total: int
    records: tuple[QuarantineRecord, ...]
    next: str | None
    """What to send as `after` for the next page; null on the last."""


class QuarantineCounts(Frozen):
    """How many records there are by source, reason and state."""

    counts: tuple[ReasonCount, ...]


def page_of(
    quarantine: Quarantine, workspace_id: str, wanted: Filter, *, limit: int, after: str | None = None
) -> QuarantinePage:
    """Records that fit the filter, newest arrivals first."""
    found = quarantine.find(workspace_id, wanted, limit=limit + 1, after=after)
    records = tuple(_shown(kept) for kept in found[:limit])
    return QuarantinePage(
        total=quarantine.count(workspace_id, wanted),
        records=records,
        next=records[-1].record_id if len(found) > limit else None,
    )


def _shown(kept: Kept) -> QuarantineRecord:
    fields = kept._asdict()
    del fields["incoming"]
    return QuarantineRecord(**fields | {"content": redact(shorten(kept.content, SHOWN))})
