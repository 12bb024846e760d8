"""Fold customers again from the log: from the start, or from a checkpoint, in slices that fit into memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from app.access.schemas import Workspace
from app.events.schemas import Event, History, Member
from app.events.store import EventLog
from app.events.timestamps import FOREVER
from app.identity.store import IdentityStore
from app.profile.checkpoints import Checkpoint, advance_noting
from app.profile.fold import State
from app.profile.seen import Context
from app.text.taxonomy import Taxonomy

SLICE = 5_000
"""Events that are held at once, as far as a single customer has no more."""


class Refolded(NamedTuple):
    """A customer folded again."""

    customer_id: str
    state: State
    checkpoints: list[Checkpoint]


class Refold:
    """Reads histories and folds them. Writes nothing."""

    def __init__(self, log: EventLog, identity: IdentityStore, taxonomy: Taxonomy) -> None:
        """Histories come from `log`, their owners from `identity`."""
        self._log, self._identity, self._taxonomy = log, identity, taxonomy

    def everyone(self, workspace: Workspace) -> set[str]:
        """Every customer that there is or was."""
        return self._identity.owners(workspace.workspace_id).everyone()

    def versions(self, workspace: Workspace, customer_ids: Iterable[str]) -> dict[str, int]:
        """The identity_version of each of these customers."""
        return self._identity.versions(workspace.workspace_id, sorted(customer_ids))

    def of(
        self, workspace: Workspace, customer_ids: Sequence[str], *, position: int, until: datetime = FOREVER
    ) -> Iterator[Refolded]:
        """Customers folded from their first event to the log's `position`, as far as they happened by `until`.

        Who has no such event is left out.
        """
        members = self._identity.members(workspace.workspace_id, customer_ids) if customer_ids else {}
        for part in self._slices(workspace.workspace_id, members):
            wanted = [member for customer_id in part for member in members[customer_id]]
            history = self._log.history(workspace.workspace_id, wanted, until=until, position=position)
            context = self._context(workspace, history)
            for customer_id, events in _shared_out(history.events, {c: members[c] for c in part}).items():
                state = State(taxonomy_hash=self._taxonomy.fingerprint)
                yield Refolded(customer_id, state, advance_noting(customer_id, state, events, context))

    def onto(self, workspace: Workspace, customer_id: str, state: State | None, *, position: int) -> Refolded:
        """A customer folded on from a checkpoint, which becomes the new state; from the start without one."""
        if state is None or state.last_key is None:
            return next(self.of(workspace, [customer_id], position=position))
        after, last = state.last_key[0] - timedelta(microseconds=1), state.last_key
        wanted = self._identity.members(workspace.workspace_id, [customer_id])[customer_id]
        history = self._log.history(workspace.workspace_id, wanted, until=FOREVER, after=after, position=position)
        later = [event for event in history.events if event.order_key > last]
        noted = advance_noting(customer_id, state, later, self._context(workspace, history))
        return Refolded(customer_id, state, noted)

    def _slices(self, workspace_id: str, members: Mapping[str, Sequence[Member]]) -> Iterator[list[str]]:
        sizes = self._log.sizes(workspace_id, [member.key for theirs in members.values() for member in theirs])
        part: list[str] = []
        held = 0
        for customer_id in sorted(members):
            size = sum(sizes.get(member.key, 0) for member in members[customer_id])
            if part and held + size > SLICE:
                yield part
                part, held = [], 0
            part.append(customer_id)
            held += size
        if part:
            yield part

    def _context(self, workspace: Workspace, history: History) -> Context:
        return Context(self._taxonomy, workspace.zone, history.items, history.texts)


def _shared_out(events: Sequence[Event], members: Mapping[str, Sequence[Member]]) -> dict[str, list[Event]]:
    """Each event to the customer whose identifier it is, at its time. Events come in canonical order and stay so."""
    owners: dict[str, list[tuple[Member, str]]] = {}
    for customer_id, theirs in members.items():
        for member in theirs:
            owners.setdefault(member.key, []).append((member, customer_id))
    found: dict[str, list[Event]] = {}
    for event in events:
        for member, customer_id in owners[event.subject]:
            if member.covers(event.occurred_at):
                found.setdefault(customer_id, []).append(event)
    return found
