"""Snapshots of folded states, checkpoints to fold on from, and how far in the log they reach.

A snapshot is a cache: it can be deleted at any time and the fold over the log gives it back, byte for byte. Whoever
forgets one says so in `stale_profiles`, in the same transaction as the change that made it wrong; whom neither table
knows has not been folded yet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import BigInteger, Column, Connection, LargeBinary, String, Table

from app.database.engine import Database, metadata
from app.database.statements import execute, execute_each, pieces, query, select_in, upsert_rows
from app.database.types import UtcTime, from_micros, to_micros
from app.profile.checkpoints import Checkpoint, encoded
from app.profile.fold import FOLD_VERSION, Heart, State
from app.profile.parts import Parts, decoder_of
from app.profile.telltales import Telltale

profile_states = Table(
    "profile_states",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("customer_id", String, primary_key=True),
    Column("identity_version", BigInteger, nullable=False),
    Column("state", LargeBinary, nullable=False),
)

profile_checkpoints = Table(
    "profile_checkpoints",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("customer_id", String, primary_key=True),
    Column("identity_version", BigInteger, nullable=False),
    Column("occurred_at", UtcTime, primary_key=True),
    Column("state", LargeBinary, nullable=False),
)

stale_profiles = Table(
    "stale_profiles",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("customer_id", String, primary_key=True),
)

consumer_offsets = Table(
    "consumer_offsets",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("consumer", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
)

Checkpoints = dict[datetime, tuple[int, bytes]]
"""Time -> (identity_version, encoded state)."""
_decoder = msgspec.msgpack.Decoder(State)
_heart = msgspec.msgpack.Decoder(Heart)
_telltale = msgspec.msgpack.Decoder(Telltale)
_STATES = "SELECT customer_id, identity_version, state FROM profile_states WHERE workspace_id = ?"
_AT_ONCE = 2_000
"""States that are held at once, as they are stored, by questions that read parts of all of them."""


class Offset(NamedTuple):
    """Where the follower stands."""

    position: int = 0
    """Log position up to which states are folded."""
    version: int = 0
    """Another one after every change of stored states; a state that was forgotten is on the stale list instead."""


class Snapshot(NamedTuple):
    """A customer's stored state, and the identity_version of those whose events are in it."""

    identity_version: int
    state: State


class Folded(NamedTuple):
    """What a batch made of its customers."""

    states: dict[str, State]
    checkpoints: list[Checkpoint]
    late: list[tuple[str, datetime]]
    """(customer_id, time): checkpoints from that time on are no longer true; new ones may be among `checkpoints`."""
    settled: Sequence[str]
    """Stale customers that were folded again, or of whom nothing is left."""

    def add(self, customer_id: str, state: State, checkpoints: Iterable[Checkpoint]) -> None:
        """Note one customer."""
        self.states[customer_id] = state
        self.checkpoints.extend(checkpoints)


