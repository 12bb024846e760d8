"""Ingest, durable before it is acknowledged: the product against a naive store and against a bare synced log.

All three get the same events as JSON, in batches of 500, customers interleaved, 12 events each.
- peer: pydantic model per event, one row and one FULL commit per event in SQLite WAL, then that customer's whole
  history read back and folded again (interests with decay).
- ours: `Pipeline.ingest` per batch (identity linked in the same transaction), profiles following, SQLite FULL.
- limit: each batch decoded with msgspec, appended to a file and synced. No index, no duplicates refused.
Gate: both stores hold the same number of events, and for a sample of customers the same counts, orders and spend.
The second path, `ingest.flatness`, is in depth.py.
"""

import os
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

import msgspec
from pydantic import BaseModel

from app.access.schemas import Workspace
from app.bootstrap import shipped_taxonomy
from app.events.schemas import EventKind, Item
from app.pipeline import Pipeline
from app.text.taxonomy import Taxonomy
from evals import shop
from evals.benchmarks import depth
from evals.benchmarks.harness import Contest, Flatness, GateFailedError, Work
from evals.benchmarks.shopping import ITEMS, NOW, Workload, records, workload
from evals.runs import RUNS

CUSTOMERS = 500
ROUNDS = 5
BEHIND = 2_000
"""Events that the profiles may be behind the log: a server's fold takes what has come meanwhile, not batch by batch."""
SAMPLE = 25
"""Customers whose counts the gate compares."""


class NaiveEvent(BaseModel):
    """An event as a first version would model it."""

    message_id: str
    kind: str
    occurred_at: datetime
    identifiers: dict[str, str]
    item_id: str | None = None
    order_id: str | None = None
    amount_minor: int | None = None
    text: str | None = None


class Known(NamedTuple):
    """What both count of one customer."""

    kinds: dict[str, int]
    orders: int
    spend: int


class Naive(NamedTuple):
    """What a first version folds: the counts, and interests by the plainest rule."""

    known: Known
    weights: dict[str, float]


_RAW = msgspec.json.Decoder(list[msgspec.Raw])


