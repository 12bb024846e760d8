"""The cleaning report of a source: the counters of its arrivals, its quarantine, and what the log says."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, func, select

from app.access.schemas import Workspace
from app.database.engine import Database
from app.errors import InvalidInput, NotFound
from app.events.checks import Scope, read_log
from app.events.cleaning import source_counts
from app.events.findings import CleaningReport, Done, Finding, Group, SourceSummary
from app.events.quarantine import Filter, Quarantine
from app.events.quarantine_rows import State
from app.events.reasons import CONFLICT
from app.events.schemas import OUR_SOURCE
from app.events.source_settings import SourceSettings, SourceStore
from app.events.tables import events
from app.events.timestamps import EARLIEST, LATEST, start_of_day

_BEGINNING, _END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_GROUPS: dict[str, Group] = {
    "time_unset": "impossible",
    "time_future": "impossible",
    "clock_off": "impossible",
    "negative_amount": "impossible",
    "amount_out_of_range": "impossible",
    "wrong_currency": "impossible",
    "reserved_kind": "impossible",
    "time_missing": "missing",
    "missing_field": "missing",
    "missing_amount": "missing",
    "no_identifier": "identity",
    "bad_identifier": "identity",
}
"""Reason code -> the group it is shown in; all others are unreadable."""
_OUTCOMES = ("accepted", "duplicates", "conflicts", "quarantined")


class Cleaning:
    """Answers what came in, what was wrong with it and what was done about it."""

    def __init__(self, database: Database, quarantine: Quarantine, sources: SourceStore) -> None:
        """Read through `database`."""
        self._database, self._quarantine, self._sources = database, quarantine, sources

    def sources(self, workspace: Workspace) -> list[SourceSummary]:
        """Every source that sent something or has settings, by name."""
        workspace_id = workspace.workspace_id
        settings = self._sources.all(workspace_id)
        waiting = _waiting(self._quarantine, workspace_id)
        with self._database.read() as connection:
            counts = _counts_by_source(connection, workspace_id)
            logged = _logged_by_source(connection, workspace_id)
        names = sorted({*settings, *counts, *logged} - {OUR_SOURCE})
        return [
            _summary(name, counts.get(name, Counter()), logged.get(name), waiting[name], settings.get(name))
            for name in names
        ]

    def report(
        self, workspace: Workspace, source: str, *, since: date | None = None, until: date | None = None
    ) -> CleaningReport:
        """One source, over all its days or those of arrival from `since` to `until` in the workspace's zone."""
        for day in (since, until):
            if day and not EARLIEST.date() <= day < LATEST.date():
                raise InvalidInput(f"{day}: use a day between {EARLIEST.year} and {LATEST.year}")
        if since and until and since > until:
            raise InvalidInput(f"no days from {since} to {until}: the first must not be after the last")
        start = start_of_day(since, workspace.zone) if since else _BEGINNING
        end = start_of_day(until + timedelta(days=1), workspace.zone) if until else _END
        scope = Scope(workspace.workspace_id, source, start, end)
        with self._database.read() as connection:
            counts = _counts(connection, workspace.workspace_id, source, since, until)
            log = read_log(connection, scope)
        if not counts and not log.events and source not in self._known(workspace):
            names = ", ".join(sorted(self._known(workspace))) or "none yet"
            raise NotFound(f"no source {source!r} in this workspace (there are: {names})")
        states = _states(self._quarantine, workspace.workspace_id, source)
        return CleaningReport(
            source=source,
            since=since,
            until=until,
            records=sum(counts[name] for name in _OUTCOMES),
            accepted=counts["accepted"],
            duplicates=counts["duplicates"],
            conflicts=counts["conflicts"],
            quarantined=counts["quarantined"],
            waiting=states[State.WAITING],
            replayed=states[State.REPLAYED],
            discarded=states[State.DISCARDED],
            events=log.events,
            kinds=log.kinds,
            unknown_kinds=log.unknown_kinds,
            lateness=log.lateness,
            findings=(*_arrivals(counts), *log.findings),
        )

    def _known(self, workspace: Workspace) -> set[str]:
        return {summary.source for summary in self.sources(workspace)}


def _arrivals(counts: Mapping[str, int]) -> Iterator[Finding]:
    """What the counters of arrival say."""
    records = sum(counts[name] for name in _OUTCOMES)
    if not records:
        return
    duplicates = (("duplicate", "duplicates"), (CONFLICT, "conflicts"))
    for check, name in duplicates:
        yield Finding(group="duplicate", check=check, count=counts[name], of=records, done=Done.FIRST_KEPT)
    for name, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        what, _, about = name.partition(".")
        if what == "reason" and about != CONFLICT:
            group = _GROUPS.get(about, "unreadable")
            yield Finding(group=group, check=about, count=n, of=records, done=Done.QUARANTINED)
        elif what == "blocked":
            yield Finding(
                group="identity", check="blocked", about=about, count=n, of=counts["accepted"], done=Done.LEFT_OUT
            )
        elif what == "assumed":
            yield Finding(group="missing", check=f"missing_{about}", count=n, of=counts["accepted"], done=Done.ASSUMED)


def _counts(
    connection: Connection, workspace_id: str, source: str, since: date | None, until: date | None
) -> Counter[str]:
    c = source_counts.c
    query = select(c.name, func.sum(c.n)).where(c.workspace_id == workspace_id, c.source == source)
    if since:
        query = query.where(c.day >= since.isoformat())
    if until:
        query = query.where(c.day <= until.isoformat())
    return Counter({name: int(n) for name, n in connection.execute(query.group_by(c.name))})


def _counts_by_source(connection: Connection, workspace_id: str) -> dict[str, Counter[str]]:
    c = source_counts.c
    query = select(c.source, c.name, func.sum(c.n)).where(c.workspace_id == workspace_id, c.name.in_(_OUTCOMES))
    found: dict[str, Counter[str]] = {}
    for source, name, n in connection.execute(query.group_by(c.source, c.name)):
        found.setdefault(source, Counter())[name] = int(n)
    return found


def _logged_by_source(connection: Connection, workspace_id: str) -> dict[str, tuple[int, datetime, datetime]]:
    c = events.c
    query = select(c.source, func.count(), func.max(c.occurred_at), func.max(c.received_at))
    rows = connection.execute(query.where(c.workspace_id == workspace_id).group_by(c.source))
    return {source: (int(n), newest, arrived) for source, n, newest, arrived in rows}


def _waiting(quarantine: Quarantine, workspace_id: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in quarantine.counts(workspace_id):
        found[line.source] += line.count if line.state is State.WAITING else 0
    return found


def _states(quarantine: Quarantine, workspace_id: str, source: str) -> dict[State, int]:
    return {state: quarantine.count(workspace_id, Filter(source=source, state=state)) for state in State}


def _summary(
    source: str,
    counts: Counter[str],
    logged: tuple[int, datetime, datetime] | None,
    waiting: int,
    settings: SourceSettings | None,
) -> SourceSummary:
    number, newest, arrived = logged or (0, None, None)
    return SourceSummary(
        source=source,
        records=sum(counts[name] for name in _OUTCOMES),
        accepted=counts["accepted"],
        duplicates=counts["duplicates"],
        conflicts=counts["conflicts"],
        quarantined=counts["quarantined"],
        waiting=waiting,
        events=number,
        newest_event=newest,
        last_arrival=arrived,
        settings=settings or SourceSettings(),
    )
