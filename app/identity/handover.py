"""Identifiers that pass from one person to the next: a telephone number given up by one and handed to another.

Each owner has a turn, a node of its own: `phone:...`, then `phone:...@2`. An event belongs to the owner in whose turn
it happened. A turn begins with the event that first shows the number with somebody who must not be its owner, if the
owner had been quiet for long enough; a late event that shows it earlier moves the beginning back.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.events.schemas import PASSIVE_KINDS, Event
from app.identity.clusters import Link, Node
from app.identity.schemas import BLOCKED, SAME_EVENT

if TYPE_CHECKING:
    from app.identity.graph import IdentityGraph

GRAIN = timedelta(days=1)
"""How exactly it is known when an owner was last seen: a use within a day of the last one changes nothing."""


def base_of(key: str) -> str:
    """The identifier whose turn a node of a type that is handed over is."""
    return key.partition("@")[0]


class Handovers:
    """The turns of all identifiers that can be handed over."""

    def __init__(self, graph: "IdentityGraph") -> None:
        """Nothing has been handed over yet."""
        self._graph = graph
        self._passing = graph.rules.handover
        self._turns: dict[str, list[Node]] = {}

    def add(self, node: Node) -> None:
        """The latest turn of an identifier."""
        self._turns.setdefault(base_of(node.key), []).append(node)

    def held_at(self, key: str, at: datetime) -> str:
        """The node whose turn it was."""
        turns = self._turns.get(key)
        if not turns:
            return key
        return next((n.key for n in reversed(turns) if n.valid_from is None or n.valid_from <= at), key)

    def used(self, one: Node, two: Node, event: Event) -> None:
        """An owner was seen with the identifier; what is only done to them does not show that they still have it."""
        for node in (one, two):
            if node.kind in self._passing and event.kind not in PASSIVE_KINDS:
                last = node.last_seen
                if last is None or event.occurred_at >= last + GRAIN:
                    node.last_seen = event.occurred_at
                    self._graph.changes.nodes.add(node.key)

    def seen_again(self, link: Link, event: Event) -> None:
        """A pair that is decided was seen once more: the owner still has it, or by now somebody else does."""
        if link.revoked_at is not None:
            return
        one, two = self._graph.nodes[link.a], self._graph.nodes[link.b]
        if link.rule.startswith(BLOCKED):
            self.hand_over(one, two, link.rule.removeprefix(BLOCKED), event)
        else:
            self.used(one, two, event)

    def hand_over(self, one: Node, two: Node, reason: str, event: Event) -> bool:
        """Let the identifier among the two pass to the other, if it may; what is done to a person moves nothing."""
        if event.kind in PASSIVE_KINDS or reason == "too_many_members" or not reason.startswith(("two_", "too_many_")):
            return False
        return any(
            thing.kind in self._passing
            and other.kind not in self._graph.rules.shared
            and reason != f"too_many_{thing.kind}"
            and self._passes(thing, other, event)
            for thing, other in ((two, one), (one, two))
        )

    def _passes(self, thing: Node, other: Node, event: Event) -> bool:
        turns = self._turns[base_of(thing.key)]
        if thing.hub:
            return False
        place = turns.index(thing)
        if place + 1 < len(turns):
            return turns[place + 1].cluster is other.cluster and self._move(thing, turns[place + 1], other, event)
        rule, last = self._passing[thing.kind], thing.last_seen
        if last is None or event.occurred_at < last + timedelta(days=rule.quiet_days):
            return False
        if len(turns) >= rule.most_owners:
            for turn in turns:
                self._graph.make_hub(turn, event)
            return False
        return self._next_turn(thing, other, event)

    def _next_turn(self, thing: Node, other: Node, event: Event) -> bool:
        graph = self._graph
        base = base_of(thing.key)
        key = f"{base}@{len(self._turns[base]) + 1}"
        if not graph.takes(other, key, thing.kind):
            return False
        turn = graph.new_turn(key, thing.kind, event)
        turn.valid_from = thing.valid_until = event.occurred_at
        graph.changes.nodes.add(thing.key)
        graph.union(other.cluster, turn.cluster)
        self._link(other, turn, event)
        graph.handed_over(thing.cluster, other.cluster)
        return True

    def _move(self, thing: Node, turn: Node, other: Node, event: Event) -> bool:
        """The next owner had it earlier than we knew."""
        if thing.last_seen is not None and event.occurred_at < thing.last_seen + GRAIN:
            return False
        turn.valid_from = thing.valid_until = event.occurred_at
        self._graph.changes.nodes |= {thing.key, turn.key}
        self._link(other, turn, event)
        self._graph.handed_over(thing.cluster, other.cluster)
        return True

    def _link(self, other: Node, turn: Node, event: Event) -> None:
        rules = self._graph.rules
        one, two = sorted((other, turn), key=lambda node: rules.place(node.kind, node.key))
        if (one.key, two.key) not in self._graph.pairs:
            self._graph.record(one, two, event, SAME_EVENT)
        self.used(one, two, event)
