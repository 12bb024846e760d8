"""Where the histories of recent subjects end, kept at hand. Right only while the log ends where we left it."""

from collections import OrderedDict

KEPT = 100_000
"""Subjects of one workspace; then all are forgotten."""
WORKSPACES = 16

Chains = dict[str, tuple[int, int, int]]
"""Subject -> (position of its newest event, number of its events, time of the first in microseconds)."""


class RecentEnds:
    """The ends that committed batches of this process left. A position is given once, so it names a log exactly."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._noted: OrderedDict[str, tuple[int, Chains]] = OrderedDict()

    def at(self, workspace_id: str, position: int) -> Chains:
        """What is known of a log that ends at a position; nothing when we did not write its end."""
        noted, chains = self._noted.get(workspace_id, (-1, {}))
        return chains if noted == position else {}

    def put(self, workspace_id: str, start: int, position: int, chains: Chains) -> None:
        """A committed batch moved a log's end from `start` to `position`."""
        known = self.at(workspace_id, start)
        if not 0 < len(known) <= KEPT:
            known = {}
        known.update(chains)  # nobody reads it now: whoever writes next waits for the end that is noted below
        self._noted[workspace_id] = (position, known)
        self._noted.move_to_end(workspace_id)
        while len(self._noted) > WORKSPACES:
            self._noted.popitem(last=False)