class ProfileStore:
    """Read and replace snapshots together with the consumer's log position."""

    def __init__(self, database: Database, *, taxonomy_hash: str) -> None:
        """States folded with another taxonomy or fold version are not returned."""
        self._database = database
        self._version = (FOLD_VERSION, taxonomy_hash)
        self._consumer = f"profile/{FOLD_VERSION}/{taxonomy_hash}"

    def position(self, workspace_id: str) -> int:
        """Log position up to which states are folded; 0 after a change of taxonomy or fold."""
        return self.offset(workspace_id).position

    def offset(self, workspace_id: str) -> Offset:
        """The same with the version of the stored states."""
        with self._database.read() as connection:
            return self.offset_in(connection, workspace_id)

    def offset_in(self, connection: Connection, workspace_id: str) -> Offset:
        """The same within a transaction."""
        sql = "SELECT position, version FROM consumer_offsets WHERE workspace_id = ? AND consumer = ?"
        found = query(connection, sql, (workspace_id, self._consumer))
        return Offset(*found[0]) if found else Offset()

    def waits(self) -> list[tuple[int, datetime | None]]:
        """Of every workspace behind its log: positions not folded yet, and when the first of those events arrived."""
        done = "COALESCE(o.position, 0)"
        sql = (
            f"SELECT h.position - {done}, (SELECT e.received_at FROM events e WHERE e.workspace_id = h.workspace_id"
            f" AND e.position > {done} ORDER BY e.position LIMIT 1) FROM log_heads h LEFT JOIN consumer_offsets o"
            f" ON o.workspace_id = h.workspace_id AND o.consumer = ? WHERE h.position > {done}"
        )
        with self._database.read() as connection:
            rows = query(connection, sql, (self._consumer,))
        return [(events, None if arrived is None else from_micros(arrived)) for events, arrived in rows]

    def states(self, workspace_id: str, customer_ids: Sequence[str] | None = None) -> dict[str, State]:
        """Current states by customer_id; of all customers when no ids are given."""
        return {c: snapshot.state for c, snapshot in self.snapshots(workspace_id, customer_ids).items()}

    def snapshots(self, workspace_id: str, customer_ids: Sequence[str] | None = None) -> dict[str, Snapshot]:
        """The same with the identity versions."""
        with self._database.read() as connection:
            if not self.offset_in(connection, workspace_id).position:
                return {}
            rows = _rows(connection, workspace_id, customer_ids)
            found = {row[0]: Snapshot(row[1], _decoder.decode(bytes(row[2]))) for row in rows}
        return {c: s for c, s in found.items() if (s.state.fold_version, s.state.taxonomy_hash) == self._version}

    def hearts(self, workspace_id: str) -> Iterator[tuple[str, Heart]]:
        """Interests and shifts of every customer, by customer_id; nothing else of their states is read."""
        with self._database.read() as connection:
            if not self.offset_in(connection, workspace_id).position:
                return
            for customer_id, _, state in _rows(connection, workspace_id, None):
                heart = _heart.decode(state)
                if (heart.fold_version, heart.taxonomy_hash) == self._version:
                    yield customer_id, heart

    def telltales(self, workspace_id: str) -> Iterator[tuple[str, Telltale]]:
        """What of every customer tells of leaving, by customer_id; nothing else of their states is read."""
        with self._database.read() as connection:
            if not self.offset_in(connection, workspace_id).position:
                return
            for customer_id, _, state in _rows(connection, workspace_id, None):
                found = _telltale.decode(state)
                if (found.fold_version, found.taxonomy_hash) == self._version:
                    yield customer_id, found

    def parts(self, workspace_id: str, names: tuple[str, ...]) -> Iterator[Parts]:
        """These parts of every customer's state, some at a time; nothing else of their states is read."""
        decoder = decoder_of(names)
        with self._database.read() as connection:
            if not self.offset_in(connection, workspace_id).position:
                return
            for rows in pieces(connection, _STATES, (workspace_id,), size=_AT_ONCE):
                for customer_id, _, state in rows:
                    found = decoder.decode(state)
                    if (found.fold_version, found.taxonomy_hash) == self._version:
                        yield Parts(customer_id, found.last_key, tuple([getattr(found, name) for name in names]))

    def checkpoint(self, workspace_id: str, customer_id: str, before: datetime) -> State | None:
        """The newest checkpoint whose events all happened before a moment."""
        sql = "SELECT state FROM profile_checkpoints WHERE workspace_id = ? AND customer_id = ? AND occurred_at < ?"
        with self._database.read() as connection:
            values = (workspace_id, customer_id, to_micros(before))
            found = query(connection, f"{sql} ORDER BY occurred_at DESC LIMIT 1", values)
        return _decoder.decode(found[0][0]) if found else None

    def checkpoints(self, workspace_id: str, customer_ids: Sequence[str]) -> dict[str, Checkpoints]:
        """The checkpoints of these customers by customer_id."""
        sql = "SELECT customer_id, occurred_at, identity_version, state FROM profile_checkpoints WHERE workspace_id = ?"
        found: dict[str, Checkpoints] = {}
        with self._database.read() as connection:
            rows = select_in(connection, f"{sql} AND customer_id IN", (workspace_id,), customer_ids)
            for customer_id, at, version, state in rows:
                found.setdefault(customer_id, {})[from_micros(at)] = (version, bytes(state))
        return found

    def stored(self, workspace_id: str) -> list[str]:
        """Customers that have a snapshot."""
        sql = "SELECT customer_id FROM profile_states WHERE workspace_id = ? ORDER BY customer_id"
        with self._database.read() as connection:
            return [customer_id for (customer_id,) in query(connection, sql, (workspace_id,))]

    def stale(self, workspace_id: str) -> list[str]:
        """Customers whose states were forgotten and not folded since."""
        with self._database.read() as connection:
            return self.stale_in(connection, workspace_id)

    def stale_in(self, connection: Connection, workspace_id: str) -> list[str]:
        """The same within a transaction."""
        sql = "SELECT customer_id FROM stale_profiles WHERE workspace_id = ? ORDER BY customer_id"
        return [customer_id for (customer_id,) in query(connection, sql, (workspace_id,))]

    def save(
        self,
        connection: Connection,
        workspace_id: str,
        folded: Folded,
        *,
        versions: Mapping[str, int],
        moved: Offset,
    ) -> None:
        """Replace snapshots and move the offset, in the caller's transaction; `versions` has each one's identity."""
        dropped = "DELETE FROM profile_checkpoints WHERE workspace_id = ? AND customer_id = ? AND occurred_at >= ?"
        execute_each(connection, dropped, [(workspace_id, c, to_micros(at)) for c, at in folded.late])
        _put(connection, workspace_id, folded.states, folded.checkpoints, versions)
        _drop(connection, workspace_id, folded.settled, stale_profiles)
        upsert_rows(connection, consumer_offsets, [(workspace_id, self._consumer, *moved)])

    def replace(
        self,
        connection: Connection,
        workspace_id: str,
        customer_id: str,
        snapshot: Snapshot | None,
        noted: list[Checkpoint],
    ) -> None:
        """Put a customer right, in the caller's transaction; without a snapshot nothing of them is kept."""
        execute(connection, "UPDATE consumer_offsets SET version = version + 1 WHERE workspace_id = ?", (workspace_id,))
        _drop(connection, workspace_id, [customer_id], profile_states, profile_checkpoints)
        if snapshot is not None:
            versions = {customer_id: snapshot.identity_version}
            _put(connection, workspace_id, {customer_id: snapshot.state}, noted, versions)

    def forget(self, connection: Connection, workspace_id: str, customer_ids: Sequence[str]) -> None:
        """Drop snapshots, so that these customers are folded anew from the log."""
        if customer_ids:
            _drop(connection, workspace_id, customer_ids, profile_states, profile_checkpoints)
            upsert_rows(connection, stale_profiles, [(workspace_id, c) for c in customer_ids])

    def forget_all(self, connection: Connection, workspace_id: str) -> None:
        """Drop all snapshots and offsets of a workspace: the next catch-up folds the whole log."""
        for table in (profile_states, profile_checkpoints, stale_profiles):
            execute(connection, f"DELETE FROM {table.name} WHERE workspace_id = ?", (workspace_id,))
        again = "UPDATE consumer_offsets SET position = 0, version = version + 1 WHERE workspace_id = ?"
        execute(connection, again, (workspace_id,))


