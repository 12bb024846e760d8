"""Snapshots of folded states, and how far in the log they reach.

A snapshot is a cache: it can be deleted at any time and the fold over the log gives it back, byte for byte.
"""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import BigInteger, Column, Connection, LargeBinary, String, Table, delete, insert, select

from app.database.engine import Database, metadata
from app.profile.fold import FOLD_VERSION, State

_CHUNK = 500

profile_states = Table(
    "profile_states",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("customer_id", String, primary_key=True),
    Column("state", LargeBinary, nullable=False),
)

consumer_offsets = Table(
    "consumer_offsets",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("consumer", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

_decoder = msgspec.json.Decoder(State)


class ProfileStore:
    """Read and replace snapshots together with the consumer's log position."""

    def __init__(self, database: Database, *, taxonomy_hash: str) -> None:
        """States folded with another taxonomy or fold version are not returned."""
        self._database = database
        self._version = (FOLD_VERSION, taxonomy_hash)
        self._consumer = f"profile/{FOLD_VERSION}/{taxonomy_hash}"

    def position(self, workspace_id: str) -> int:
        """Log position up to which states are folded; 0 after a change of taxonomy or fold."""
        with self._database.read() as connection:
            return self._position(connection, workspace_id)

    def states(self, workspace_id: str, customer_ids: Sequence[str] | None = None) -> dict[str, State]:
        """Current states by customer_id; of all customers when no ids are given."""
        query = select(profile_states.c.customer_id, profile_states.c.state).where(
            profile_states.c.workspace_id == workspace_id
        )
        with self._database.read() as connection:
            if not self._position(connection, workspace_id):
                return {}
            if customer_ids is None:
                rows = list(connection.execute(query))
            else:
                rows = []
                for start in range(0, len(customer_ids), _CHUNK):
                    ids = customer_ids[start : start + _CHUNK]
                    rows += connection.execute(query.where(profile_states.c.customer_id.in_(ids))).all()
        states = {customer_id: _decoder.decode(state) for customer_id, state in rows}
        return {c: s for c, s in states.items() if (s.fold_version, s.taxonomy_hash) == self._version}

    def save(
        self,
        connection: Connection,
        workspace_id: str,
        states: Mapping[str, State],
        *,
        position: int,
    ) -> None:
        """Replace snapshots and move the offset, in the caller's transaction."""
        self.forget(connection, workspace_id, list(states))
        rows = [
            {"workspace_id": workspace_id, "customer_id": c, "state": msgspec.json.encode(s, order="deterministic")}
            for c, s in states.items()
        ]
        if rows:
            connection.execute(insert(profile_states), rows)
        o = consumer_offsets.c
        connection.execute(delete(consumer_offsets).where(o.workspace_id == workspace_id, o.consumer == self._consumer))
        connection.execute(
            insert(consumer_offsets),
            {"workspace_id": workspace_id, "consumer": self._consumer, "position": position},
        )

    def forget(self, connection: Connection, workspace_id: str, customer_ids: Sequence[str]) -> None:
        """Drop snapshots, so that these customers are folded anew from the log."""
        p = profile_states.c
        for start in range(0, len(customer_ids), _CHUNK):
            ids = customer_ids[start : start + _CHUNK]
            connection.execute(delete(profile_states).where(p.workspace_id == workspace_id, p.customer_id.in_(ids)))

    def forget_all(self, connection: Connection, workspace_id: str) -> None:
        """Drop all snapshots and offsets of a workspace: the next catch-up folds the whole log."""
        for table in (profile_states, consumer_offsets):
            connection.execute(delete(table).where(table.c.workspace_id == workspace_id))

    def _position(self, connection: Connection, workspace_id: str) -> int:
        o = consumer_offsets.c
        return (
            connection.scalar(select(o.position).where(o.workspace_id == workspace_id, o.consumer == self._consumer))
            or 0
        )
