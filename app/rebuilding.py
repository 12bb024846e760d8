"""Proving that what is derived (who is who, profiles, campaigns) is what the log says, and mending what is not."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table

from app.access.schemas import Workspace
from app.database.engine import Database
from app.database.statements import query
from app.events.store import EventLog
from app.identity.graph import IdentityGraph, replay
from app.identity.rows import hold_rows, link_row, node_rows
from app.identity.store import IdentityStore
from app.identity.tables import consent_holds, identity_edges, identity_nodes
from app.profile.follow import ProfileFollower
from app.profile.store import ProfileStore
from app.strategy.running.record import Replayed
from app.strategy.running.record import replay as replay_campaigns
from app.strategy.running.store import RunStore


class Differences(NamedTuple):
    """How much of what is stored is not what the log says."""

    identities: int
    """Identifiers, links and held refusals that are missing, left over or different."""
    profiles: int
    """Customers whose snapshot or checkpoints differ."""

    @property
    def total(self) -> int:
        """0 when everything agrees."""
        return self.identities + self.profiles


class Rebuilding:
    """Replays a workspace's log and compares, or replaces."""

    def __init__(
        self,
        *,
        database: Database,
        log: EventLog,
        identity: IdentityStore,
        profiles: ProfileStore,
        follower: ProfileFollower,
    ) -> None:
        """All parts share one database."""
        self._database, self._log, self._identity = database, log, identity
        self._profiles, self._follower = profiles, follower
        self._runs = RunStore(database)

    def check(self, workspace: Workspace) -> Differences:
        """Compare everything with the log. Changes nothing, and reads a snapshot while others write."""
        workspace_id = workspace.workspace_id
        with self._database.read() as connection:
            position = self._log.head_in(connection, workspace_id).position
            stored = _stored(connection, workspace_id)
        differing = stored ^ _rows(workspace_id, self._replayed(workspace_id, position))
        return Differences(_named(differing), len(self._follower.check(workspace)))

    def mend(self, workspace: Workspace) -> Differences:
        """Replace what differs, campaigns too; returns how many identities and profiles that were."""
        self.mend_campaigns(workspace)
        identities = self._mend_identities(workspace)
        return Differences(identities, self._follower.rebuild(workspace))

    def check_campaigns(self, workspace: Workspace) -> int:
        """How many campaigns, or their members, are not kept as the log tells them. Changes nothing."""
        workspace_id = workspace.workspace_id
        with self._database.read() as connection:
            position = self._log.head_in(connection, workspace_id).position
            return self._runs.differing(connection, workspace_id, self._campaigns(workspace_id, position))

    def mend_campaigns(self, workspace: Workspace) -> int:
        """Replace campaigns that differ; returns how many that were."""
        workspace_id = workspace.workspace_id
        with self._database.write() as connection:
            told = self._campaigns(workspace_id, self._log.position(workspace_id))
            differing = self._runs.differing(connection, workspace_id, told)
            if differing:
                self._runs.rewrite(connection, workspace_id, told)
        return differing

    def complete(self, workspace: Workspace) -> None:
        """Make the graph of a workspace that has a log and no graph, as after an upgrade of the schema."""
        if self._log.position(workspace.workspace_id) and not self._identity.revision(workspace.workspace_id):
            self._identity.seal_log(workspace.workspace_id)
            self._mend_identities(workspace)

    def _mend_identities(self, workspace: Workspace) -> int:
        workspace_id = workspace.workspace_id
        with self._database.write() as connection:
            graph = self._replayed(workspace_id, self._log.position(workspace_id))
            differing = _named(_stored(connection, workspace_id) ^ _rows(workspace_id, graph))
            if differing:
                self._identity.rewrite(connection, workspace_id, graph)
                self._profiles.forget_all(connection, workspace_id)
        return differing

    def _campaigns(self, workspace_id: str, position: int) -> Replayed:
        return replay_campaigns(self._log.up_to(workspace_id, position))

    def _replayed(self, workspace_id: str, position: int) -> IdentityGraph:
        return replay(self._log.up_to(workspace_id, position), self._identity.rules)


_Row = tuple[Any, ...]
_KEYS = {table: len(table.primary_key) for table in (identity_nodes, identity_edges, consent_holds)}


def _stored(connection: Connection, workspace_id: str) -> set[_Row]:
    return {row for table in _KEYS for row in _all(connection, table, workspace_id)}


def _all(connection: Connection, table: Table, workspace_id: str) -> Iterable[_Row]:
    names = ", ".join(column.name for column in table.columns)
    rows = query(connection, f"SELECT {names} FROM {table.name} WHERE workspace_id = ?", (workspace_id,))
    return ((table.name, *row) for row in rows)


def _rows(workspace_id: str, graph: IdentityGraph) -> set[_Row]:
    nodes = node_rows(workspace_id, graph.nodes.values(), graph.nodes, graph.rules.handover)
    links = [link_row(workspace_id, link) for link in graph.changes.links]
    holds = hold_rows(workspace_id, graph.changes.holds)
    made = {identity_nodes: nodes, identity_edges: links, consent_holds: holds}
    return {(table.name, *row) for table, rows in made.items() for row in rows}


def _named(rows: set[_Row]) -> int:
    """A row that differs is there twice, as it is and as it should be: count what it is about."""
    keys = {table.name: 1 + key for table, key in _KEYS.items()}
    return len({row[: keys[row[0]]] for row in rows})
