"""The demo shop's log as arrays: all that the naive rules and the oracle may see.

Identities are resolved as they truly are and a product's topic is the simulator's own, so that the ceilings judge
inference alone. Duplicates count once; an event counts on the local day on which it happened, however late it came.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from app.demo.catalogue import products
from app.demo.shop import DemoShop
from app.events.schemas import EventKind, IncomingEvent
from evals.shop import moment_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

KINDS = tuple(EventKind)
NO_TOPIC = -1
_MS_PER_DAY = 86_400_000
_CODES = {kind.value: code for code, kind in enumerate(KINDS)}


class Seen(NamedTuple):
    """One event, reduced to what the filters read."""

    customer: int
    ms: int
    """Since local midnight of the shop's first day."""
    kind: int
    """Position in KINDS."""
    topic: int
    """Position in the log's topics, or NO_TOPIC."""
    session: int
    """Numbered within the customer from 0; -1 outside visits."""
    dwell: float
    """Seconds on the page; NaN where none is measured."""
    recommended: bool
    """A view that followed a recommendation."""
    campaign: bool
    """Of a visit that a campaign brought about."""
    text: str


class Log:
    """Events in order of customer and time, one array per field; `of(kind)` answers with row numbers."""

    def __init__(self, seen: list[Seen], topics: tuple[str, ...], customers: int) -> None:
        """Lay the events out in columns."""
        self.topics, self.customers, self.size = topics, customers, len(seen)
        self.customer = np.array([s.customer for s in seen], dtype=np.int64)
        self.ms = np.array([s.ms for s in seen], dtype=np.int64)
        self.kind = np.array([s.kind for s in seen], dtype=np.int64)
        self.topic = np.array([s.topic for s in seen], dtype=np.int64)
        self.session = np.array([s.session for s in seen], dtype=np.int64)
        self.dwell = np.array([s.dwell for s in seen], dtype=np.float64)
        self.recommended = np.array([s.recommended for s in seen], dtype=np.bool_)
        self.campaign = np.array([s.campaign for s in seen], dtype=np.bool_)
        self.text = [s.text for s in seen]

    @cached_property
    def day(self) -> Ints:
        """The local day of each event, counted from the shop's first."""
        return self.ms // _MS_PER_DAY

    def of(self, *kinds: EventKind) -> Flags:
        """Which rows are of these kinds."""
        return np.isin(self.kind, [_CODES[kind.value] for kind in kinds])


def watch(shop: DemoShop) -> Log:
    """The whole log of a shop, customer by customer."""
    stock = products(shop.seed)
    topics = tuple(dict.fromkeys(product.topic for product in stock))
    numbers = {topic: number for number, topic in enumerate(topics)}
    of_item = {product.item.item_id: numbers[product.topic] for product in stock}
    start_ms = shop.calendar.epoch_ms(0)
    zone = ZoneInfo(shop.workspace.timezone)
    seen: list[Seen] = []
    for index in range(shop.customers):
        events = _once(event for _, event in shop.events_of(index))
        reader = _Reader(index, of_item, start_ms, zone)
        seen += sorted((reader.read(event) for event in events), key=lambda s: s.ms)
    return Log(seen, topics, shop.customers)


def _once(events: Iterable[IncomingEvent]) -> list[IncomingEvent]:
    return list({event.message_id: event for event in events}.values())


class _Reader:
    """Reads one customer's events; knows which of their visits a campaign brought about."""

    def __init__(self, customer: int, of_item: dict[str, int], start_ms: int, zone: ZoneInfo) -> None:
        self._customer, self._of_item, self._start_ms, self._zone = customer, of_item, start_ms, zone
        self._sessions: dict[str, int] = {}
        self._campaign: set[str] = set()

    def read(self, event: IncomingEvent) -> Seen:
        """One event, reduced."""
        session = event.session_id or ""
        if event.properties.get("entry") == "campaign":
            self._campaign.add(session)
        dwell = event.properties.get("dwell_s")
        moment = moment_of(event, self._zone)
        return Seen(
            customer=self._customer,
            ms=round(moment.timestamp() * 1000) - self._start_ms,
            kind=_CODES[event.kind],
            topic=self._of_item.get(event.item_id or "", NO_TOPIC),
            session=self._sessions.setdefault(session, len(self._sessions)) if session else -1,
            dwell=float(dwell) if isinstance(dwell, int | float) else np.nan,
            recommended=event.properties.get("referrer") == "recommended",
            campaign=session in self._campaign,
            text=event.text or "",
        )
