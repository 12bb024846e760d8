"""What customers of a workspace want, learned from a sample of them as they stood at the last local midnight.

A pure function of the log up to that midnight, so that yesterday's profile reads today as it read yesterday. The
sample is fixed by a hash of the customer ids among those who had come by then: it does not depend on who asks or when.
"""

from collections import OrderedDict
from collections.abc import Iterator
from datetime import UTC, datetime, time
from hashlib import blake2b
from threading import Lock

from app.access.schemas import Workspace
from app.events.store import EventLog
from app.identity.store import IdentityStore
from app.profile.refold import Refold
from app.profile.store import ProfileStore
from app.profile.wants import likeness
from app.profile.wants.hidden import Journey
from app.profile.wants.likeness import Likeness
from app.profile.wants.wanted import journey_of
from app.text.taxonomy import Taxonomy

SAMPLE = 600
"""Customers that are asked; more change the profiles of topics by less than their own noise."""
KEPT = 16
"""Midnights whose likeness is kept, of all workspaces together."""
GROWTH = 1.05
"""A likeness is made anew when the log has grown by this factor since, so that late events find their way in."""


class Peers:
    """The likeness of each workspace at a moment."""

    def __init__(self, log: EventLog, identity: IdentityStore, profiles: ProfileStore, taxonomy: Taxonomy) -> None:
        """States at hand come from `profiles`; those that know more than the midnight are folded again."""
        self._log, self._identity, self._profiles, self._taxonomy = log, identity, profiles, taxonomy
        self._refold = Refold(log, identity, taxonomy)
        self._kept: OrderedDict[tuple[str, datetime], tuple[int, Likeness | None]] = OrderedDict()
        self._fitting = Lock()

    def at(self, workspace: Workspace, as_of: datetime) -> Likeness | None:
        """What customers wanted at the last local midnight before `as_of`; None when there are too few to tell."""
        local = as_of.astimezone(workspace.zone)
        midnight = datetime.combine(local.date(), time(), workspace.zone).astimezone(UTC)
        key, position = (workspace.workspace_id, midnight), self._log.position(workspace.workspace_id, ours=False)
        with self._fitting:
            known = self._kept.get(key)
            if known is None or position > known[0] * GROWTH:
                found = likeness.fit(self._journeys(workspace, midnight), self._taxonomy.topics)
                self._kept[key] = known = (position, found)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return known[1]

    def _journeys(self, workspace: Workspace, midnight: datetime) -> Iterator[Journey]:
        """What each sampled customer's visits were about until a midnight, in the order of the sample."""
        name = workspace.workspace_id
        owners = self._identity.owners(name)
        seen = {c for subject in self._log.subjects(name, until=midnight) for c in owners.ever(subject)}
        everyone = sorted(seen, key=_place)[:SAMPLE]
        states = self._profiles.states(name, everyone)
        stale = [c for c, state in states.items() if state.last_key is None or state.last_key[0] > midnight]
        again = self._refold.of(workspace, stale, position=self._log.position(name), until=midnight)
        states = {c: s for c, s in states.items() if c not in set(stale)} | {r.customer_id: r.state for r in again}
        for customer_id in everyone:
            if customer_id in states:
                known = states[customer_id].interests
                yield journey_of(tuple(known.topics), known.wishes.rows, tuple(self._taxonomy.topics))


def _place(customer_id: str) -> bytes:
    return blake2b(customer_id.encode(), digest_size=8).digest()
