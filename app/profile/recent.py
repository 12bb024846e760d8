"""States that were folded a moment ago and whose events those were, kept at hand.

Right only as long as nobody else, in this process or another, has changed what is stored: each is kept with the
stored version that it belongs to, and whoever asks says which version is stored now.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from app.identity.schemas import Owners
from app.identity.store import IdentityStore
from app.profile.fold import State

KEPT = 20_000
"""States of one workspace; those used longest ago go first."""
WORKSPACES = 16


class Recent:
    """The states of each workspace as its last writer here left them.

    What is taken out is put back after the commit, so that a transaction that is undone leaves nothing wrong here.
    """

    def __init__(self, *, kept: int = KEPT) -> None:
        """Hold at most `kept` states of each workspace."""
        self._kept = kept
        self._states: OrderedDict[str, tuple[int, OrderedDict[str, State]]] = OrderedDict()

    def take(self, workspace_id: str, version: int, customer_ids: Iterable[str]) -> dict[str, State]:
        """Give away the states of these customers, as far as they are known at this version of the stored ones."""
        noted, states = self._states.get(workspace_id, (0, OrderedDict()))
        if noted != version:
            self._states.pop(workspace_id, None)
            return {}
        return {c: state for c in customer_ids if (state := states.pop(c, None)) is not None}

    def put(self, workspace_id: str, start: int, version: int, states: Mapping[str, State]) -> None:
        """Take states that moved what is stored from version `start` to `version`.

        What else is here is still true only if it was noted at `start`; who comes too late changes nothing.
        """
        noted, kept = self._states.get(workspace_id, (start, OrderedDict[str, State]()))
        if noted >= version:
            return
        kept = kept if noted == start else OrderedDict()
        kept.update(states)
        while len(kept) > self._kept:
            kept.popitem(last=False)
        self._states[workspace_id] = (version, kept)
        self._states.move_to_end(workspace_id)
        while len(self._states) > WORKSPACES:
            self._states.popitem(last=False)


class RecentOwners:
    """Who owns the subjects that were seen lately."""

    def __init__(self, identity: IdentityStore, *, kept: int = 5 * KEPT) -> None:
        """Hold about `kept` subjects of each workspace; then all are forgotten."""
        self._identity, self._kept = identity, kept
        self._known: OrderedDict[str, tuple[str, dict[str, Owners]]] = OrderedDict()

    def of(self, workspace_id: str, subjects: set[str]) -> Mapping[str, Owners]:
        """An answer for each subject, true of the graph as it is stored now."""
        revision = self._identity.revision(workspace_id)
        noted, known = self._known.pop(workspace_id, ("", dict[str, Owners]()))
        if noted != revision or len(known) > self._kept:
            known = {}
        if missing := sorted(subjects - known.keys()):
            known.update(dict.fromkeys(missing, self._identity.owners(workspace_id, missing)))
        self._known[workspace_id] = (revision, known)
        while len(self._known) > WORKSPACES:
            self._known.popitem(last=False)
        return known
