"""The newest end of the log, in memory: what was just committed here need not be read back to be folded.

Only a saving: entries are exactly the events at their positions, and whoever finds none reads the log.
"""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from app.events.intake import Accepted

KEPT = 20_000
"""Events that are held, of all workspaces together."""


class Tail:
    """Committed batches by the position that they follow."""

    def __init__(self, *, kept: int = KEPT) -> None:
        """Hold at most `kept` events; the oldest batches go first."""
        self._kept, self._held = kept, 0
        self._batches: OrderedDict[tuple[str, int], Sequence[Accepted]] = OrderedDict()
        self._lock = Lock()

    def put(self, workspace_id: str, start: int, batch: Sequence[Accepted]) -> None:
        """Hold a batch that is committed at the positions after `start`; one that is too large is not held."""
        if not 0 < len(batch) <= self._kept:
            return
        with self._lock:
            self._batches[workspace_id, start] = batch
            self._held += len(batch)
            while self._held > self._kept:
                self._held -= len(self._batches.popitem(last=False)[1])

    def take(self, workspace_id: str, start: int, *, limit: int) -> Sequence[Accepted]:
        """The batches at the positions after `start`, given away once: the first, and more up to `limit` events."""
        taken: list[Accepted] = []
        with self._lock:
            while batch := self._batches.get((workspace_id, start)):
                if taken and len(taken) + len(batch) > limit:
                    break
                del self._batches[workspace_id, start]
                taken += batch
                start += len(batch)
            self._held -= len(taken)
        return taken