def _put(
    connection: Connection,
    workspace_id: str,
    states: Mapping[str, State],
    checkpoints: Iterable[Checkpoint],
    versions: Mapping[str, int],
) -> None:
    snapshots = [(workspace_id, c, versions[c], encoded(state)) for c, state in states.items()]
    upsert_rows(connection, profile_states, snapshots)
    noted = {(c.customer_id, to_micros(c.occurred_at)): c.state for c in checkpoints}  # the last of one moment stays
    rows = [(workspace_id, c, versions[c], at, state) for (c, at), state in noted.items()]
    upsert_rows(connection, profile_checkpoints, rows)


def _drop(connection: Connection, workspace_id: str, customer_ids: Iterable[str], *tables: Table) -> None:
    rows = [(workspace_id, customer_id) for customer_id in customer_ids]
    for table in tables:
        execute_each(connection, f"DELETE FROM {table.name} WHERE workspace_id = ? AND customer_id = ?", rows)


def _rows(
    connection: Connection, workspace_id: str, customer_ids: Sequence[str] | None
) -> Iterable[tuple[str, int, bytes]]:
    if customer_ids is None:
        return query(connection, _STATES, (workspace_id,))
    return select_in(connection, f"{_STATES} AND customer_id IN", (workspace_id,), customer_ids)
