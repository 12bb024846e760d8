"""Linking identifiers: the product's graph against recomputing components, and against a bare union of numbers.

One link is one event that shows a login beside another identifier; every pair is shown three times, customers
interleaved. Guards, links with their evidence and ids are ours alone: the limit keeps none of them.
- `identity.link` and `identity.storm` (10,000 customers that one login joins, breakers off): microseconds per link.
  peer: keeps the pairs and finds all components anew after each batch of 500 events, as a nightly job does.
  limit: union-find over integers that were numbered beforehand.
- `identity.flatness`: the price of a link into a graph of 1,000,000 identifiers over that into one of 10,000.
- `identity.lookup`: customers read from the store by an identifier, 100,000 identifiers deep. limit: one SELECT by
  primary key.
Gate: all three find the same customers.
"""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

from app.database.engine import Database
from app.database.migrate import upgrade
from app.events.schemas import Event, Identifier
from app.identity.clusters import Parts, components
from app.identity.graph import IdentityGraph
from app.identity.rules import Rules, shipped_rules
from app.identity.store import IdentityStore
from app.privacy.vault import Vault
from evals.benchmarks.harness import Contest, Flatness, GateFailedError, Work
from evals.runs import RUNS

EACH, SHOWN, BATCH = 5, 3, 500
"""Identifiers of a customer, times that a pair is shown, events between two runs of the peer."""
IDS, STORM, SMALL, LARGE, ADDED, STORED = 20_000, 10_000, 10_000, 1_000_000, 25_000, 100_000
ROUNDS = 5
_AT = datetime(2026, 1, 1, tzinfo=UTC)
_KINDS = ("anonymous", "device", "email", "anonymous")


