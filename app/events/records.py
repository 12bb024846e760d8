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
            fault = record.fault or "unreadable"
            bad.append(Rejected(record.line, fault, record.content, message_id=record.message_id))
            continue
        try:
            good.append((record, accept(record.incoming, intake)))
        except InvalidInput as error:
            known = (record.incoming, record.incoming.message_id)
            bad.append(Rejected(record.line, str(error), record.content, *known))
    return good, bad


def conflict(record: Parsed, accepted: Accepted, *, known_hash: str) -> Rejected:
    """A record whose message id is known with another content: kept with the hashes of both."""
    which = f"{accepted.event.message_id} (sent {accepted.payload_hash}, the log holds {known_hash})"
    reason = f"same message id with another content: {which}"
    hashes = (accepted.payload_hash, known_hash)
    return Rejected(record.line, reason, record.content, record.incoming, accepted.event.message_id, hashes)
