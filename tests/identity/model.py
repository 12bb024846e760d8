"""The identity graph by brute force: nothing is kept but nodes and links, everything else is found again each time."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations

from app.events.schemas import PASSIVE_KINDS, Event, EventKind
from app.identity.clusters import mint
from app.identity.rules import Rules

DAY = timedelta(days=1)


@dataclass
class Pair:
    """One decided pair, as the model remembers it."""

    a: str
    b: str
    rule: str
    strength: float
    revoked: str = ""

    @property
    def holds(self) -> bool:
        return not self.revoked and not self.rule.startswith("blocked:")


@dataclass
class Model:
    """Slow, obvious and independent of the product's bookkeeping."""

    rules: Rules
    nodes: dict[str, str] = field(default_factory=dict)
    """key -> event that first showed it, in order of arrival"""
    pairs: list[Pair] = field(default_factory=list)
    hubs: set[str] = field(default_factory=set)
    apart: set[frozenset[str]] = field(default_factory=set)
    turns: dict[str, list[tuple[datetime | None, str]]] = field(default_factory=dict)
    last_seen: dict[str, datetime] = field(default_factory=dict)

    # --- what can be asked ---------------------------------------------------------------------------------

    def cluster(self, key: str, links: list[Pair] | None = None) -> frozenset[str]:
        found, ahead = {key}, [key]
        live = [p for p in self.pairs if p.holds] if links is None else links
        while ahead:
            here = ahead.pop()
            for p in live:
                for one, two in ((p.a, p.b), (p.b, p.a)):
                    if one == here and two not in found:
                        found.add(two)
                        ahead.append(two)
        return frozenset(found)

    def partition(self) -> dict[str, frozenset[str]]:
        """customer_id -> members"""
        order = list(self.nodes)
        found = {}
        for cluster in {self.cluster(key) for key in self.nodes}:
            oldest = min(cluster, key=order.index)
            found[mint(self.nodes[oldest], oldest)] = cluster
        return found

    # --- events --------------------------------------------------------------------------------------------

    def apply(self, event: Event) -> None:
        if event.kind in (EventKind.MERGE, EventKind.UNMERGE):
            self.by_hand(event)
            return
        keys = [self.held_at(i.key, event.occurred_at) for i in event.identifiers]
        if len(keys) == 1:
            self.meet(keys[0], event)
        while len(keys) > 1 and keys[0] in self.hubs:
            self.see(keys[0], keys[1], event)
            keys = keys[1:]
        for other in keys[1:]:
            fresh = not any((p.a, p.b) == (keys[0], other) and p.rule != "merge" for p in self.pairs)
            self.see(keys[0], other, event)
            if self.kind(other) == "alias" and (fresh or self.kind(keys[0]) in self.rules.handover):
                self.see_former(keys[0], other.partition(":")[2], event)

    def see_former(self, key: str, name: str, event: Event) -> None:
        for former in (f"user_id:{name}", f"anonymous:{name}"):
            if former in self.nodes and former != key:
                a, b = sorted((key, former), key=lambda key: self.rules.place(self.kind(key), key))
                self.see(a, b, event, "alias")

    def by_hand(self, event: Event) -> None:
        a, b = event.properties["a"], event.properties["b"]
        if a == b or a not in self.nodes or b not in self.nodes:
            return
        together = b in self.cluster(a)
        if event.kind == EventKind.MERGE and not together:
            both = self.cluster(a) | self.cluster(b)
            self.apart = {pair for pair in self.apart if not pair <= both}
            self.link(a, b, "merge", 1.0)
        if event.kind == EventKind.UNMERGE and together:
            self.unmerge(a, b)

    def unmerge(self, a: str, b: str) -> None:
        kept: list[Pair] = []
        for pair in [p for p in self.pairs if p.holds and p.a in self.cluster(a)]:
            if b in self.cluster(a, [*kept, pair]):
                pair.revoked = "unmerge"
            else:
                kept.append(pair)
        self.apart.add(frozenset({a, b}))

    def see(self, a: str, b: str, event: Event, rule: str = "same_event") -> None:
        known = next((p for p in self.pairs if (p.a, p.b) == (a, b) and p.rule != "merge"), None)
        if known:
            if not known.revoked and known.holds:
                self.use(a, b, event)
            elif not known.revoked:
                self.hand_over(a, b, known.rule.removeprefix("blocked:"), event)
            return
        self.meet(a, event)
        self.meet(b, event)
        seen = [{p.a, p.b} for p in self.pairs if p.rule != "merge"] + [{a, b}]
        for key in (a, b):
            self.break_hub(key, {k for pair in seen if key in pair for k in pair} - {key})
        self.decide(a, b, event, rule)

    def decide(self, a: str, b: str, event: Event, rule: str) -> None:
        strength = self.strength(a, b)
        reason = "hub" if self.hubs & {a, b} else None
        if reason is None and b not in self.cluster(a):
            reason = self.refusal(self.cluster(a), self.cluster(b), shared=self.is_shared(a) or self.is_shared(b))
            if reason:
                if self.hand_over(a, b, reason, event):
                    return
                reason = "hub" if self.hubs & {a, b} else reason
                firm = reason in ("hub", "separated", "too_many_members")
                if not firm and (self.frees(b, a, strength) or self.frees(a, b, strength)):
                    reason = None
        self.link(a, b, f"blocked:{reason}" if reason else rule, strength)
        if reason is None:
            self.use(a, b, event)

    def refusal(self, x: frozenset[str], y: frozenset[str], *, shared: bool) -> str | None:
        if any(frozenset({one, two}) in self.apart for one in x for two in y):
            return "separated"
        for kind in sorted(self.rules.per_person, key=lambda kind: (self.rules.rank(kind), kind)):
            for app in {self.app(key) for key in x | y if self.kind(key) == kind}:
                mine, theirs = ([k for k in c if self.kind(k) == kind and self.app(k) == app] for c in (x, y))
                if mine and theirs and len(mine) + len(theirs) > self.rules.per_person[kind]:
                    return "two_user_ids" if kind == "user_id" else f"too_many_{kind}"
        if shared and all(any(not self.is_shared(k) for k in c) for c in (x, y)):
            return "shared_identifier"
        return "too_many_members" if len(x | y) > (self.rules.most_members or 10**9) else None

    def frees(self, key: str, other: str, strength: float) -> bool:
        whole = self.cluster(key)
        part = self.cluster(key, [p for p in self.pairs if p.holds and p.strength > strength / self.rules.yields_to])
        shared = self.is_shared(key) or self.is_shared(other)
        if part == whole or self.refusal(part, self.cluster(other), shared=shared):
            return False
        for pair in self.pairs:
            if pair.holds and (pair.a in part) != (pair.b in part):
                pair.revoked = "yielded"
        return True

    def break_hub(self, key: str, partners: set[str]) -> None:
        limits = self.rules.hub_limits(self.kind(key))
        kinds = [self.kind(partner) for partner in partners]
        over = any((len(kinds) if kind == "any" else kinds.count(kind)) > most for kind, most in limits.items())
        if over and key not in self.hubs:
            self.make_hub(key)

    def make_hub(self, key: str) -> None:
        self.hubs.add(key)
        for pair in self.pairs:
            if pair.holds and key in (pair.a, pair.b) and pair.rule != "merge":
                pair.revoked = "hub"

    # --- telephones that change hands ----------------------------------------------------------------------

    def held_at(self, key: str, at: datetime) -> str:
        turns = [node for begun, node in self.turns.get(key, []) if begun is None or begun <= at]
        return turns[-1] if turns else key

    def use(self, a: str, b: str, event: Event) -> None:
        for key in (a, b):
            before = self.last_seen.get(key)
            late = before is not None and event.occurred_at < before + DAY
            if self.kind(key) in self.rules.handover and event.kind not in PASSIVE_KINDS and not late:
                self.last_seen[key] = event.occurred_at

    def hand_over(self, a: str, b: str, reason: str, event: Event) -> bool:
        if event.kind in PASSIVE_KINDS or reason == "too_many_members" or not reason.startswith(("two_", "too_many_")):
            return False
        for thing, other in ((b, a), (a, b)):
            kind = self.kind(thing)
            if (
                kind in self.rules.handover
                and not self.is_shared(other)
                and reason != f"too_many_{kind}"
                and self.passes(thing, other, event)
            ):
                return True
        return False

    def passes(self, thing: str, other: str, event: Event) -> bool:
        base, at = thing.partition("@")[0], event.occurred_at
        turns, rule, last = self.turns[base], self.rules.handover[self.kind(thing)], self.last_seen.get(thing)
        place = [node for _, node in turns].index(thing)
        if thing in self.hubs:
            return False
        if place + 1 < len(turns):
            later = turns[place + 1][1]
            if later not in self.cluster(other) or (last is not None and at < last + DAY):
                return False
            turns[place + 1] = (at, later)
            self.take(other, later, event)
            return True
        if last is None or at < last + timedelta(days=rule.quiet_days):
            return False
        if len(turns) >= rule.most_owners:
            for _, node in turns:
                self.make_hub(node)
            return False
        new = f"{base}@{len(turns) + 1}"
        if self.refusal(self.cluster(other), frozenset({new}), shared=False):
            return False
        self.meet(new, event)
        turns[-1] = (at, new)
        self.take(other, new, event)
        return True

    def take(self, other: str, turn: str, event: Event) -> None:
        a, b = sorted((other, turn), key=lambda key: self.rules.place(self.kind(key), key))
        if not any((p.a, p.b) == (a, b) and p.rule != "merge" for p in self.pairs):
            self.link(a, b, "same_event", self.strength(a, b))
        self.use(a, b, event)

    # --- small words ---------------------------------------------------------------------------------------

    def meet(self, key: str, event: Event) -> None:
        if key not in self.nodes:
            self.nodes[key] = event.event_id
            if self.kind(key) in self.rules.handover:
                self.turns.setdefault(key.partition("@")[0], []).append((None, key))

    def link(self, a: str, b: str, rule: str, strength: float) -> None:
        a, b = sorted((a, b), key=lambda key: self.rules.place(self.kind(key), key))
        self.pairs.append(Pair(a, b, rule, strength))

    def kind(self, key: str) -> str:
        return key.partition(":")[0]

    def app(self, key: str) -> str:
        rest = key.partition(":")[2]
        return rest.partition(":")[0] if self.kind(key) == "openid" and ":" in rest else ""

    def is_shared(self, key: str) -> bool:
        return self.kind(key) in self.rules.shared

    def strength(self, a: str, b: str) -> float:
        return round(self.rules.weight(self.kind(a)) * self.rules.weight(self.kind(b)), 4)


def bridges_by_hand(model: Model, cluster: frozenset[str]) -> set[tuple[str, str]]:
    """Pairs of a cluster without whose link it falls apart."""
    live = [p for p in model.pairs if p.holds and p.a in cluster]
    return {(p.a, p.b) for p in live if p.b not in model.cluster(p.a, [q for q in live if q is not p])}


def same_customer(partition: dict[str, frozenset[str]]) -> set[frozenset[str]]:
    """All pairs of keys that one customer has."""
    return {frozenset(pair) for members in partition.values() for pair in combinations(members, 2)}
