"""A source's records sorted into events to log and rejects for the quarantine."""

from collections.abc import Iterable

from app.errors import InvalidInput
from app.events.intake import Accepted, Intake, accept
from app.events.quality import Rejected
from app.events.sources.mapping import Parsed


def read_records(records: Iterable[Parsed], intake: Intake) -> tuple[list[tuple[Parsed, Accepted]], list[Rejected]]:
    """Sort records into usable events and rejects with their reasons."""
    good: list[tuple[Parsed, Accepted]] = []
    bad: list[Rejected] = []
    for record in records:
        if record.incoming is None:
            bad.append(Rejected(record.line, record.fault or "unreadable", record.content))
            continue
        try:
            good.append((record, accept(record.incoming, intake)))
        except InvalidInput as error:
            bad.append(Rejected(record.line, str(error), record.content))
    return good, bad


def conflict(record: Parsed, accepted: Accepted) -> Rejected:
    """A record whose message id is known with another content."""
    name = f"{accepted.event.message_id} (payload {accepted.payload_hash})"
    return Rejected(record.line, f"same message id with another content: {name}", record.content)
