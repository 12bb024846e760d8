"""The body of `POST /v1/events` and what becomes of it. Pure: JSON in, records for the pipeline out."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from app.api.strict_json import Json
from app.errors import InvalidInput
from app.events.quality import EventVerdict
from app.events.schemas import OUR_SOURCE
from app.events.sources.mapping import Parsed
from app.events.sources.posted import EventIn, read_event
from app.ingest import Taken
from app.schema import Frozen

MAX_EVENTS = 500
MAX_SOURCE = 80


class Batch(msgspec.Struct, frozen=True):
    """What is posted: where the events come from, and the events, at most 500."""

    source: str
    events: list[EventIn]


class RefusedEvent(Frozen):
    """An event that went to quarantine, by its place in the batch (0 is the first)."""

    index: int
    reason: str


class Verdict(Frozen):
    """What became of one event."""

    index: int
    """Its place in the batch; 0 is the first."""
    message_id: str | None
    verdict: Literal["accepted", "duplicate", "conflict", "quarantined"]
    reason: str | None
    """Why it lies in quarantine; null for accepted events and duplicates."""
    event_id: str | None
    """The event in the log: this one, or the one sent before under its message id."""


class Receipt(Frozen):
    """What became of a batch; when it arrives, all of it is on disk. The counts add up to `records`."""

    source: str
    records: int
    accepted: int
    duplicates: int
    """Sent before with the same content: nothing was stored again."""
    conflicts: int
    """Sent before with other content: the first stays, the second is in quarantine."""
    quarantined: int
    """Unusable: kept in quarantine with the reason."""
    reasons: dict[str, int]
    """Reasons (conflicts included) with their counts."""
    refused: tuple[RefusedEvent, ...]
    """Each unusable event with its reason."""
    verdicts: tuple[Verdict, ...] | None = None
    """What became of each event, in order; on request (`?verdicts=1`)."""


class Incoming(NamedTuple):
    """A batch whose envelope is in order."""

    source: str
    records: tuple[Parsed, ...]


def read_batch(body: Json) -> Incoming:
    """Check the envelope and read each event. InvalidInput when the body is no batch at all."""
    if not isinstance(body, dict) or body.keys() != {"source", "events"}:
        raise InvalidInput("the body must be an object with exactly `source` and `events`")
    source, events = checked_source(body["source"]), body["events"]
    if not isinstance(events, list) or not 0 < len(events) <= MAX_EVENTS:
        raise InvalidInput(f"`events` must be a list of 1 to {MAX_EVENTS} events")
    return Incoming(source=source, records=tuple(_parsed(events)))


def receipt(taken: Taken, batch: Incoming, *, verdicts: bool) -> Receipt:
    """What the pipeline reports, as an answer."""
    bad = [verdict for verdict in taken.verdicts if verdict.verdict == "quarantined"]
    said = taken.verdicts if verdicts else ()
    return Receipt(
        **taken.report.model_dump(exclude={"first_lines", "items"}),
        refused=tuple(RefusedEvent(index=v.line, reason=v.reason or "") for v in bad),
        verdicts=tuple(_said(v, batch.records[v.line].message_id) for v in said) if verdicts else None,
    )


def _said(verdict: EventVerdict, message_id: str | None) -> Verdict:
    """One verdict as it is shown."""
    return Verdict(
        index=verdict.line,
        message_id=message_id,
        verdict=verdict.verdict,
        reason=verdict.reason,
        event_id=verdict.event_id,
    )


def checked_source(source: Json) -> str:
    """The name of a source, without blanks around it. InvalidInput when it can be none."""
    if not isinstance(source, str) or not 0 < len(source.strip()) <= MAX_SOURCE or not source.isprintable():
        raise InvalidInput(f"`source` must be a name of 1 to {MAX_SOURCE} printable characters")
    if source.strip().casefold() == OUR_SOURCE:
        raise InvalidInput(f"`source` {OUR_SOURCE!r} is kept for events that Understory writes itself")
    return source.strip()


def _parsed(events: Sequence[Json]) -> Iterator[Parsed]:
    for index, event in enumerate(events):
        if not isinstance(event, dict):
            raise InvalidInput(f"event {index} is not an object")
        yield read_event(event, index)
