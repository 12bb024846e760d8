"""The proof that stored profiles are what the log says: everybody folded from the start and compared, byte by byte."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.access.schemas import Workspace
from app.database.engine import Database
from app.profile.checkpoints import Checkpoint, encoded
from app.profile.refold import Refold, Refolded
from app.profile.store import Checkpoints, ProfileStore, Snapshot

PART = 500
"""Customers compared at once."""
TRIES = 2
"""How often a part is compared beside followers that move; then they wait."""
HELD = 50
"""Customers that are compared while all writers wait."""


class Differing(NamedTuple):
    """A customer whose snapshot or checkpoints are not what the log says; this is what it says."""

    customer_id: str
    snapshot: Snapshot | None
    """None when the log knows nothing of them."""
    checkpoints: list[Checkpoint]


class Proof:
    """Compares and writes nothing. A part that moves meanwhile is compared again, at last while writers wait."""

    def __init__(self, database: Database, profiles: ProfileStore, refold: Refold) -> None:
        """Snapshots come from `profiles`, the truth from `refold`; both read `database`."""
        self._database, self._profiles, self._refold = database, profiles, refold

    def differing(self, workspace: Workspace) -> Iterator[Differing]:
        """Customers whose stored profile is not the fold of their events up to where the follower stands."""
        workspace_id = workspace.workspace_id
        known = sorted({*self._refold.everyone(workspace), *self._profiles.stored(workspace_id)})
        for start in range(0, len(known), PART):
            part = known[start : start + PART]
            yield from self._settled(workspace, part)

    def _settled(self, workspace: Workspace, part: Sequence[str]) -> list[Differing]:
        for _ in range(TRIES):
            if (found := self._compared(workspace, part)) is not None:
                return found
        pieces = [part[start : start + HELD] for start in range(0, len(part), HELD)]
        return [differing for piece in pieces for differing in self._alone(workspace, piece)]

    def _alone(self, workspace: Workspace, part: Sequence[str]) -> list[Differing]:
        with self._database.write(derived=True):  # nobody moves
            return self._compared(workspace, part) or []

    def _compared(self, workspace: Workspace, part: Sequence[str]) -> list[Differing] | None:
        """Those of a part that differ; None when the follower moved meanwhile."""
        workspace_id = workspace.workspace_id
        offset = self._profiles.offset(workspace_id)
        snapshots = self._profiles.snapshots(workspace_id, part)
        checkpoints = self._profiles.checkpoints(workspace_id, part)
        truth = {again.customer_id: again for again in self._refold.of(workspace, part, position=offset.position)}
        versions = self._refold.versions(workspace, truth)
        stale = set(self._profiles.stale(workspace_id))
        if offset != self._profiles.offset(workspace_id):
            return None
        found = []
        for customer_id in part:
            should = _expected(truth.get(customer_id), versions.get(customer_id, 0))
            same = _same((snapshots.get(customer_id), checkpoints.get(customer_id, {})), should)
            if not same and customer_id not in stale:
                found.append(Differing(customer_id, should[0], truth[customer_id].checkpoints if should[0] else []))
        return found


_Kept = tuple[Snapshot | None, Checkpoints]


def _expected(again: Refolded | None, version: int) -> _Kept:
    """What has to be stored of a customer who was folded again."""
    if again is None:
        return None, {}
    return Snapshot(version, again.state), {c.occurred_at: (version, c.state) for c in again.checkpoints}


def _same(one: _Kept, other: _Kept) -> bool:
    snapshots = [kept and (kept.identity_version, encoded(kept.state)) for kept in (one[0], other[0])]
    return snapshots[0] == snapshots[1] and one[1] == other[1]