class NaiveStore:
    """One row, one commit and one refold of the customer's history per event."""

    def __init__(self, path: Path, items: Sequence[Item], taxonomy: Taxonomy) -> None:
        """Create the file; the catalogue's topics are looked up once, as ours are."""
        self._taxonomy = taxonomy
        self._topics = {item.item_id: taxonomy.topics_of_item(item.title, item.category_path) for item in items}
        self.folded: dict[str, Naive] = {}
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=FULL")
        self._file.execute("CREATE TABLE e (message_id TEXT PRIMARY KEY, customer TEXT, at TEXT, body TEXT)")
        self._file.execute("CREATE INDEX by_customer ON e (customer, at)")

    def take(self, batch: bytes) -> None:
        """Store and fold each event of a batch."""
        for body in _RAW.decode(batch):
            self._take_one(bytes(body).decode())

    def _take_one(self, body: str) -> None:
        event = NaiveEvent.model_validate_json(body)
        customer = event.identifiers["user_id"]
        row = (event.message_id, customer, event.occurred_at.isoformat(), body)
        self._file.execute("INSERT OR IGNORE INTO e VALUES (?, ?, ?, ?)", row)
        history = self._file.execute("SELECT body FROM e WHERE customer = ? ORDER BY at", (customer,))
        self.folded[customer] = self._fold([NaiveEvent.model_validate_json(found) for (found,) in history])

    def _fold(self, history: Sequence[NaiveEvent]) -> "Naive":
        """Counts, orders, spend, and interest weights at NOW: every event's impact, halved with age."""
        weights: dict[str, float] = {}
        kinds, orders, spend = Counter[str](), set[str](), 0
        for event in history:
            kinds[event.kind] += 1
            if event.kind == EventKind.ORDER:
                orders.add(event.order_id or event.message_id)
                spend += event.amount_minor or 0
            topics = self._topics[event.item_id] if event.item_id else self._taxonomy.topics_in(event.text or "")
            impact = self._taxonomy.impact(event.kind)
            for topic in topics:
                age = (NOW - event.occurred_at) / timedelta(days=1)
                gained = impact / len(topics) * 2 ** (-age / self._taxonomy.half_life_days(topic))
                weights[topic] = weights.get(topic, 0.0) + gained
        return Naive(Known(dict(kinds), len(orders), spend), weights)

    def finish(self) -> None:
        """Everything is folded already."""

    def count(self) -> int:
        """Number of stored events."""
        return int(self._file.execute("SELECT COUNT(*) FROM e").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Ours:
    """The product's own path, on a fresh database."""

    workspace = Workspace(workspace_id="bench", timezone="UTC", currency="CNY")

    def __init__(self, pipeline: Pipeline, items: Sequence[Item]) -> None:
        """Load the catalogue."""
        self.pipeline, self._behind = pipeline, 0
        pipeline.put_items(self.workspace, items)

    def take(self, batch: bytes) -> None:
        """Log a batch durably, link identities; the profiles follow, never more than BEHIND events later."""
        self._behind += self.pipeline.ingest(self.workspace, "bench", records(batch), now=NOW).accepted
        if self._behind >= BEHIND:
            self.finish()

    def finish(self) -> None:
        """Fold what is left."""
        self.pipeline.catch_up(self.workspace)
        self._behind = 0

    def count(self) -> int:
        """Number of stored events."""
        return self.pipeline.log.count(self.workspace.workspace_id)

    def depths(self) -> set[int]:
        """How many events the folded customers have."""
        states = self.pipeline.profiles.states(self.workspace.workspace_id)
        return {state.events for state in states.values()}

    def known(self, user: str) -> Known:
        """What the profile of a customer counts at NOW."""
        profile = self.pipeline.read_customer(self.workspace, f"user_id:{user}", as_of=NOW, lang="en").profile
        rfm = profile.rfm
        return Known(profile.counts, rfm.orders if rfm else 0, rfm.total if rfm else 0)


class Ingest:
    """The bench."""

    name = "ingest"
    purpose = "Durable ingest with identity and profiles following, against a naive store and a synced log."

    def __init__(
        self, *, customers: int = CUSTOMERS, rounds: int = ROUNDS, depth: int = depth.DEPTH, folder: Path = RUNS
    ) -> None:
        """Sizes that end in under two minutes; tests take smaller ones, in a folder of theirs."""
        self._customers, self._rounds, self._depth, self._folder = customers, rounds, depth, folder

    @contextmanager
    def prepare(self) -> Iterator[Sequence[Contest | Flatness]]:
        """A folder on the disk that holds the checkout: a memory disk would make every sync free."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="bench-") as name:
            folder, customers = Path(name), min(self._customers, depth.CUSTOMERS)
            durable = self._contest(folder, workload(customers=self._customers), _taxonomy())
            with _opening(folder / "deep") as deep:
                arriving = depth.stream(customers)
                depth.fill(deep, arriving, customers * self._depth)
                opening = partial(_opening, folder / "shallow")
                sizes = {"customers": customers, "depth": self._depth, "rounds": self._rounds}
                yield [durable, depth.contest(opening, deep, arriving, **sizes)]

    def _contest(self, folder: Path, work: Workload, taxonomy: Taxonomy) -> Contest:
        serial = count()

        @contextmanager
        def naive() -> Iterator[NaiveStore]:
            store = NaiveStore(folder / f"naive-{next(serial)}.db", work.items, taxonomy)
            yield store
            store.close()

        def ours() -> AbstractContextManager[Ours]:
            return _opening(folder / f"ours-{next(serial)}")

        @contextmanager
        def log() -> Iterator[SyncedLog]:
            with (folder / f"log-{next(serial)}").open("wb") as file:
                yield SyncedLog(file)

        return Contest(
            path="ingest.durable",
            unit="events/s",
            ours=partial(_feeding, ours, work),
            peer=partial(_feeding, naive, work),
            peer_name="naive store (pydantic, commit and refold per event)",
            limit=partial(_feeding, log, work),
            gate=lambda: _gate(naive, ours, work),
            rounds=self._rounds,
        )


@contextmanager
def _opening(folder: Path) -> Iterator[Ours]:
    """The product on a fresh database."""
    with tempfile.TemporaryDirectory(dir=_made(folder)) as own, shop.empty(Path(own), Ours.workspace) as pipeline:
        yield Ours(pipeline, ITEMS)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _taxonomy() -> Taxonomy:
    return shipped_taxonomy()


class SyncedLog:
    """The least that "durable before acknowledged" costs."""

    def __init__(self, file: BinaryIO) -> None:
        """Append to an open file."""
        self._file = file

    def take(self, batch: bytes) -> None:
        """Decode, append, sync."""
        records(batch)
        self._file.write(batch)
        self._file.flush()
        os.fsync(self._file.fileno())

    def finish(self) -> None:
        """There is nothing to fold."""


class Taker(Protocol):
    """Anything that takes batches."""

    def take(self, batch: bytes) -> None:
        """Make one batch durable."""
        ...

    def finish(self) -> None:
        """Fold what is left."""
        ...


@contextmanager
def _feeding(store: Callable[[], AbstractContextManager[Taker]], work: Workload) -> Iterator[Work]:
    """A fresh store, set up outside the clock; the work is to feed it everything."""
    with store() as taker:

        def feed() -> int:
            for batch in work.batches:
                taker.take(batch)
            taker.finish()
            return work.events

        yield feed


def _gate(
    naive: Callable[[], AbstractContextManager[NaiveStore]],
    ours: Callable[[], AbstractContextManager[Ours]],
    work: Workload,
) -> None:
    """Feed both twice the first batch and once the rest: same events, same counts."""
    with naive() as peer, ours() as product:
        for batch in (work.batches[0], *work.batches):
            peer.take(batch)
            product.take(batch)
        product.finish()
        if not peer.count() == product.count() == work.events:
            raise GateFailedError(f"ingest: {work.events} events sent, peer has {peer.count()}, ours {product.count()}")
        for user in sorted(peer.folded)[:SAMPLE]:
            same(user, peer.folded[user].known, product.known(user))


def same(user: str, theirs: Known, found: Known) -> None:
    """GateFailedError unless both count the same."""
    if theirs != found:
        raise GateFailedError(f"ingest: {user} differs: peer {theirs}, ours {found}")
