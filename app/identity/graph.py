"""Deterministic linking, pure: identifiers seen in one event are one customer, unless a guard forbids it.

Guards: two different user_ids never merge, whatever they share; a device or anonymous id attaches to the first
cluster it meets and never joins two others. A refused link is an edge whose rule says `blocked:` and why.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.events.schemas import Event, Identifier
from app.identity.identifiers import PERSONAL, SHARED
from app.identity.schemas import Edge


@dataclass
class Cluster:
    """A customer in the making: members in the order in which they were first seen."""

    customer_id: str
    members: list[str]
    born: tuple[str, str]
    """(occurred_at, event_id) of the first event, for "a merge keeps the older id"."""


@dataclass
class Links:
    """What a batch of events changed."""

    edges: list[Edge] = field(default_factory=list)
    merged: dict[str, str] = field(default_factory=dict)
    """absorbed customer_id -> surviving customer_id"""
    touched: set[str] = field(default_factory=set)
    """customer_ids whose members changed"""


class IdentityGraph:
    """Clusters by identifier. Feed it events in log order; it reports what changed."""

    def __init__(self, clusters: Mapping[str, Cluster] | None = None) -> None:
        """Start from known clusters, given as identifier key -> cluster."""
        self._of: dict[str, Cluster] = dict(clusters or {})

    def link(self, events: Iterable[Event]) -> Links:
        """Take in a batch of events."""
        links = Links()
        for event in events:
            self._link_event(event, links)
        return links

    def cluster_of(self, key: str) -> Cluster | None:
        """The cluster that an identifier belongs to."""
        return self._of.get(key)

    def _link_event(self, event: Event, links: Links) -> None:
        first, *others = event.identifiers
        home = self._of.get(first.key) or self._home_of_new(first, others, event, links)
        for other in others:
            cluster = self._of.get(other.key)
            if cluster is None:
                self._attach(home, other, links)
                links.edges.append(_edge(first, other, event, "same_event"))
            elif cluster is not home:
                home = self._join(home, cluster, first, other, event, links)

    def _home_of_new(self, first: Identifier, others: list[Identifier], event: Event, links: Links) -> Cluster:
        """A new device or anonymous id joins whom it comes with; any other new identifier is a new customer."""
        if first.type in SHARED:
            for other in others:
                if cluster := self._of.get(other.key):
                    self._attach(cluster, first, links)
                    links.edges.append(_edge(first, other, event, "same_event"))
                    return cluster
        return self._found(first, event, links)

    def _found(self, identifier: Identifier, event: Event, links: Links) -> Cluster:
        digest = hashlib.blake2b(f"{event.event_id}\x1f{identifier.key}".encode(), digest_size=8)
        born = (event.occurred_at.isoformat(), event.event_id)
        cluster = Cluster(f"c_{digest.hexdigest()}", [identifier.key], born)
        self._of[identifier.key] = cluster
        links.touched.add(cluster.customer_id)
        return cluster

    def _attach(self, cluster: Cluster, identifier: Identifier, links: Links) -> None:
        cluster.members.append(identifier.key)
        self._of[identifier.key] = cluster
        links.touched.add(cluster.customer_id)

    def _join(
        self, a: Cluster, b: Cluster, first: Identifier, other: Identifier, event: Event, links: Links
    ) -> Cluster:
        if reason := _forbidden(a, b, other):
            links.edges.append(_edge(first, other, event, f"blocked:{reason}"))
            return a
        keep, drop = (a, b) if a.born <= b.born else (b, a)
        keep.members.extend(drop.members)
        for key in drop.members:
            self._of[key] = keep
        links.edges.append(_edge(first, other, event, "same_event"))
        links.merged[drop.customer_id] = keep.customer_id
        links.touched |= {keep.customer_id, drop.customer_id}
        return keep


def _forbidden(a: Cluster, b: Cluster, via: Identifier) -> str | None:
    if all(any(m.partition(":")[0] in PERSONAL for m in c.members) for c in (a, b)):
        return "two_user_ids"
    if via.type in SHARED and not all(m.partition(":")[0] in SHARED for m in b.members):
        return "shared_identifier"
    return None


def _edge(a: Identifier, b: Identifier, event: Event, rule: str) -> Edge:
    return Edge(
        a=a.key,
        b=b.key,
        rule=rule,
        source=event.source,
        event_id=event.event_id,
        strength=0.5 if b.type in SHARED else 1.0,
        occurred_at=event.occurred_at,
    )
