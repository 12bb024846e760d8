"""Taking events in: durable before acknowledged, in one transaction with everything that must not lag behind.

What `take` returned is committed: the events with their dedupe keys, who they belong to, the quarantine and the
counters. A log position is the outbox: consumers read on from the last one that they have done.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import Connection

from app.access.schemas import Workspace
from app.database.engine import Database
from app.errors import InvalidInput
from app.events import catalogue, cleaning
from app.events.intake import Accepted, Intake
from app.events.quality import EventVerdict, IngestReport, Rejected, summarise
from app.events.quarantine import Quarantine
from app.events.records import conflict, read_records
from app.events.schemas import OUR_SOURCE, Item
from app.events.source_settings import SourceStore
from app.events.sources.mapping import Parsed
from app.events.store import Appended, EventLog, Logged, Verdict
from app.events.tail import Tail
from app.identity.store import IdentityStore
from app.profile.store import ProfileStore


class Taken(NamedTuple):
    """What became of a batch: counted, and record by record."""

    report: IngestReport
    verdicts: tuple[EventVerdict, ...]
    """In the order of the records' lines."""


Settle = Callable[[Connection, Sequence[EventVerdict], Sequence[Rejected]], None]
"""What is done with verdicts and rejects, in the order of their lines, of records that lie in quarantine already."""


class _Batch(NamedTuple):
    """Records that were read, on their way into the log."""

    workspace: Workspace
    source: str
    good: list[tuple[Parsed, Accepted]]
    bad: list[Rejected]
    items: Sequence[Item]
    now: datetime
    settle: Settle | None


class Ingest:
    """The one door into the log for events of sources."""

    def __init__(
        self,
        *,
        database: Database,
        log: EventLog,
        tail: Tail,
        identity: IdentityStore,
        profiles: ProfileStore,
        quarantine: Quarantine,
        sources: SourceStore,
    ) -> None:
        """All parts share one database; `tail` is where the follower looks first."""
        self._sources = sources
        self._database, self._log, self._tail = database, log, tail
        self._identity, self._profiles, self._quarantine = identity, profiles, quarantine

    def intake(self, workspace: Workspace, source: str, *, now: datetime) -> Intake:
        """How events of a source are read when no mapping says otherwise."""
        plain = Intake(
            workspace_id=workspace.workspace_id,
            source=source,
            zone=workspace.zone,
            currency=workspace.currency,
            received_at=now,
            normalise=self._identity.normaliser(workspace.workspace_id),
        )
        return self._sources.of(workspace.workspace_id, source).applied(plain)

    def take(
        self,
        workspace: Workspace,
        source: str,
        records: Iterable[Parsed],
        *,
        now: datetime,
        intake: Intake | None = None,
        items: Sequence[Item] = (),
        settle: Settle | None = None,
    ) -> Taken:
        """Log a batch or a whole file: all of it is durable when this returns, or none of it is there.

        `items` is the catalogue that came with it, if any. Batches that arrive together share one commit. A replay
        gives `settle`, which takes the place of quarantine and counters in the same transaction.
        """
        if source.strip().casefold() == OUR_SOURCE:
            raise InvalidInput(f"source {source!r} is Understory's own; name yours otherwise")
        good, bad = read_records(records, intake or self.intake(workspace, source, now=now))
        batch = _Batch(workspace, source, good, bad, items, now, settle)
        appended, taken = self._database.commit_together(lambda connection: self._log_batch(connection, batch))
        self._log.committed(workspace.workspace_id, appended)
        self._tail.put(workspace.workspace_id, appended.start, appended.fresh)
        return taken

    def put_items(self, workspace: Workspace, items: Sequence[Item]) -> int:
        """Load catalogue entries; returns how many are new or different."""
        return self._database.commit_together(lambda connection: self._put_items(connection, workspace, items))

    def _log_batch(self, connection: Connection, batch: _Batch) -> tuple[Appended, Taken]:
        workspace_id = batch.workspace.workspace_id
        appended = self._log.append(connection, [accepted for _, accepted in batch.good])
        links = self._identity.link(connection, workspace_id, appended.fresh)
        self._profiles.forget(connection, workspace_id, sorted(links.changed))
        taken, rejected, fresh = _judge(batch, appended.logged)
        if batch.settle:
            batch.settle(connection, taken.verdicts, rejected)
        else:
            self._quarantine.put(connection, workspace_id, batch.source, rejected, now=batch.now)
            day = batch.now.astimezone(batch.workspace.zone).date()
            cleaning.count(connection, workspace_id, batch.source, day, cleaning.tally(taken.report, fresh, rejected))
        self._put_items(connection, batch.workspace, batch.items)
        return appended, taken

    def _put_items(self, connection: Connection, workspace: Workspace, items: Sequence[Item]) -> int:
        if foreign := {item.currency for item in items} - {workspace.currency}:
            raise InvalidInput(f"catalogue in {', '.join(sorted(foreign))}: this workspace keeps {workspace.currency}")
        changes = catalogue.put(connection, workspace.workspace_id, items)
        newest = self._log.head_in(connection, workspace.workspace_id).newest_at
        repriced = changes.priced_from is not None and newest is not None and changes.priced_from <= newest
        if changes.named or repriced:  # topics or discounts may differ now, so profiles are folded anew
            self._profiles.forget_all(connection, workspace.workspace_id)
        return changes.entries


def _judge(batch: _Batch, logged: Sequence[Logged]) -> tuple[Taken, list[Rejected], list[tuple[Parsed, Accepted]]]:
    """The verdicts, all rejects (conflicts included) and the records that were accepted."""
    verdicts = [EventVerdict(r.line, "quarantined", r.reason, None) for r in batch.bad]
    conflicts: list[Rejected] = []
    fresh: list[tuple[Parsed, Accepted]] = []
    for pair, (verdict, event_id, payload_hash) in zip(batch.good, logged, strict=True):
        reason = None
        if verdict is Verdict.ACCEPTED:
            fresh.append(pair)
        elif verdict is Verdict.CONFLICT:
            conflicts.append(conflict(*pair, known_hash=payload_hash))
            reason = conflicts[-1].reason
        verdicts.append(EventVerdict(pair[0].line, verdict.value, reason, event_id))
    rejected = batch.bad + conflicts
    report = summarise(
        batch.source,
        accepted=len(fresh),
        duplicates=len(batch.good) - len(fresh) - len(conflicts),
        conflicts=len(conflicts),
        bad=rejected,
    )
    return Taken(report, tuple(sorted(verdicts, key=itemgetter(0)) if batch.bad else verdicts)), rejected, fresh
