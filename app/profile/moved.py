"""Whose profiles have moved enough to be reflected upon, as far as this process folded them.

A list in memory that may be lost: the periodic job finds whoever was on it.
"""

from collections.abc import Mapping
from threading import Lock

from app.profile.fold import State
from app.profile.history import due

KEPT = 10_000
"""Customers remembered of one workspace; of more the newest, the periodic job finds the others."""


class Moved:
    """Filled by the follower, emptied by whoever reflects; safe between threads."""

    def __init__(self) -> None:
        """Nobody has moved yet."""
        self._waiting: dict[str, dict[str, None]] = {}
        self._lock = Lock()

    def put(self, workspace_id: str, states: Mapping[str, State]) -> None:
        """Remember those of these customers who have moved enough."""
        found = dict.fromkeys(customer_id for customer_id, state in states.items() if due(state.history) is not None)
        if not found:
            return
        with self._lock:
            waiting = self._waiting.setdefault(workspace_id, {})
            waiting |= found
            for customer_id in list(waiting)[: max(len(waiting) - KEPT, 0)]:
                del waiting[customer_id]

    def take(self, workspace_id: str, *, limit: int) -> list[str]:
        """The next customers, who have waited longest; they are no longer on the list."""
        with self._lock:
            waiting = self._waiting.get(workspace_id, {})
            taken = list(waiting)[:limit]
            for customer_id in taken:
                del waiting[customer_id]
            return taken
