"""What needs no second look: records whose identifiers have all been seen together before.

A note is right as long as nobody else has written to the graph since, which the head's token tells: it changes with
every write, also with those of another process, and falls back when a transaction is undone.
"""

from collections import OrderedDict

from app.events.schemas import OUR_SOURCE, Event, Identifier
from app.identity.rules import Rules

WORKSPACES = 16
EACH = 200_000
"""Records noted of one workspace; then all are forgotten."""


class Settled:
    """The notes of all workspaces."""

    def __init__(self, rules: Rules) -> None:
        """Identifiers that change hands are never settled: whose they are is a matter of time."""
        self._passing = frozenset(rules.handover)
        self._notes: OrderedDict[str, tuple[str, set[tuple[Identifier, ...]]]] = OrderedDict()

    def at(self, workspace_id: str, token: str) -> set[tuple[Identifier, ...]]:
        """The identifiers of records that the graph with this token has nothing to learn from."""
        noted, records = self._notes.get(workspace_id, ("", set[tuple[Identifier, ...]]()))
        return records if noted == token else set()

    def forget(self, workspace_id: str) -> None:
        """The graph was made anew."""
        self._notes.pop(workspace_id, None)

    def note(self, workspace_id: str, token: str, records: set[tuple[Identifier, ...]], events: list[Event]) -> None:
        """Add events that the graph with this token knows to the records that it knew."""
        if len(records) > EACH:
            records = set()
        for event in events:
            if event.source != OUR_SOURCE and not any(name.type in self._passing for name in event.identifiers):
                records.add(event.identifiers)
        self._notes[workspace_id] = (token, records)
        self._notes.move_to_end(workspace_id)
        while len(self._notes) > WORKSPACES:
            self._notes.popitem(last=False)
