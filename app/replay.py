"""Taking records out of quarantine into the log after a fix: exactly once, by the rules that hold now.

A record and what is decided about it change in one transaction. What fails again waits on with its new reason.
Of a conflict the first content stays; the other can be accepted as an event of its own, under its message id and
its payload hash, so that accepting it twice is a duplicate.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from app.access.schemas import Workspace
from app.errors import Conflict, InvalidInput
from app.events.intake import MAX_NAME, Intake
from app.events.quality import EventVerdict, Rejected
from app.events.quarantine import Filter, Quarantine
from app.events.quarantine_rows import Kept, State
from app.events.reasons import CONFLICT, code_of
from app.events.source_settings import SourceSettings, SourceStore
from app.events.sources.mapping import Mapping, Parsed, message_id_of, read_row
from app.ingest import Ingest
from app.schema import Frozen

BATCH = 500
"""Records that one transaction takes up."""
_HASH = 12


class Replayed(Frozen):
    """What became of a replay. The counts add up to `records`."""

    records: int
    """Waiting records that were taken up."""
    accepted: int
    """Now in the log."""
    duplicates: int
    """In the log already, under the same message id and with the same content."""
    failed: int
    """Still waiting, each with its new reason."""
    reasons: dict[str, int]
    """Reason codes of those that failed, commonest first."""


class Replay:
    """Takes waiting records up again."""

    def __init__(self, ingest: Ingest, quarantine: Quarantine, sources: SourceStore) -> None:
        """All parts share one database."""
        self._ingest, self._quarantine, self._sources = ingest, quarantine, sources

    def run(
        self,
        workspace: Workspace,
        wanted: Filter,
        *,
        by: str,
        now: datetime,
        mapping: Mapping | None = None,
        accept_conflicts: bool = False,
    ) -> Replayed:
        """Try the wanted records again with the present rules and settings, or with another mapping.

        Batches of one source are committed one by one: what was taken up stays taken up if a later batch fails.
        """
        if mapping and wanted.source and mapping.source != wanted.source:
            raise InvalidInput(f"this mapping is for the source {mapping.source!r}, not {wanted.source!r}")
        wanted = wanted._replace(source=mapping.source) if mapping else wanted
        verdicts: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        for source in self._sources_of(workspace, wanted):
            settings = self._sources.of(workspace.workspace_id, source)
            reading = settings.model_copy(update={"mapping": mapping}) if mapping else settings
            for batch in self._batches(workspace, wanted._replace(source=source)):
                records = _read(batch, reading, anew=mapping is not None, accept_conflicts=accept_conflicts)
                intake = self._intake(workspace, source, reading, now=now)
                for verdict in self._take(workspace, source, batch, records, intake, by=by):
                    verdicts[verdict.verdict] += 1
                    if verdict.reason:
                        reasons[code_of(verdict.reason)] += 1
        failed = verdicts["conflict"] + verdicts["quarantined"]
        return Replayed(
            records=verdicts.total(),
            accepted=verdicts["accepted"],
            duplicates=verdicts["duplicate"],
            failed=failed,
            reasons=dict(reasons.most_common()),
        )

    def _sources_of(self, workspace: Workspace, wanted: Filter) -> list[str]:
        if wanted.source:
            return [wanted.source]
        counts = self._quarantine.counts(workspace.workspace_id)
        return sorted({line.source for line in counts if line.state is State.WAITING})

    def _batches(self, workspace: Workspace, wanted: Filter) -> Iterator[list[Kept]]:
        """Waiting records in order of their lines; those that fail are not met again."""
        after = (-1, "")
        while batch := self._quarantine.waiting(workspace.workspace_id, wanted, limit=BATCH, after=after):
            yield batch
            after = (batch[-1].line, batch[-1].record_id)

    def _intake(self, workspace: Workspace, source: str, reading: SourceSettings, *, now: datetime) -> Intake:
        return reading.applied(self._ingest.intake(workspace, source, now=now))

    def _take(
        self, workspace: Workspace, source: str, batch: list[Kept], records: list[Parsed], intake: Intake, *, by: str
    ) -> tuple[EventVerdict, ...]:
        """One batch through the door that all events come in by; its records are settled in the same transaction."""
        now = intake.received_at

        def settle(connection: Connection, verdicts: Sequence[EventVerdict], rejected: Sequence[Rejected]) -> None:
            again = {record.line: record for record in rejected}
            done = [batch[v.line].record_id for v in verdicts if v.line not in again]
            settled = self._quarantine.settle(connection, workspace.workspace_id, done, State.REPLAYED, by=by, now=now)
            if settled != len(done):
                raise Conflict("somebody else has just decided about some of these records; ask again")
            for line, record in again.items():
                self._quarantine.explain(connection, workspace.workspace_id, batch[line].record_id, record)

        return self._ingest.take(workspace, source, records, now=now, intake=intake, settle=settle).verdicts


def _read(batch: Sequence[Kept], reading: SourceSettings, *, anew: bool, accept_conflicts: bool) -> list[Parsed]:
    """The records as events where they can be read. Their place in the batch is their line here."""
    seen: Counter[str] = Counter()
    records = [_record(kept, place, reading, seen, anew=anew) for place, kept in enumerate(batch)]
    if not accept_conflicts:
        return records
    return [_of_its_own(r, k) if k.code == CONFLICT else r for r, k in zip(records, batch, strict=True)]


def _record(kept: Kept, place: int, reading: SourceSettings, seen: Counter[str], *, anew: bool) -> Parsed:
    row = _row(kept)
    if kept.incoming and not anew:
        return Parsed(place, kept.incoming, None, row)
    if reading.mapping is None or kept.code == "broken_row":
        return Parsed(place, None, kept.reason, row, kept.message_id)
    message_id = kept.message_id
    try:
        if message_id is None or reading.mapping.message_id:
            message_id = message_id_of(row, reading.mapping, seen)
    except InvalidInput as error:
        return Parsed(place, None, str(error), row, message_id)
    return read_row(row, reading.mapping, line=place, message_id=message_id)


def _row(kept: Kept) -> dict[str, Any]:
    try:
        row = msgspec.json.decode(kept.content)
    except msgspec.DecodeError:
        return {"raw": kept.content}
    return row if isinstance(row, dict) else {"raw": kept.content}


def _of_its_own(record: Parsed, kept: Kept) -> Parsed:
    """The same record under a message id that its content gives."""
    if record.incoming is None or not kept.sent_hash:
        return record
    suffix = f"~{kept.sent_hash[:_HASH]}"
    message_id = record.incoming.message_id[: MAX_NAME - len(suffix)] + suffix
    return record._replace(incoming=msgspec.structs.replace(record.incoming, message_id=message_id))
