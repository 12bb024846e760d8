"""Nodes, their clusters and the links between them: what the graph decides is kept here, and only here."""

from collections.abc import Callable, Iterable, Sequence

from app.events.schemas import Event
from app.identity.changes import Changes
from app.identity.clusters import Cluster, Link, Node, components
from app.identity.rows import NodeRow, to_node
from app.identity.rules import OTHER, Rules
from app.identity.schemas import BLOCKED, MERGED

Fetch = Callable[[Sequence[str]], Iterable[Link]]
"""Members of a cluster -> their live links from the store."""
MANY = 2**62
"""No limit."""


class Membership:
    """Who belongs together. It carries out what `IdentityGraph` decides, and notes every change."""

    def __init__(self, rules: Rules, *, nodes: int, links: int, fetch: Fetch | None) -> None:
        """`nodes` and `links` are the serials given out before; `fetch` brings links that were not loaded."""
        self.rules = rules
        self.nodes: dict[str, Node] = {}
        self.pairs: dict[tuple[str, str], Link] = {}
        """Pairs that are decided. Merges by hand are not among them."""
        self.changes = Changes()
        self.node_serial, self.link_serial = nodes, links
        self._fetch = fetch
        self._event_start = 0
        self._born: list[Node] = []
        """Nodes that the event at hand brought."""
        self._limits, self._shared, self._passing = rules.per_person, rules.shared, rules.handover
        self._most = rules.most_members or MANY
        self._hub_limits = {kind: rules.hub_limits(kind) for kind in rules.strength}
        self._other_hub = rules.hub_limits(OTHER)
        self._never_hubs = frozenset(kind for kind, limits in self._hub_limits.items() if not limits)
        self._strengths: dict[tuple[str, str], float] = {}

    def load(self, clusters: Iterable[Sequence[NodeRow]]) -> None:
        """Take in clusters from the store, all members of each."""
        for rows in clusters:
            rough = Cluster("", 0, [], {}, 0, [])
            nodes = [to_node(row, rough) for row in rows]
            self.nodes.update((node.key, node) for node in nodes)
            cluster = self.cluster_of(node.key for node in nodes)
            cluster.whole = False
            for node in nodes:
                node.cluster = cluster

    def _new(self, key: str, kind: str, event: Event) -> Node:
        self.node_serial = serial = self.node_serial + 1
        node = Node(key, kind, serial, event.event_id, self._single(key, kind, serial))
        self.nodes[key] = node
        self._born.append(node)
        self.changes.nodes.add(key)
        return node

    def _single(self, key: str, kind: str, serial: int) -> Cluster:
        counts = {self._limit_name(key, kind): 1} if kind in self._limits else {}
        return Cluster(key, serial, [key], counts, kind not in self._shared, [])

    def _limit_name(self, key: str, kind: str) -> str:
        """What members are counted by: the type, and of an openid `openid:app:value` its app too."""
        if kind != "openid":
            return kind
        app, colon, _ = key.partition(":")[2].partition(":")
        return f"{kind}/{app}" if colon else kind

    def cluster_of(self, members: Iterable[str]) -> Cluster:
        """A cluster of known nodes, without links."""
        nodes = sorted((self.nodes[key] for key in members), key=lambda node: node.serial)
        counts: dict[str, int] = {}
        for node in nodes:
            if node.kind in self._limits:
                name = self._limit_name(node.key, node.kind)
                counts[name] = counts.get(name, 0) + 1
        persons = sum(node.kind not in self._shared for node in nodes)
        apart = any(node.apart for node in nodes)
        return Cluster(nodes[0].key, nodes[0].serial, [n.key for n in nodes], counts, persons, [], apart=apart)

    def union(self, x: Cluster, y: Cluster) -> None:
        """Make two clusters one; identifiers that this very event brought join without a merge."""
        if x is y:
            return
        if x.born <= self._event_start and y.born <= self._event_start:
            self._note_merge(x, y)
        large, small = (x, y) if len(x.members) >= len(y.members) else (y, x)
        touched, nodes = self.changes.nodes, self.nodes
        if small.born < large.born:  # the id of the large one changes
            touched.update(large.members)
            large.oldest, large.born = small.oldest, small.born
        touched.update(small.members)
        for key in small.members:
            nodes[key].cluster = large
        large.members += small.members
        large.links += small.links
        for name, number in small.counts.items():
            large.counts[name] = large.counts.get(name, 0) + number
        large.persons += small.persons
        large.whole, large.apart = large.whole and small.whole, large.apart or small.apart

    def _note_merge(self, x: Cluster, y: Cluster) -> None:
        older, younger = sorted((self.nodes[x.oldest], self.nodes[y.oldest]), key=lambda node: node.serial)
        older.version = max(older.version, younger.version) + 1
        self.changes.nodes.add(older.key)
        self.changes.customers |= {older.node_id, younger.node_id}

    def _note_founders(self) -> None:
        """New nodes that are the oldest of a cluster after their event have given it their id."""
        for node in self._born:
            node.founder = node.founder or node.cluster.oldest == node.key
        self._born.clear()

    def resplit(self, cluster: Cluster) -> None:
        """Links were revoked: make a cluster of every part that still hangs together."""
        groups = components(cluster.members, cluster.links)
        if len(groups) == 1:
            return
        before = self.nodes[cluster.oldest]
        version = before.version + 1
        self.changes.customers.add(before.node_id)
        of = {}
        for group in groups:
            part = self.cluster_of(group)
            oldest = self.nodes[part.oldest]
            oldest.founder, oldest.version = True, max(version, oldest.version + 1)
            self.changes.customers.add(oldest.node_id)
            for key in group:
                self.nodes[key].cluster = of[key] = part
        for link in cluster.links:
            if link.revoked_at is None:
                of[link.a].links.append(link)
        self.changes.nodes.update(cluster.members)

    def whole(self, cluster: Cluster) -> Cluster:
        """The cluster with all its links."""
        if not cluster.whole and self._fetch:
            here = {link.serial for link in cluster.links} | self.changes.revoked.keys()
            cluster.links += [self._same(link) for link in self._fetch(cluster.members) if link.serial not in here]
        cluster.whole = True
        return cluster

    def _same(self, link: Link) -> Link:
        """The one object for a link, should it have been loaded as a pair before."""
        known = self.pairs.get((link.a, link.b))
        return known if known is not None and known.serial == link.serial else link

    # --- links ---------------------------------------------------------------------------------------------

    def record(self, one: Node, two: Node, event: Event, rule: str) -> None:
        """Keep a link of two nodes that are in one cluster by now."""
        self._keep(one, two, event, rule, 1.0 if rule == MERGED else self.strength(one.kind, two.kind))

    def _keep(self, one: Node, two: Node, event: Event, rule: str, strength: float) -> None:
        link = self._link(one, two, event, rule, strength)
        one.cluster.links.append(link)

    def _refuse(self, one: Node, two: Node, event: Event, reason: str) -> None:
        self._link(one, two, event, f"{BLOCKED}{reason}", self.strength(one.kind, two.kind))

    def _link(self, one: Node, two: Node, event: Event, rule: str, strength: float) -> Link:
        self.link_serial = serial = self.link_serial + 1
        a, b, touched = one.key, two.key, self.changes.nodes
        link = Link(serial, a, b, rule, event.source, event.event_id, strength, event.occurred_at)
        if rule != MERGED:
            self.pairs[a, b] = link
            one.partners += 1
            two.partners += 1
            if one.kind not in self._never_hubs:
                self._note_seen(one, two.kind)
            if two.kind not in self._never_hubs:
                self._note_seen(two, one.kind)
            touched.add(a)
            touched.add(b)
        self.changes.links.append(link)
        return link

    def _note_seen(self, node: Node, kind: str) -> None:
        if node.seen is None:
            node.seen = {kind: 1}
        else:
            node.seen[kind] = node.seen.get(kind, 0) + 1

    def revoke(self, link: Link, event: Event, why: str) -> None:
        """Take a link back; `resplit` its cluster afterwards."""
        link.revoked_at, link.revoked_by, link.revoked_why = event.received_at, event.event_id, why
        self.changes.revoked[link.serial] = link

    def strength(self, a: str, b: str) -> float:
        """How strong a link between two types is."""
        found = self._strengths.get((a, b))
        if found is None:
            found = self._strengths[a, b] = round(self.rules.weight(a) * self.rules.weight(b), 4)
        return found

    def handed_over(self, former: Cluster, present: Cluster) -> None:
        """Two customers' histories changed because an identifier passed from one to the other."""
        for node in (self.nodes[former.oldest], self.nodes[present.oldest]):
            node.version += 1
            self.changes.customers.add(node.node_id)
            self.changes.nodes.add(node.key)
