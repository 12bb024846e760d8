"""What became of records that came in: the report of an import, and what could not be used.

Nothing that a source sent is dropped silently: it is logged, or it is in quarantine (see quarantine.py).
"""

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

from app.events.schemas import IncomingEvent
from app.schema import Frozen


class Rejected(NamedTuple):
    """One record that cannot be used."""

    line: int
    """Line or row number in the file, 1-based as an editor shows it; position in the batch for the API."""
    reason: str
    """What is wrong, then a colon, then the particulars; the summary counts by the part before the colon."""
    content: str
    """The record as it came, as JSON or raw text."""
    incoming: IncomingEvent | None = None
    """The event as it was read, when reading went well: a replay takes it up from there."""
    message_id: str | None = None
    """The message id, as far as it was known."""
    hashes: tuple[str, str] | None = None
    """Of a conflict: the hash of what was sent, and of what the log holds."""


class EventVerdict(NamedTuple):
    """What became of one record, for a sender that asks."""

    line: int
    """As in the record: line, row or place in the batch."""
    verdict: Literal["accepted", "duplicate", "conflict", "quarantined"]
    reason: str | None
    """Why it is in quarantine; None for accepted events and duplicates."""
    event_id: str | None
    """The event in the log: this one, or the one sent before under its message id; None when there is none."""


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
