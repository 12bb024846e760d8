"""Deterministic linking that can be undone, pure: the same events in log order give the same graph, always.

Every pair of identifiers that an event shows (the strongest with each of the others) is decided once: a link, or a
refusal with its reason (`blocked:`). A customer is a connected set of links that hold; its id is that of the
identifier that arrived first, in the order of the log and within an event by strength. So an id that was given out
stays: a merge keeps the older one, an unmerge gives the other back, a late event changes none.

Guards are in `rules.yaml`. What a guard refuses may still be right in two cases, tried in this order: an identifier
that changes hands (`handover.py`), and a weak link that yields to a stronger one (here).
"""

from collections.abc import Iterable, Sequence

from app.events.schemas import GRAPH_KINDS, OUR_SOURCE, Event, EventKind, Identifier
from app.identity.clusters import Cluster, Node, divide, live, reach
from app.identity.handover import Handovers
from app.identity.identifiers import ALIAS, FORMER
from app.identity.membership import MANY, Fetch, Membership
from app.identity.rows import NodeRow
from app.identity.rules import Rules
from app.identity.schemas import ALIASED, MERGED, SAME_EVENT, Hold

LOGIN = "user_id"
_FIRM = frozenset({"separated", "too_many_members"})
"""Refusals for which nothing yields: somebody said so, or the customer is suspect as a whole."""


