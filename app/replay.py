"""Taking records out of quarantine into the log after a fix: exactly once, by the rules that hold now.

A record and what is decided about it change in one transaction. What fails again waits on with its new reason.
Of a conflict the first content stays; the other can be accepted as an event of its own, under its message id and
its payload hash, so that accepting it twice is a duplicate.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from app.access.schemas import Workspace
from app.errors import Conflict, InvalidInput
from app.events.intake import Intake
from app.events.quality import EventVerdict, Rejected
from app.events.quarantine import Filter, Quarantine
from app.events.quarantine_rows import Kept, State
from app.events.reasons import code_of
from app.events.rereading import Reading, Rereader
from app.events.source_settings import SourceStore
from app.events.sources.mapping import Mapping, Parsed
from app.ingest import Ingest
from app.schema import Frozen

BATCH = 500
"""Records that one transaction takes up."""
_SEVERITY = ("duplicate", "accepted", "conflict", "quarantined")


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
            rereader = self._rereader(workspace, source, mapping, now=now)
            for batch in self._batches(workspace, wanted._replace(source=source)):
                records = rereader.read(batch, accept_conflicts=accept_conflicts)
                for verdict in self._take(workspace, source, batch, records, rereader.intake, by=by):
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

    def _rereader(self, workspace: Workspace, source: str, mapping: Mapping | None, *, now: datetime) -> Rereader:
        settings = self._sources.of(workspace.workspace_id, source)
        reading = settings.model_copy(update={"mapping": mapping}) if mapping else settings
        intake = reading.applied(self._ingest.intake(workspace, source, now=now))
        return Rereader(Reading(source, intake, reading.mapping, anew=mapping is not None))

    def _take(
        self, workspace: Workspace, source: str, batch: list[Kept], records: list[Parsed], intake: Intake, *, by: str
    ) -> Iterable[EventVerdict]:
        """One batch through the door that all events come in by; its records are settled in the same transaction."""
        now = intake.received_at

        def settle(connection: Connection, verdicts: Sequence[EventVerdict], rejected: Sequence[Rejected]) -> None:
            again = {record.line: record for record in rejected}
            done = {batch[v.line].record_id for v in verdicts if v.line not in again}
            settled = self._quarantine.settle(connection, workspace.workspace_id, done, State.REPLAYED, by=by, now=now)
            if settled != len(done):
                raise Conflict("somebody else has just decided about some of these records; ask again")
            for line, record in again.items():
                self._quarantine.explain(connection, workspace.workspace_id, batch[line].record_id, record)

        taken = self._ingest.take(workspace, source, records, now=now, intake=intake, settle=settle)
        return _worst(taken.verdicts).values()


def _worst(verdicts: Sequence[EventVerdict]) -> dict[int, EventVerdict]:
    """Line -> what became of that record; the worst of it when it became several events."""
    ordered = sorted(verdicts, key=lambda verdict: _SEVERITY.index(verdict.verdict))
    return {verdict.line: verdict for verdict in ordered}
