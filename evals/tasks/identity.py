"""Are identifiers put together rightly? On a labelled world of its own making, and on the demo shop's log.

Both are replayed through the product's normaliser, rules and graph, in order of arrival. The baseline joins whatever
was ever seen together. What a pair is: evals/scorers/identity.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field

from app.demo.shop import DEFAULT_SEED, DemoShop
from app.demo.truth import identity_truth
from app.events.schemas import Event, Named
from app.events.timestamps import parse_moment
from app.identity.clusters import Parts
from app.identity.graph import IdentityGraph
from app.identity.identifiers import normaliser
from app.identity.rules import shipped_rules
from app.privacy.sealing import Sealer
from app.schema import Frozen
from evals import people
from evals.scorers.identity import Item, pair_metrics
from evals.task import Metric, Say, TaskResult

_SEALER = Sealer("evals", b"a secret that hides nothing real")


class IdentityOptions(Frozen):
    """Options of `run identity`."""

    seed: int = Field(default=DEFAULT_SEED, ge=0)
    """seed of the labelled world and of the demo shop"""
    customers: int = Field(default=2000, ge=50, le=50_000)
    """people in the labelled world"""
    shop_customers: int = Field(default=500, ge=50, le=5_000)
    """customers of the demo shop"""


class Sighting(NamedTuple):
    """A record as the graph takes it, and the person whose it is."""

    event: Event
    person: int


class Identity:
    """The task."""

    name = "identity"
    purpose = "Which identifiers are one person: pairwise precision and recall against known owners."
    options = IdentityOptions

    def run(self, options: IdentityOptions, say: Say) -> TaskResult:
        """Replay both worlds, score ours and the baseline."""
        ours: dict[str, Metric] = {}
        naive: dict[str, Metric] = {}
        counts: dict[str, dict[str, int]] = {}
        for prefix, sightings in (
            ("", list(_labelled(options))),
            ("demo_", list(_demo(DemoShop(options.seed, options.shop_customers)))),
        ):
            say(f"linking {len(sightings):,} records of {prefix or 'labelled_'}people")
            graph = _linked(sightings)
            ours |= pair_metrics(_items(sightings, _by_graph(graph)), prefix)
            naive |= pair_metrics(_items(sightings, _by_union(sightings)), prefix)
            counts[f"{prefix or 'labelled_'}refused"] = _refusals(graph)
        return TaskResult(
            task=self.name, seed=options.seed, n=options.customers, metrics=ours, baselines={"naive_union": naive},
            counts=counts, provenance={"data": f"{options.customers} people; demo shop of {options.shop_customers}"},
        )  # fmt: skip


def _labelled(options: IdentityOptions) -> Iterator[Sighting]:
    read = normaliser(_SEALER, shipped_rules())
    everybody = people.people(options.customers, options.seed)
    for number, seen in enumerate(people.log(everybody, options.seed)):
        yield Sighting(_event(number, seen.source, "view", seen.at, read(seen.names)), seen.person)


def _demo(shop: DemoShop) -> Iterator[Sighting]:
    """The demo shop's records in order of arrival; the identity truth says whose names they hold."""
    read, zone = normaliser(_SEALER, shipped_rules()), ZoneInfo(shop.workspace.timezone)
    whose = {event.message_id: index for index in range(shop.customers) for _, event in shop.events_of(index)}
    once: set[str] = set()
    for number, (source, event) in enumerate(shop.events()):
        named = read(event.identifiers)
        if named.identifiers and event.message_id not in once and event.occurred_at is not None:
            once.add(event.message_id)
            at = parse_moment(event.occurred_at, zone=zone)
            yield Sighting(_event(number, source, event.kind, at, named), whose[event.message_id])


def _event(number: int, source: str, kind: str, at: datetime, named: Named) -> Event:
    return Event(
        event_id=f"e{number:08}", workspace_id="evals", source=source, message_id=str(number), kind=kind,
        occurred_at=at.astimezone(UTC), received_at=at.astimezone(UTC), identifiers=named.identifiers,
    )  # fmt: skip


def _linked(sightings: Iterable[Sighting]) -> IdentityGraph:
    graph = IdentityGraph(shipped_rules())
    for sighting in sightings:
        graph.apply(sighting.event)
    return graph


class _Holder(NamedTuple):
    """Says which customer holds an identifier at a moment."""

    customer: "dict[str, str] | IdentityGraph"

    def at(self, key: str, moment: datetime) -> str:
        """The customer's id."""
        if isinstance(self.customer, dict):
            return self.customer[key]
        graph = self.customer
        node = graph.spans().held_at(key, moment) if key.startswith("phone:") else key
        return graph.nodes[node].cluster.oldest


def _by_graph(graph: IdentityGraph) -> _Holder:
    return _Holder(graph)


def _by_union(sightings: Iterable[Sighting]) -> _Holder:
    """Whatever was ever seen together is one customer."""
    together = [[name.key for name in sighting.event.identifiers] for sighting in sightings]
    parts = Parts({key for keys in together for key in keys})
    for first, *others in together:
        for other in others:
            parts.join(first, other)
    return _Holder({key: parts.of(key) for keys in together for key in keys})


def _items(sightings: Iterable[Sighting], holder: _Holder) -> list[Item]:
    """Identifiers by their owners. Only telephone numbers pass from one to the next; whose times overlap share one."""
    junk = {_key(kind, value) for kind, value in people.junk()} | set(_demo_junk())
    times: defaultdict[str, dict[int, tuple[datetime, datetime]]] = defaultdict(dict)
    for event, person in sightings:
        for name in event.identifiers:
            first, last = times[name.key].get(person, (event.occurred_at, event.occurred_at))
            times[name.key][person] = (min(first, event.occurred_at), max(last, event.occurred_at))
    items = []
    for key, owners in times.items():
        if key in junk:
            items.append(Item(frozenset(), holder.at(key, max(last for _, last in owners.values()))))
        elif not key.startswith("phone:"):
            items.append(Item(frozenset(owners), holder.at(key, max(last for _, last in owners.values()))))
        else:
            items += [Item(frozenset(group), holder.at(key, last)) for group, last in _at_once(owners)]
    return items


def _at_once(owners: dict[int, tuple[datetime, datetime]]) -> list[tuple[set[int], datetime]]:
    groups: list[tuple[set[int], datetime]] = []
    for person, (first, last) in sorted(owners.items(), key=lambda owner: owner[1]):
        if groups and first <= groups[-1][1]:
            groups[-1] = (groups[-1][0] | {person}, max(groups[-1][1], last))
        else:
            groups.append(({person}, last))
    return groups


def _key(kind: str, value: str) -> str:
    named = normaliser(_SEALER, shipped_rules())({kind: value})
    return named.identifiers[0].key if named.identifiers else ""


def _demo_junk() -> Iterator[str]:
    for key in identity_truth(DemoShop(DEFAULT_SEED, 50)).junk:
        kind, _, value = key.partition(":")
        yield _key(kind, value)


def _refusals(graph: IdentityGraph) -> dict[str, int]:
    found: defaultdict[str, int] = defaultdict(int)
    for link in graph.changes.links:
        found[link.rule if link.revoked_why is None else f"revoked:{link.revoked_why}"] += 1
    return dict(sorted(found.items()))