class IdentityGraph(Membership):
    """Clusters by identifier. Feed it events in log order; `changes` tells what is new since it was made."""

    def __init__(self, rules: Rules, *, nodes: int = 0, links: int = 0, fetch: Fetch | None = None) -> None:
        """`nodes` and `links` are the serials given out before; `fetch` brings links that were not loaded."""
        super().__init__(rules, nodes=nodes, links=links, fetch=fetch)
        self._handovers = Handovers(self)

    def load(self, clusters: Iterable[Sequence[NodeRow]]) -> None:
        """Take in clusters from the store, all members of each."""
        super().load(clusters)
        for node in sorted(self.nodes.values(), key=lambda node: node.serial):
            if node.kind in self._passing:
                self._handovers.add(node)

    # --- events --------------------------------------------------------------------------------------------

    def apply(self, event: Event) -> None:
        """Take in one event."""
        if event.source == OUR_SOURCE:
            if event.kind in GRAPH_KINDS:
                self._by_hand(event)
            return
        if len(event.identifiers) == 2 and self._is_known(*event.identifiers):
            return
        self._event_start = self.node_serial
        keys = []
        for name in event.identifiers:
            kind = name.type
            key = f"{kind}:{name.value}"  # as Identifier.key, which costs twice as much
            keys.append((self._handovers.held_at(key, event.occurred_at) if kind in self._passing else key, kind))
        if len(keys) > 1:
            self._star(keys, event)
        elif keys[0][0] not in self.nodes:
            self._new(*keys[0], event)
        if self._born:
            self._note_founders()

    def _is_known(self, one: Identifier, two: Identifier) -> bool:
        """The commonest record: two identifiers, seen together before, and time does not matter."""
        kind, other = one.type, two.type
        if kind in self._passing or other in self._passing or other == ALIAS:
            return False
        return (f"{kind}:{one.value}", f"{other}:{two.value}") in self.pairs

    def _star(self, keys: list[tuple[str, str]], event: Event) -> None:
        """The strongest identifier that is no hub with each of the others."""
        (key, kind), *others = keys
        while others and (node := self.nodes.get(key)) is not None and node.hub:
            self._pair(key, kind, *others[0], event, SAME_EVENT)
            (key, kind), *others = others
        pairs = self.pairs
        for other, other_kind in others:
            if (key, other) not in pairs or other_kind in self._passing or kind in self._passing:
                self._pair(key, kind, other, other_kind, event, SAME_EVENT)
                if other_kind == ALIAS:
                    self._former(key, kind, other, event)

    def _former(self, key: str, kind: str, alias: str, event: Event) -> None:
        """An alias means whoever went by that name before."""
        for former in FORMER:
            other = f"{former}:{alias.partition(':')[2]}"
            if other in self.nodes and other != key:
                one, two = sorted(((key, kind), (other, former)), key=lambda end: self.rules.place(end[1], end[0]))
                self._pair(*one, *two, event, ALIASED)

    def _pair(self, a: str, a_kind: str, b: str, b_kind: str, event: Event, rule: str) -> None:
        known = self.pairs.get((a, b))
        if known is None:
            self._decide(a, a_kind, b, b_kind, event, rule)
        elif b_kind in self._passing or a_kind in self._passing:
            self._handovers.seen_again(known, event)

    def _decide(self, a: str, a_kind: str, b: str, b_kind: str, event: Event, rule: str) -> None:
        one = self.nodes.get(a) or self._new(a, a_kind, event)
        if b not in self.nodes and self._attaches(one, b, b_kind, event, rule):
            return
        two = self.nodes.get(b) or self._new(b, b_kind, event)
        self._break_hubs(one, two, event)
        if reason := self._objection(one, two):
            if self._handovers.hand_over(one, two, reason, event):
                return
            if insisted := self._insists(one, two, reason, event):
                self._refuse(one, two, event, insisted)
                return
        self.union(one.cluster, two.cluster)
        self._handovers.used(one, two, event)
        self.record(one, two, event, rule)

    def _objection(self, one: Node, two: Node) -> str | None:
        if one.hub or two.hub:
            return "hub"
        return None if one.cluster is two.cluster else self.refusal(one, two)

    def _insists(self, one: Node, two: Node, reason: str, event: Event) -> str | None:
        """The reason, if nothing yields to the new link."""
        if one.hub or two.hub:
            return "hub"
        return reason if reason in _FIRM or not self._yields(one, two, event) else None

    def _attaches(self, one: Node, key: str, kind: str, event: Event, rule: str) -> bool:
        """The common case, in few steps: an identifier never seen before joins a customer, and no guard minds."""
        cluster, counts = one.cluster, one.cluster.counts
        if one.hub or (one.kind not in self._never_hubs and self._is_too_many(one, kind)):
            return False
        if (
            len(cluster.members) >= self._most
            or kind == LOGIN
            or (one.kind in self._shared and kind not in self._shared)
        ):
            return False
        if kind in self._limits:
            name = self._limit_name(key, kind)
            number = counts.get(name, 0)
            if number >= self._limits[kind]:
                return False
            counts[name] = number + 1
        self.node_serial = serial = self.node_serial + 1
        node = Node(key, kind, serial, event.event_id, cluster)
        self.nodes[key] = node
        cluster.members.append(key)
        cluster.persons += kind not in self._shared
        if kind in self._passing:
            self._handovers.add(node)
        if kind in self._passing or one.kind in self._passing:
            self._handovers.used(one, node, event)
        self._keep(one, node, event, rule, self.strength(one.kind, kind))
        return True

    def _break_hubs(self, one: Node, two: Node, event: Event) -> None:
        for node, other in ((one, two), (two, one)):
            if not node.hub and self._is_too_many(node, other.kind):
                self.make_hub(node, event)

    def _is_too_many(self, node: Node, kind: str) -> bool:
        """Whether one more identifier of a type makes a hub of a node."""
        limits = self._hub_limits.get(node.kind, self._other_hub)
        if not limits or node.seen is None:
            return False
        return node.partners >= limits.get("any", MANY) or node.seen.get(kind, 0) >= limits.get(kind, MANY)

    # --- guards --------------------------------------------------------------------------------------------

    def refusal(self, one: Node, two: Node) -> str | None:
        """Why these two may not be one customer; None when they may."""
        shared = one.kind in self._shared or two.kind in self._shared
        return self._refused(one.cluster, two.cluster, shared=shared)

    def _refused(self, x: Cluster, y: Cluster, *, shared: bool) -> str | None:
        if x.apart and y.apart and self._are_apart(x, y):
            return "separated"
        small, large = (x.counts, y.counts) if len(x.counts) <= len(y.counts) else (y.counts, x.counts)
        over = [
            kind
            for name, number in small.items()
            if (others := large.get(name)) and others + number > self._limits[kind := name.partition("/")[0]]
        ]
        if over:
            kind = min(over, key=lambda kind: (self.rules.rank(kind), kind))
            return "two_user_ids" if kind == LOGIN else f"too_many_{kind}"
        if shared and x.persons and y.persons:
            return "shared_identifier"
        if len(x.members) + len(y.members) > self._most:
            return "too_many_members"
        return None

    def _are_apart(self, x: Cluster, y: Cluster) -> bool:
        there = set(y.members)
        return any(not there.isdisjoint(self.nodes[key].apart) for key in x.members)

    def _yields(self, one: Node, two: Node, event: Event) -> bool:
        """Cut weaker links that hold one of the two back; False when what holds it is as strong as the new link."""
        strength = self.strength(one.kind, two.kind) / self.rules.yields_to
        return self._freed(two, one, strength, event) or self._freed(one, two, strength, event)

    def _freed(self, node: Node, other: Node, strength: float, event: Event) -> bool:
        links = live(self.whole(node.cluster).links)
        part = reach(node.key, links, above=strength)
        if len(part) == len(node.cluster.members):
            return False
        shared = node.kind in self._shared or other.kind in self._shared
        if self._refused(self.cluster_of(sorted(part)), other.cluster, shared=shared):
            return False
        for link in links:
            if (link.a in part) != (link.b in part):
                self.revoke(link, event, "yielded")
        self.resplit(node.cluster)
        return True

    def make_hub(self, node: Node, event: Event) -> None:
        """The identifier names nobody any more: its links are taken back."""
        node.hub = self.changes.hubs = True
        self.changes.nodes.add(node.key)
        cluster = self.whole(node.cluster)
        for link in live(cluster.links):
            if node.key in (link.a, link.b) and link.rule != MERGED:
                self.revoke(link, event, "hub")
        self.resplit(cluster)

    # --- by hand -------------------------------------------------------------------------------------------

    def _by_hand(self, event: Event) -> None:
        a, b = self.nodes.get(str(event.properties.get("a"))), self.nodes.get(str(event.properties.get("b")))
        if a is None or b is None or a is b:
            return
        self._event_start = self.node_serial
        if event.kind == EventKind.MERGE and a.cluster is not b.cluster:
            self._merge(a, b, event)
        elif event.kind == EventKind.UNMERGE and a.cluster is b.cluster:
            self._unmerge(a, b, event)

    def _merge(self, a: Node, b: Node, event: Event) -> None:
        self._reconcile(a.cluster, b.cluster)
        self.union(a.cluster, b.cluster)
        one, two = sorted((a, b), key=lambda node: self.rules.place(node.kind, node.key))
        self.record(one, two, event, MERGED)

    def _reconcile(self, x: Cluster, y: Cluster) -> None:
        """A merge by hand takes back that members of the two were separated."""
        both = {*x.members, *y.members} if x.apart and y.apart else set()
        for node in [self.nodes[key] for key in sorted(both) if self.nodes[key].apart]:
            foes = tuple(foe for foe in node.apart if foe not in both)
            if foes != node.apart:
                node.apart = foes
                self.changes.nodes.add(node.key)

    def _unmerge(self, a: Node, b: Node, event: Event) -> None:
        cluster = self.whole(a.cluster)
        self.changes.holds += [
            Hold(key, str(purpose), str(channel), event.event_id, event.occurred_at)
            for key in sorted(cluster.members)
            for purpose, channel in event.properties.get("refused", ())
        ]
        for link in divide(sorted(cluster.members), cluster.links, a.key, b.key):
            self.revoke(link, event, "unmerge")
        for node, foe in ((a, b), (b, a)):
            node.apart = tuple(sorted({*node.apart, foe.key}))
            self.changes.nodes.add(node.key)
        self.resplit(cluster)

    # --- turns ---------------------------------------------------------------------------------------------

    def _new(self, key: str, kind: str, event: Event) -> Node:
        node = super()._new(key, kind, event)
        if kind in self._passing:
            self._handovers.add(node)
        return node

    def new_turn(self, key: str, kind: str, event: Event) -> Node:
        """A node for the next owner of an identifier."""
        return self._new(key, kind, event)

    def takes(self, node: Node, key: str, kind: str) -> bool:
        """Whether a customer may have one more identifier, as far as limits go."""
        return self._refused(node.cluster, self._single(key, kind, self.node_serial + 1), shared=False) is None

    def spans(self) -> Handovers:
        """Who had what when."""
        return self._handovers


def replay(events: Iterable[Event], rules: Rules) -> IdentityGraph:
    """The graph that these events, in log order, make: what the stored one has to equal."""
    graph = IdentityGraph(rules)
    for event in events:
        graph.apply(event)
    return graph
