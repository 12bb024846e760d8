"""A walk of events, merges and unmerges in any order, taken by the graph and by the brute-force model side by side."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from app.events.schemas import OUR_SOURCE, Event, EventKind, Identifier
from app.identity.clusters import live
from app.identity.graph import IdentityGraph, replay
from app.identity.paths import bridges
from app.identity.rules import Handover, shipped_rules
from app.identity.schemas import BLOCKED
from tests.identity.model import Model, bridges_by_hand

START = datetime(2026, 1, 1, tzinfo=UTC)
RULES = shipped_rules().model_copy(
    update={
        "per_person": {"user_id": 1, "openid": 1, "phone": 2, "anonymous": 3},
        "hubs": {
            "device": {"user_id": 2, "phone": 1, "any": 4},
            "anonymous": {"user_id": 2, "phone": 1, "any": 4},
            "phone": {"user_id": 3, "openid": 2, "any": 5},
        },
        "most_members": 9,
        "handover": {"phone": Handover(quiet_days=5, most_owners=3)},
    }
)
POOL = {
    "user_id": ["u1", "u2", "u3", "u4"],
    "openid": ["mall:o1", "mall:o2", "club:o1"],
    "phone": ["p1", "p2"],
    "email": ["e1", "e2"],
    "device": ["d1", "d2"],
    "anonymous": ["a1", "a2", "a3"],
    "alias": ["u1", "a1", "u2", "a2"],
    "crm": ["c1", "c2"],
    "crm1": ["c1", "c2"],
}
NAMES = st.dictionaries(st.sampled_from(sorted(POOL)), st.integers(0, 3), min_size=1, max_size=8)


def identifiers(picked: dict[str, int]) -> tuple[Identifier, ...]:
    found = [Identifier(kind, POOL[kind][n % len(POOL[kind])]) for kind, n in picked.items()]
    return tuple(sorted(found, key=lambda i: (RULES.rank(i.type), i.type, i.value)))


def an_event(number: int, names: tuple[Identifier, ...], at: datetime, **changes: Any) -> Event:
    fields: dict[str, Any] = {"kind": "view", "source": "web", **changes}
    return Event(
        event_id=f"e{number:05}", workspace_id="w", message_id=f"m{number}", occurred_at=at,
        received_at=START + timedelta(days=900, seconds=number), identifiers=names, **fields,
    )  # fmt: skip


class Machine(RuleBasedStateMachine):
    """Events in any order of time, merges, unmerges, revoked links; sometimes a replay."""

    steps = 0

    @initialize()
    def begin(self) -> None:
        self.graph, self.model = IdentityGraph(RULES), Model(RULES)
        self.log: list[Event] = []

    def take(self, event: Event) -> None:
        type(self).steps += 1
        self.log.append(event)
        self.graph.apply(event)
        self.model.apply(event)

    @rule(picked=NAMES, day=st.integers(0, 40), kind=st.sampled_from(["view", "view", "view", "campaign_sent"]))
    def event(self, picked: dict[str, int], day: int, kind: str) -> None:
        at = START + timedelta(days=day, hours=len(self.log) % 24)
        self.take(an_event(len(self.log), identifiers(picked), at, kind=kind))

    @rule(data=st.data(), kind=st.sampled_from([EventKind.MERGE, EventKind.UNMERGE, EventKind.UNMERGE]))
    def by_hand(self, data: st.DataObject, kind: EventKind) -> None:
        if self.graph.nodes:
            known = st.sampled_from(sorted(self.graph.nodes))
            self.say(kind, data.draw(known), data.draw(known))

    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        standing = [p for p in self.model.pairs if p.holds]
        if standing:
            pair = data.draw(st.sampled_from(standing))
            self.say(EventKind.UNMERGE, pair.a, pair.b)

    def walk(self, dice: random.Random) -> None:
        """One step drawn by `dice`, for walks without hypothesis."""
        known = sorted(self.graph.nodes)
        if known and dice.random() < 0.2:
            kind = dice.choice([EventKind.MERGE, EventKind.UNMERGE, EventKind.UNMERGE])
            self.say(kind, dice.choice(known), dice.choice(known))
            return
        kinds = dice.sample(sorted(POOL), dice.choice([1, *[2] * 6, *[3] * 4, dice.randint(5, 8)]))
        at = START + timedelta(days=dice.randrange(40), hours=len(self.log) % 24)
        event_kind = dice.choice(["view"] * 4 + ["campaign_sent"])
        names = identifiers({kind: dice.randrange(4) for kind in kinds})
        self.take(an_event(len(self.log), names, at, kind=event_kind))

    def say(self, kind: EventKind, a: str, b: str) -> None:
        names = (Identifier(*a.partition(":")[::2]),)
        properties = {"a": a, "b": b, "refused": [["marketing", "sms"]]}
        at = START + timedelta(days=100)
        self.take(an_event(len(self.log), names, at, kind=kind, source=OUR_SOURCE, properties=properties))

    @rule()
    def replayed(self) -> None:
        assert rows(replay(self.log, RULES)) == rows(self.graph)

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "graph"):
            return
        ours: dict[str, set[str]] = {}
        for node in self.graph.nodes.values():
            ours.setdefault(self.graph.nodes[node.cluster.oldest].node_id, set()).add(node.key)
        assert ours == {c: set(members) for c, members in self.model.partition().items()}
        mine = {link.serial: link for link in self.graph.changes.links}
        theirs = self.model.pairs
        assert [(x.a, x.b, x.revoked_why or "") for x in mine.values()] == [(p.a, p.b, p.revoked) for p in theirs]
        assert all(x.rule.removeprefix(BLOCKED) in p.rule for x, p in zip(mine.values(), theirs, strict=True))

    def teardown(self) -> None:
        if not hasattr(self, "graph"):
            return
        for cluster in self.model.partition().values():
            links = live(self.graph.nodes[next(iter(cluster))].cluster.links)
            found = {(x.a, x.b) for x in links if x.serial in bridges(links)}
            assert found == bridges_by_hand(self.model, cluster)


def rows(graph: IdentityGraph) -> tuple[Any, ...]:
    nodes = [
        (n.key, graph.nodes[n.cluster.oldest].node_id, n.serial, n.founder, n.version, n.partners, n.hub, n.apart,
         n.valid_from, n.valid_until, n.last_seen)
        for n in graph.nodes.values()
    ]  # fmt: skip
    links = [(x.serial, x.a, x.b, x.rule, x.event_id, x.revoked_by, x.revoked_why) for x in graph.changes.links]
    return sorted(nodes), links, graph.changes.holds
