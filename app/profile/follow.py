"""Keep profile snapshots at the head of the log.

In order, events are folded onto the snapshot. A late event folds its customer again from the newest checkpoint
before it; a merge, an unmerge or a new catalogue from the start. Snapshots and log offset move in one transaction,
so a crash at any point repeats work and never loses or doubles any.
"""

from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from typing import NamedTuple

from sqlalchemy import Connection

from app.access.schemas import Workspace
from app.database.engine import Database
from app.events.schemas import Event, History
from app.events.store import EventLog, items_of
from app.events.tail import Tail
from app.events.timestamps import FOREVER
from app.identity.store import IdentityStore
from app.profile.checkpoints import advance_noting
from app.profile.fold import State
from app.profile.moved import Moved
from app.profile.proof import Proof
from app.profile.recent import Recent, RecentOwners
from app.profile.refold import Refold, Refolded
from app.profile.seen import Context
from app.profile.store import Folded, Offset, ProfileStore
from app.text.taxonomy import Taxonomy

BATCH = 5_000
"""Events per transaction, and so in memory."""


class Lag(NamedTuple):
    """How far profiles are behind the log."""

    events: int
    """Log positions that are not folded yet."""
    seconds: float
    """How long the oldest of them has waited; 0 when there is none."""


class _Batch(NamedTuple):
    """The next events of the log, with what the fold needs beside them."""

    history: History
    """Its events stand in log order."""
    position: int
    """Of the last of them."""


