"""Quarantine: every record that could not be used, sealed, with its reason and what was decided about it.

A record is kept once, however often it is sent. It waits until it is replayed (see app/replay.py) or discarded; what
was decided, by whom and when stays with it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, tuple_, update

from app.database.engine import Database
from app.errors import InvalidInput
from app.events.quality import Rejected
from app.events.quarantine_rows import KEEP, Kept, State, packed, quarantine, to_kept, to_row
from app.events.reasons import code_of
from app.privacy.redaction import redact
from app.privacy.vault import Vault
from app.schema import Frozen

_CHUNK = 500

StateWanted = Literal["waiting", "replayed", "discarded", "all"]
"""What a list may be narrowed to."""


class ReasonCount(Frozen):
    """How many records of one source are in quarantine for one reason."""

    source: str
    code: str
    """Stable; see app/events/reasons.py."""
    state: State
    count: int


class Filter(NamedTuple):
    """Which records are meant; what is None does not matter."""

    source: str | None = None
    code: str | None = None
    state: State | None = None
    ids: tuple[str, ...] | None = None


def state_of(wanted: StateWanted) -> State | None:
    """The state to filter by; None for all."""
    return None if wanted == "all" else State(wanted)


class Quarantine:
    """Keep, list and settle unusable records."""

    def __init__(self, database: Database, vault: Vault) -> None:
        """Contents are sealed by `vault`: they hold phone numbers as they came."""
        self._database, self._vault = database, vault

    def put(
        self, connection: Connection, workspace_id: str, source: str, rejected: Sequence[Rejected], *, now: datetime
    ) -> None:
        """Keep records inside the caller's transaction; the same record twice is kept once."""
        if not rejected:
            return
        sealer = self._vault.sealer(workspace_id)
        for start in range(0, len(rejected), _CHUNK):
            rows = [to_row(sealer, source, record, now) for record in rejected[start : start + _CHUNK]]
            connection.execute(KEEP, rows)

    def find(
        self, workspace_id: str, wanted: Filter = Filter(), *, limit: int = 100, after: str | None = None
    ) -> list[Kept]:
        """Records, newest arrivals first; `after` is the id of the last one that was seen."""
        q = quarantine.c
        query = select(quarantine).where(q.workspace_id == workspace_id, *_conditions(wanted))
        query = query.order_by(q.received_at.desc(), q.line, q.record_id).limit(limit)
        with self._database.read() as connection:
            if after is not None:
                query = query.where(_beyond(connection, workspace_id, after))
            return self._opened(workspace_id, connection.execute(query))

    def waiting(self, workspace_id: str, wanted: Filter, *, limit: int, after: tuple[int, str]) -> list[Kept]:
        """The next waiting records in order of their lines."""
        q = quarantine.c
        query = (
            select(quarantine)
            .where(q.workspace_id == workspace_id, *_conditions(wanted._replace(state=State.WAITING)))
            .where(tuple_(q.line, q.record_id) > after)
            .order_by(q.line, q.record_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return self._opened(workspace_id, connection.execute(query))

    def count(self, workspace_id: str, wanted: Filter = Filter(state=State.WAITING)) -> int:
        """How many records there are; those that wait when nothing else is asked."""
        query = select(func.count()).where(quarantine.c.workspace_id == workspace_id, *_conditions(wanted))
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def counts(self, workspace_id: str, source: str | None = None) -> list[ReasonCount]:
        """How many records by source, reason and state; the commonest first."""
        q = quarantine.c
        query = (
            select(q.source, q.code, q.state, func.count().label("count"))
            .where(q.workspace_id == workspace_id, *_conditions(Filter(source=source)))
            .group_by(q.source, q.code, q.state)
        )
        with self._database.read() as connection:
            found = [ReasonCount.model_validate(row._mapping) for row in connection.execute(query)]
        return sorted(found, key=lambda c: (-c.count, c.source, c.code, c.state))

    def settle(
        self, connection: Connection, workspace_id: str, ids: Iterable[str], state: State, *, by: str, now: datetime
    ) -> int:
        """Decide about waiting records inside the caller's transaction; returns how many waited."""
        q, wanted, done = quarantine.c, sorted(set(ids)), 0
        for start in range(0, len(wanted), _CHUNK):
            done += connection.execute(
                update(quarantine)
                .where(q.workspace_id == workspace_id, q.record_id.in_(wanted[start : start + _CHUNK]))
                .where(q.state == State.WAITING)
                .values(state=state, settled_at=now, settled_by=by)
            ).rowcount
        return done

    def discard(self, workspace_id: str, wanted: Filter, *, by: str, now: datetime) -> int:
        """Give up waiting records: they stay on record, and no replay takes them up."""
        q = quarantine.c
        with self._database.write() as connection:
            return connection.execute(
                update(quarantine)
                .where(q.workspace_id == workspace_id, *_conditions(wanted._replace(state=State.WAITING)))
                .values(state=State.DISCARDED, settled_at=now, settled_by=by)
            ).rowcount

    def explain(self, connection: Connection, workspace_id: str, record_id: str, rejected: Rejected) -> None:
        """A record that failed again waits with its new reason; one that was settled meanwhile stays as it is."""
        q, hashes = quarantine.c, rejected.hashes or (None, None)
        connection.execute(
            update(quarantine)
            .where(q.workspace_id == workspace_id, q.record_id == record_id, q.state == State.WAITING)
            .values(
                code=code_of(rejected.reason),
                reason=redact(rejected.reason),
                message_id=rejected.message_id,
                sent_hash=hashes[0],
                known_hash=hashes[1],
            )
        )

    def seal_old(self) -> int:
        """Seal what an older version kept in plain text, and give it its code; returns how many there were."""
        q, done = quarantine.c, 0
        while rows := self._plain():
            with self._database.write() as connection:
                for row in rows:
                    content = packed(Rejected(row.line, row.reason, row.plain))
                    connection.execute(
                        update(quarantine)
                        .where(q.workspace_id == row.workspace_id, q.record_id == row.record_id)
                        .values(
                            sealed=self._vault.seal(row.workspace_id, content),
                            plain=None,
                            code=code_of(row.reason),
                            reason=redact(row.reason),
                        )
                    )
            done += len(rows)
        return done

    def _plain(self) -> Sequence[Row[Any]]:
        with self._database.read() as connection:
            return connection.execute(select(quarantine).where(quarantine.c.plain.is_not(None)).limit(_CHUNK)).all()

    def _opened(self, workspace_id: str, rows: Iterable[Row[Any]]) -> list[Kept]:
        sealer = self._vault.sealer(workspace_id)
        return [to_kept(sealer, row) for row in rows]


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    q = quarantine.c
    pairs = ((q.source, wanted.source), (q.code, wanted.code), (q.state, wanted.state))
    found = [column == value for column, value in pairs if value is not None]
    return found if wanted.ids is None else [*found, q.record_id.in_(wanted.ids)]


def _beyond(connection: Connection, workspace_id: str, after: str) -> ColumnElement[bool]:
    q = quarantine.c
    last = connection.execute(
        select(q.received_at, q.line).where(q.workspace_id == workspace_id, q.record_id == after)
    ).first()
    if last is None:
        raise InvalidInput(f"no record {after!r} in quarantine: begin again without `after`")
    same_arrival = and_(q.received_at == last.received_at, tuple_(q.line, q.record_id) > (last.line, after))
    return or_(q.received_at < last.received_at, same_arrival)
