"""What the log cannot tell afterwards, counted while a source's records come in: per source, day and name.

Duplicates, unusable records and identifiers that were left out never reach the log, so they are counted in the
transaction that logs the rest: the counters are exact and survive whatever the log survives. Everything else in a
cleaning report is asked of the log itself (see cleaning_report.py).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import BigInteger, Column, Connection, String, Table, text

from app.database.engine import metadata
from app.events.intake import Accepted
from app.events.quality import IngestReport, Rejected
from app.events.reasons import code_of
from app.events.sources.mapping import Parsed

source_counts = Table(
    "source_counts",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("n", BigInteger, nullable=False),
)

_ADD = text(
    "INSERT INTO source_counts (workspace_id, source, day, name, n) VALUES (:workspace_id, :source, :day, :name, :n) "
    "ON CONFLICT (workspace_id, source, day, name) DO UPDATE SET n = source_counts.n + excluded.n"
)


def count(connection: Connection, workspace_id: str, source: str, day: date, counts: Mapping[str, int]) -> None:
    """Add to a source's counters inside the caller's transaction; `day` is the local day of arrival."""
    key = {"workspace_id": workspace_id, "source": source, "day": day.isoformat()}
    if rows := [{**key, "name": name, "n": n} for name, n in sorted(counts.items()) if n]:
        connection.execute(_ADD, rows)


def tally(report: IngestReport, fresh: Iterable[tuple[Parsed, Accepted]], rejected: Iterable[Rejected]) -> Counter[str]:
    """What one batch adds: its report, why records were rejected (conflicts included), what events lacked."""
    counts = Counter(
        accepted=report.accepted,
        duplicates=report.duplicates,
        conflicts=report.conflicts,
        quarantined=report.quarantined,
    )
    counts.update(f"reason.{code_of(record.reason)}" for record in rejected)
    for record, accepted in fresh:
        incoming, event = record.incoming, accepted.event
        if incoming is None:
            continue
        if len(incoming.identifiers) > len(event.identifiers):
            kept = {identifier.type for identifier in event.identifiers}
            counts.update(f"blocked.{kind}" for kind in {k.strip().lower() for k in incoming.identifiers} - kept)
        if incoming.amount_minor is not None and incoming.currency is None:
            counts["assumed.currency"] += 1
    return counts
