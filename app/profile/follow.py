"""Keep profile snapshots at the head of the log.

In order, events are folded onto the snapshot. Where that is not possible (a new customer, a late event, a merge,
a new catalogue) the customer is folded again from the start. Snapshots and log offset move in one transaction, so
a crash at any point repeats work and never loses or doubles any.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from app.access.schemas import Workspace
from app.database.engine import Database
from app.events.schemas import Event, History
from app.events.store import EventLog
from app.identity.store import IdentityStore
from app.profile.fold import Context, State, advance, fold
from app.profile.store import ProfileStore
from app.text.taxonomy import Taxonomy

BATCH = 50_000
"""Events per transaction."""
_FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


class ProfileFollower:
    """The consumer that turns the log into current profile states."""

    def __init__(
        self, *, database: Database, log: EventLog, identity: IdentityStore, profiles: ProfileStore, taxonomy: Taxonomy
    ) -> None:
        """All parts share one database."""
        self._database, self._log, self._identity = database, log, identity
        self._profiles, self._taxonomy = profiles, taxonomy

    def catch_up(self, workspace: Workspace) -> int:
        """Fold everything that is new; returns the number of events read."""
        done = 0
        while self._log.position(workspace.workspace_id) > self._profiles.position(workspace.workspace_id):
            done += self._fold_next(workspace)
        return done

    def _fold_next(self, workspace: Workspace) -> int:
        # The write transaction is open from the first read: no merge and no other follower can come between.
        with self._database.write() as connection:
            start = self._profiles.position(workspace.workspace_id)
            batch = self._log.since(workspace.workspace_id, start, limit=BATCH)
            if batch:
                states = self._fold_batch(workspace, [e for _, e in batch], start=start, position=batch[-1][0])
                self._profiles.save(connection, workspace.workspace_id, states, position=batch[-1][0])
        return len(batch)

    def _fold_batch(self, workspace: Workspace, batch: list[Event], *, start: int, position: int) -> dict[str, State]:
        groups = self._by_customer(workspace, batch)
        known = self._profiles.states(workspace.workspace_id, list(groups))
        context = self._context(workspace, self._log.context(workspace.workspace_id, batch, until=_FOREVER))
        states, again = {}, []
        for customer_id, events in groups.items():
            state = known.get(customer_id)
            if state and state.last_key and state.last_key < events[0].order_key:
                advance(state, events, context)
                states[customer_id] = state
            elif start == 0:  # nothing of anybody lies before this batch
                states[customer_id] = fold(None, events, context)
            else:
                again.append(customer_id)
        return states | self.refold(workspace, again, position=position)

    def rebuild(self, workspace: Workspace) -> int:
        """Fold everybody from the start, replace what differs, and return how many did."""
        with self._database.write() as connection:
            position = self._log.position(workspace.workspace_id)
            everybody = set(self._identity.owners(workspace.workspace_id).values())
            fresh = self.refold(workspace, everybody, position=position)
            stored = self._profiles.states(workspace.workspace_id)
            different = {c: state for c, state in fresh.items() if stored.get(c) != state}
            if different:
                self._profiles.save(connection, workspace.workspace_id, different, position=position)
        return len(different)

    def refold(
        self, workspace: Workspace, customer_ids: Iterable[str], *, position: int | None = None
    ) -> dict[str, State]:
        """States folded from the start of the log, for rebuilding and for checking the snapshots."""
        wanted = set(customer_ids)
        if not wanted:
            return {}
        owners = self._identity.owners(workspace.workspace_id)
        mine = {key: customer_id for key, customer_id in owners.items() if customer_id in wanted}
        history = self._log.history(workspace.workspace_id, mine, until=_FOREVER, position=position)
        context = self._context(workspace, history)
        return {c: fold(None, events, context) for c, events in _group(history.events, mine).items()}

    def _by_customer(self, workspace: Workspace, batch: list[Event]) -> dict[str, list[Event]]:
        subjects = sorted({event.identifiers[0].key for event in batch})
        return _group(batch, self._identity.owners(workspace.workspace_id, subjects))

    def _context(self, workspace: Workspace, history: History) -> Context:
        return Context(self._taxonomy, workspace.zone, history.items, history.texts)


def _group(events: Iterable[Event], owners: Mapping[str, str]) -> dict[str, list[Event]]:
    groups: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda e: e.order_key):
        groups[owners[event.identifiers[0].key]].append(event)
    return groups
