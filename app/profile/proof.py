"""The proof that stored profiles are what the log says: everybody folded from the start and compared, byte by byte."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from app.access.schemas import Workspace
from app.profile.checkpoints import Checkpoint, encoded
from app.profile.fold import State
from app.profile.refold import Refold
from app.profile.store import ProfileStore

PART = 500
"""Customers compared at once."""


class Differing(NamedTuple):
    """A customer whose snapshot or checkpoints are not what the log says; this is what it says."""

    customer_id: str
    state: State | None
    """None when the log knows nothing of them."""
    checkpoints: list[Checkpoint]


class Proof:
    """Compares. Writes nothing and holds up nobody: what moves meanwhile is compared again."""

    def __init__(self, profiles: ProfileStore, refold: Refold) -> None:
        """Snapshots come from `profiles`, the truth from `refold`."""
        self._profiles, self._refold = profiles, refold

    def differing(self, workspace: Workspace) -> Iterator[Differing]:
        """Customers whose stored profile is not the fold of their events up to where the follower stands."""
        workspace_id = workspace.workspace_id
        known = sorted({*self._refold.everyone(workspace), *self._profiles.stored(workspace_id)})
        for start in range(0, len(known), PART):
            part = known[start : start + PART]
            while (found := self._compared(workspace, part)) is None:
                pass  # the follower moved on while we read
            yield from found

    def _compared(self, workspace: Workspace, part: Sequence[str]) -> list[Differing] | None:
        """Those of a part that differ; None when the follower moved meanwhile."""
        workspace_id = workspace.workspace_id
        offset = self._profiles.offset(workspace_id)
        states = self._profiles.states(workspace_id, part)
        checkpoints = self._profiles.checkpoints(workspace_id, part)
        truth = {again.customer_id: again for again in self._refold.of(workspace, part, position=offset.position)}
        stale = set(self._profiles.stale(workspace_id))
        if offset != self._profiles.offset(workspace_id):
            return None
        found = []
        for customer_id in part:
            is_now = (states.get(customer_id), checkpoints.get(customer_id, {}))
            again = truth.get(customer_id)
            should = (again.state, {c.occurred_at: c.state for c in again.checkpoints}) if again else (None, {})
            if not _same(is_now, should) and customer_id not in stale:
                found.append(Differing(customer_id, should[0], again.checkpoints if again else []))
        return found


_Kept = tuple[State | None, dict[datetime, bytes]]


def _same(one: _Kept, other: _Kept) -> bool:
    states = [state and encoded(state) for state in (one[0], other[0])]
    return states[0] == states[1] and one[1] == other[1]