def events_of(first: int, ids: int) -> list[Event]:
    """Events of `ids` identifiers, numbered from `first`; every customer has a login and four others."""
    people = range(first, first + ids // EACH)
    return [_event(who, turn) for turn in range(EACH - 1) for who in people]


def _event(who: int, turn: int) -> Event:
    names = (Identifier("user_id", f"u{who}"), Identifier(_KINDS[turn], f"{_KINDS[turn]}{turn}-{who}"))
    return Event(
        event_id=f"{who}/{turn}", workspace_id="bench", source="bench", message_id=f"{who}/{turn}", kind="view",
        occurred_at=_AT, received_at=_AT, identifiers=names,
    )  # fmt: skip


def storm(ids: int) -> list[Event]:
    """Customers of two identifiers each, then one login that joins them all."""
    pairs = [(Identifier("email", f"e{n}"), Identifier("device", f"d{n}")) for n in range(ids // 2)]
    joins = [(Identifier("user_id", "u"), email) for email, _ in pairs]
    return [
        Event(
            event_id=str(n), workspace_id="bench", source="bench", message_id=str(n), kind="view", occurred_at=_AT,
            received_at=_AT, identifiers=names,
        )
        for n, names in enumerate((*pairs, *joins))
    ]  # fmt: skip


def unlimited() -> Rules:
    """The shipped rules without limits and breakers."""
    return shipped_rules().model_copy(update={"per_person": {}, "hubs": {}, "most_members": None})


class Recomputed:
    """The peer: pairs in a list, all components anew after each batch."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._pairs: dict[tuple[str, str], None] = {}
        self.label: dict[str, str] = {}

    def take(self, batch: Sequence[Event]) -> None:
        """Add a batch's pairs and label every identifier again."""
        for event in batch:
            first, *others = event.identifiers
            for other in others:
                self._pairs[first.key, other.key] = None
        parts = Parts({key for pair in self._pairs for key in pair})
        for a, b in self._pairs:
            parts.join(a, b)
        self.label = {key: parts.of(key) for pair in self._pairs for key in pair}


def union_of_numbers(pairs: Sequence[tuple[int, int]], size: int) -> list[int]:
    """The limit: union-find with path halving."""
    up = list(range(size))
    for a, b in pairs:
        while up[a] != a:
            up[a] = a = up[up[a]]
        while up[b] != b:
            up[b] = b = up[up[b]]
        up[b] = a
    return up


class IdentityBench:
    """The bench."""

    name = "identity"
    purpose = "Linking and looking up identifiers, against recomputed components and a bare union of numbers."

    def __init__(self, *, scale: float = 1.0, rounds: int = ROUNDS, folder: Path = RUNS) -> None:
        """`scale` shrinks every size, for tests."""
        self._scale, self._rounds, self._folder = scale, rounds, folder

    @contextmanager
    def prepare(self) -> Iterator[Sequence[Contest | Flatness]]:
        """The events, the graphs that are linked into, and a store."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="bench-") as folder:
            yield [
                self._linking("identity.link", events_of(0, self._size(IDS)) * SHOWN, shipped_rules()),
                self._linking("identity.storm", storm(self._size(STORM)), unlimited()),
                self._flatness(),
                self._lookup(Path(folder)),
            ]

    def _size(self, full: int) -> int:
        return max(100, int(full * self._scale))

    def _linking(self, path: str, events: list[Event], rules: Rules) -> Contest:
        pairs, size = _numbered(events)
        return Contest(
            path=path,
            unit="us/link",
            ours=partial(_timed, lambda: _link(IdentityGraph(rules), events)),
            peer=partial(_timed, lambda: _recompute(events)),
            peer_name="components recomputed per batch of 500",
            limit=partial(_timed, lambda: len(union_of_numbers(pairs, size)) and len(pairs)),
            gate=partial(_gate, events, rules),
            rounds=self._rounds,
            micros=True,
        )

    def _flatness(self) -> Flatness:
        serial, added = count(10**7, 10**6), self._size(ADDED)

        def side(size: int) -> Callable[[], "Iterator[Work]"]:
            graph = IdentityGraph(shipped_rules())
            _link(graph, events_of(0, size))
            return lambda: _adding(graph, events_of(next(serial), added) * SHOWN)

        return Flatness(
            path="identity.flatness",
            unit=f"x ({self._size(LARGE):,} over {self._size(SMALL):,} ids)",
            low=contextmanager(side(self._size(SMALL))),
            high=contextmanager(side(self._size(LARGE))),
            gate=lambda: None,
            rounds=self._rounds,
        )

    def _lookup(self, folder: Path) -> Contest:
        database = Database(f"sqlite:///{folder / 'identity.db'}")
        upgrade(database)
        store, size = IdentityStore(database, Vault(database, folder / "keys")), self._size(STORED)
        graph = IdentityGraph(store.rules)
        _link(graph, events_of(0, size))
        with database.write() as connection:
            store.rewrite(connection, "bench", graph)
        people = [who * 7919 % (size // EACH) for who in range(min(1_000, size // EACH))]
        return Contest(
            path="identity.lookup",
            unit="lookups/s",
            ours=partial(_timed, lambda: sum(bool(store.customer("bench", f"user_id:u{who}")) for who in people)),
            peer=None,
            peer_name="",
            limit=partial(_selecting, folder / "identity.db", people),
            gate=lambda: _gate_lookup(store, people),
            rounds=self._rounds,
        )


@contextmanager
def _timed(work: Work) -> Iterator[Work]:
    yield work


def _adding(graph: IdentityGraph, events: list[Event]) -> Iterator[Work]:
    yield lambda: _link(graph, events)


def _link(graph: IdentityGraph, events: Sequence[Event]) -> int:
    for event in events:
        graph.apply(event)
    return len(events)


def _recompute(events: Sequence[Event]) -> int:
    peer = Recomputed()
    for start in range(0, len(events), BATCH):
        peer.take(events[start : start + BATCH])
    return len(events)


def _numbered(events: Sequence[Event]) -> tuple[list[tuple[int, int]], int]:
    number: dict[str, int] = {}
    keys = [[number.setdefault(name.key, len(number)) for name in event.identifiers] for event in events]
    return [(first, second) for first, second in keys], len(number)


def _gate(events: Sequence[Event], rules: Rules) -> None:
    graph, peer = IdentityGraph(rules), Recomputed()
    _link(graph, events)
    peer.take(events)
    links = [link for link in graph.changes.links if not link.rule.startswith("blocked:")]
    ours = {frozenset(group) for group in components(list(graph.nodes), links)}
    kept = {frozenset(node.cluster.members) for node in graph.nodes.values()}
    theirs: dict[str, set[str]] = {}
    for key, label in peer.label.items():
        theirs.setdefault(label, set()).add(key)
    if not ours == kept == {frozenset(group) for group in theirs.values()}:
        raise GateFailedError(f"identity: {len(kept)} customers of ours, {len(theirs)} of the peer")


def _gate_lookup(store: IdentityStore, people: Sequence[int]) -> None:
    for who in people[:20]:
        found = store.customer("bench", f"user_id:u{who}")
        if len(found.identifiers) != EACH or found.identifiers[0] != f"user_id:u{who}":
            raise GateFailedError(f"identity: user_id:u{who} answers with {found.identifiers}")


@contextmanager
def _selecting(path: Path, people: Sequence[int]) -> Iterator[Work]:
    """One row by primary key and no more."""
    file = sqlite3.connect(path)
    sql = "SELECT customer_id FROM identity_nodes WHERE workspace_id = 'bench' AND identifier = ?"
    yield lambda: sum(bool(file.execute(sql, (f"user_id:u{who}",)).fetchone()) for who in people)
    file.close()
