"""Does the price of an event stay the same as a customer's history grows?

Two workspaces of the same customers, each batch holding all of them in turn: one where each has a single event, made
anew for every round, and one where each has 1,200. Both are fed the same number of further batches.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Protocol

from app.events.schemas import IncomingEvent
from evals.benchmarks.harness import Flatness, GateFailedError, Work
from evals.benchmarks.shopping import BATCH, encoded, events

DEPTH = 1_200
CUSTOMERS = 100
BATCHES = 8
"""Batches of one round."""
APART = timedelta(minutes=90)


class Store(Protocol):
    """What the bench needs of a store of events."""

    def take(self, batch: bytes) -> None:
        """Make one batch durable."""
        ...

    def finish(self) -> None:
        """Fold what is left."""
        ...

    def depths(self) -> set[int]:
        """How many events the folded customers have."""
        ...


Opening = Callable[[], AbstractContextManager[Store]]


def stream(customers: int) -> Iterator[IncomingEvent]:
    """The same events for both sides."""
    return events(customers, APART)


def fill(store: Store, arriving: Iterator[IncomingEvent], total: int) -> None:
    """Feed so many events."""
    for start in range(0, total, BATCH):
        store.take(encoded(arriving, min(BATCH, total - start)))
    store.finish()


def contest(
    opening: Opening, deep: Store, arriving: Iterator[IncomingEvent], *, customers: int, depth: int, rounds: int
) -> Flatness:
    """Between stores that `opening` makes and the deep one, which goes on with what is `arriving`."""

    @contextmanager
    def low() -> Iterator[Work]:
        with opening() as store:
            own = stream(customers)
            fill(store, own, customers)
            yield _feed(store, [encoded(own) for _ in range(BATCHES)])

    @contextmanager
    def high() -> Iterator[Work]:
        yield _feed(deep, [encoded(arriving) for _ in range(BATCHES)])

    return Flatness(
        path="ingest.flatness",
        unit=f"x the cost per event at 1 event per customer, at {depth:,}",
        low=low,
        high=high,
        gate=lambda: _gate(deep, depth),
        rounds=rounds,
    )


def _feed(store: Store, batches: Sequence[bytes]) -> Work:
    def work() -> int:
        for batch in batches:
            store.take(batch)
        store.finish()
        return len(batches) * BATCH

    return work


def _gate(deep: Store, depth: int) -> None:
    if (found := deep.depths()) != {depth}:
        raise GateFailedError(f"ingest: every customer should have {depth} events folded, found {sorted(found)[:5]}")