class ProfileFollower:
    """The consumer that turns the log into current profile states."""

    def __init__(
        self,
        *,
        database: Database,
        log: EventLog,
        tail: Tail,
        identity: IdentityStore,
        profiles: ProfileStore,
        taxonomy: Taxonomy,
    ) -> None:
        """All parts share one database."""
        self._database, self._log, self._tail = database, log, tail
        self._identity, self._profiles, self._taxonomy = identity, profiles, taxonomy
        self._refold = Refold(log, identity, taxonomy)
        self._proof = Proof(database, profiles, self._refold)
        self._recent, self._owners = Recent(), RecentOwners(identity)
        self._stepping = Lock()
        self.moved = Moved()
        """Whom to reflect upon."""

    def lag(self, workspace: Workspace, *, now: datetime | None = None) -> Lag:
        """How much waits to be folded, and for how long; without `now` up to the newest arrival."""
        done, newest = self._profiles.position(workspace.workspace_id), self._log.position(workspace.workspace_id)
        if newest <= done:
            return Lag(0, 0.0)
        waiting = self._log.arrival_after(workspace.workspace_id, done)
        until = now or self._log.arrival_after(workspace.workspace_id, newest - 1)
        seconds = (until - waiting).total_seconds() if until and waiting else 0.0
        return Lag(newest - done, max(seconds, 0.0))

    def lag_of_all(self, *, now: datetime) -> Lag:
        """What waits in all workspaces together, and for how long the oldest of it; one query."""
        waits = self._profiles.waits()
        ages = ((now - arrived).total_seconds() for _, arrived in waits if arrived)
        return Lag(sum(events for events, _ in waits), max((0.0, *ages)))

    def catch_up(self, workspace: Workspace) -> int:
        """Fold everything that is new; returns the number of events read."""
        done = 0
        while self._behind(workspace.workspace_id):
            done += self.step(workspace)
        return done

    def _behind(self, workspace_id: str) -> int:
        with self._database.read() as connection:
            newest = self._log.head_in(connection, workspace_id).position
            return max(newest - self._profiles.offset_in(connection, workspace_id).position, 0)

    def step(self, workspace: Workspace) -> int:
        """Fold the next events, one transaction of them; returns how many. In one process one step at a time."""
        with self._stepping:  # until its states are at hand for the next one
            return self._step(workspace)

    def _step(self, workspace: Workspace) -> int:
        workspace_id = workspace.workspace_id
        # The write transaction is open from the first read: no merge and no other follower can come between.
        with self._database.write(derived=True) as connection:
            start = self._profiles.offset_in(connection, workspace_id)
            batch = self._next(connection, workspace_id, start.position)
            if batch is None:
                return 0
            if start.position == 0:  # states of another taxonomy or fold may lie there
                self._profiles.forget_all(connection, workspace_id)
            stale = self._profiles.stale_in(connection, workspace_id)
            folded = self._fold(workspace, batch, start, stale)
            moved = Offset(batch.position, start.version + 1)
            versions = self._refold.versions(workspace, folded.states)
            self._profiles.save(connection, workspace_id, folded, versions=versions, moved=moved)
        self._recent.put(workspace_id, start.version, moved.version, folded.states)
        self.moved.put(workspace_id, folded.states)
        return len(batch.history.events)

    def _next(self, connection: Connection, workspace_id: str, start: int) -> _Batch | None:
        if recent := self._tail.take(workspace_id, start, limit=BATCH):
            events = tuple(accepted.event for accepted in recent)
            texts = {a.event.text_ref: a.text for a in recent if a.event.text_ref and a.text}
            items = items_of(connection, workspace_id, events, FOREVER)
            return _Batch(History(events, texts, items), start + len(events))
        if rows := self._log.since(workspace_id, start, limit=BATCH):
            history = self._log.context(workspace_id, [event for _, event in rows], until=FOREVER)
            return _Batch(history, rows[-1][0])
        return None

    def _fold(self, workspace: Workspace, batch: _Batch, start: Offset, stale: list[str]) -> Folded:
        groups = self._by_customer(workspace.workspace_id, batch.history.events)
        known = self._known(workspace.workspace_id, start, [*groups, *stale])
        context = Context(self._taxonomy, workspace.zone, batch.history.items, batch.history.texts)
        folded, folded_again = Folded({}, [], [], stale), set(stale)
        for again in self._refold.of(workspace, stale, position=batch.position):
            folded.add(*again)
        for customer_id, events in groups.items():
            state = known.get(customer_id) or State(taxonomy_hash=self._taxonomy.fingerprint)
            if customer_id in folded_again:
                continue
            if state.last_key is None or state.last_key < events[0].order_key:
                folded.add(customer_id, state, advance_noting(customer_id, state, events, context))
            else:
                folded.add(*self._fold_late(workspace, customer_id, events[0], position=batch.position))
                folded.late.append((customer_id, events[0].occurred_at))
        return folded

    def _known(self, workspace_id: str, start: Offset, customer_ids: Sequence[str]) -> dict[str, State]:
        """The states of these customers: those at hand, taken out for the time being, and the others read."""
        recent = self._recent.take(workspace_id, start.version, customer_ids)
        missing = [customer_id for customer_id in customer_ids if customer_id not in recent]
        return recent | self._profiles.states(workspace_id, missing) if missing else recent

    def _fold_late(self, workspace: Workspace, customer_id: str, first: Event, *, position: int) -> Refolded:
        base = self._profiles.checkpoint(workspace.workspace_id, customer_id, first.occurred_at)
        return self._refold.onto(workspace, customer_id, base, position=position)

    def _by_customer(self, workspace_id: str, events: Sequence[Event]) -> dict[str, list[Event]]:
        """Whose events these are, each customer's in canonical order."""
        about = [(subject, event) for event in events if (subject := event.subject)]
        owners = self._owners.of(workspace_id, {subject for subject, _ in about})
        groups: dict[str, list[Event]] = {}
        for subject, event in about:
            groups.setdefault(owners[subject].of(subject, event.occurred_at), []).append(event)
        for theirs in groups.values():
            if len(theirs) > 1:
                theirs.sort(key=lambda event: event.order_key)
        return groups

    def check(self, workspace: Workspace) -> list[str]:
        """Customers whose stored profile is not the fold of their events. Changes nothing."""
        return [differing.customer_id for differing in self._proof.differing(workspace)]

    def rebuild(self, workspace: Workspace) -> int:
        """Fold everybody from the start, replace what differs, and return how many did."""
        self.catch_up(workspace)
        with self._database.write(derived=True) as connection:
            different = 0
            for customer_id, snapshot, noted in self._proof.differing(workspace):
                self._profiles.replace(connection, workspace.workspace_id, customer_id, snapshot, noted)
                different += 1
        return different
