"""Records of the quarantine read again, each by what its source is read with: a mapping, or a parser of its own."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from app.errors import InvalidInput
from app.events.intake import MAX_NAME, Intake
from app.events.quarantine_rows import Kept
from app.events.reasons import CONFLICT
from app.events.sources.mapping import Mapping, Parsed, message_id_of, read_row
from app.events.sources.posted import read_event
from app.events.sources.segment import SOURCE as SEGMENT
from app.events.sources.segment import Arrival, SegmentReader, without_format

_HASH = 12


class Reading(NamedTuple):
    """How the records of one source are read."""

    source: str
    intake: Intake
    mapping: Mapping | None
    anew: bool
    """Whether the mapping counts for events that could be read without it, too."""


class Rereader:
    """Reads the records of one source in order. What had no id of its own is counted over the whole of a replay."""

    def __init__(self, how: Reading) -> None:
        """`how` holds for all of them."""
        self._how = how
        self._seen: Counter[str] = Counter()
        self._requests: dict[datetime, SegmentReader] = {}

    @property
    def intake(self) -> Intake:
        """How the events are taken in."""
        return without_format(self._how.intake) if self._how.source == SEGMENT else self._how.intake

    def read(self, batch: Sequence[Kept], *, accept_conflicts: bool) -> list[Parsed]:
        """The records as events where they can be read; a record's place in the batch is its line here."""
        return [
            _of_its_own(event, kept) if accept_conflicts and kept.code == CONFLICT else event
            for place, kept in enumerate(batch)
            for event in (_arrived(parsed, kept.received_at) for parsed in self._events(kept, place))
        ]

    def _events(self, kept: Kept, place: int) -> Sequence[Parsed]:
        row = _row(kept)
        if kept.incoming and not self._how.anew:
            return [Parsed(place, kept.incoming, None, row)]
        if kept.code == "broken_row" or row.keys() == {"raw"}:
            return [Parsed(place, None, kept.reason, row, kept.message_id)]
        if (mapping := self._mapping_of(row)) is not None:
            return [self._by_mapping(mapping, kept, row, place)]
        if self._how.source == SEGMENT and "identifiers" not in row:
            return self._request(kept).read(place, row).records
        return [read_event(row, place)]

    def _mapping_of(self, row: dict[str, Any]) -> Mapping | None:
        """The mapping of a row of a table; None for what came over the API."""
        over_api = "type" in row if self._how.source == SEGMENT else "identifiers" in row
        return None if over_api and not self._how.anew else self._how.mapping

    def _by_mapping(self, mapping: Mapping, kept: Kept, row: dict[str, Any], place: int) -> Parsed:
        message_id = kept.message_id
        try:
            if message_id is None or mapping.message_id:
                message_id = message_id_of(row, mapping, self._seen)
        except InvalidInput as error:
            return Parsed(place, None, str(error), row, message_id)
        return read_row(row, mapping, line=place, message_id=message_id)

    def _request(self, kept: Kept) -> SegmentReader:
        """The reader of all that arrived at the same moment: by that, what says no time keeps its time."""
        if kept.received_at not in self._requests:
            arrival = Arrival.at(self._how.intake._replace(received_at=kept.received_at))
            self._requests[kept.received_at] = SegmentReader(arrival)
        return self._requests[kept.received_at]


def _row(kept: Kept) -> dict[str, Any]:
    try:
        row = msgspec.json.decode(kept.content)
    except msgspec.DecodeError:
        return {"raw": kept.content}
    return row if isinstance(row, dict) else {"raw": kept.content}


def _arrived(record: Parsed, first: datetime) -> Parsed:
    """The record, keeping the time of its first arrival when it says none."""
    if record.incoming is None or record.incoming.occurred_at is not None:
        return record
    return record._replace(incoming=msgspec.structs.replace(record.incoming, arrived_at=first))


def _of_its_own(record: Parsed, kept: Kept) -> Parsed:
    """The same record under a message id that its content gives."""
    if record.incoming is None or not kept.sent_hash:
        return record
    suffix = f"~{kept.sent_hash[:_HASH]}"
    message_id = record.incoming.message_id[: MAX_NAME - len(suffix)] + suffix
    return record._replace(incoming=msgspec.structs.replace(record.incoming, message_id=message_id, part_of=None))
