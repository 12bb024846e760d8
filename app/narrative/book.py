"""The evidence book of one customer: their events up to `as_of`, and closed queries over them.

Every claim is measured on a book and measured again when it is verified; nothing outside the book can be cited.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.events.schemas import Event, EventKind, History, order_key
from app.narrative.schemas import Period, QueryRef
from app.profile.fold import Context, topics_of
from app.text.taxonomy import Taxonomy

TOPICAL_KINDS = (
    EventKind.SEARCH, EventKind.VIEW, EventKind.MEDIA, EventKind.FAVOURITE,
    EventKind.CART_ADD, EventKind.ORDER, EventKind.REVIEW,
)  # fmt: skip
"""Kinds that count as dealing with a topic."""


class Query(NamedTuple):
    """Which events a claim is about; absent parts do not filter."""

    kinds: tuple[str, ...]
    topic: str | None = None
    item_id: str | None = None
    order_id: str | None = None
    period: Period | None = None

    def __str__(self) -> str:
        """The closed grammar of QueryRef."""
        parts = [f"kinds={','.join(self.kinds)}"]
        parts += [f"topic={self.topic}"] if self.topic else []
        parts += [f"item={self.item_id}"] if self.item_id else []
        parts += [f"order={self.order_id}"] if self.order_id else []
        if self.period:
            parts += [f"from={self.period.start.isoformat()}", f"to={self.period.end.isoformat()}"]
        return " ".join(parts)


class Order(NamedTuple):
    """The lines that share an order id, with their sum."""

    order_id: str
    at: datetime
    value: int
    lines: tuple[Event, ...]


class Book:
    """All evidence of one customer at one moment."""

    def __init__(
        self, *, customer_id: str, history: History, taxonomy: Taxonomy, zone: ZoneInfo, as_of: datetime, currency: str
    ) -> None:
        """`history` must end at or before `as_of`."""
        self.customer_id, self.history, self.taxonomy = customer_id, history, taxonomy
        self.zone, self.as_of, self.currency = zone, as_of, currency
        self._context = Context(taxonomy, zone, history.items, history.texts)

    @cached_property
    def by_id(self) -> dict[str, Event]:
        """event_id -> event."""
        return {event.event_id: event for event in self.history.events}

    @cached_property
    def all_time(self) -> Period | None:
        """From just before the first event to `as_of`; None without events."""
        if not self.history.events:
            return None
        return Period(start=self.history.events[0].occurred_at - timedelta(microseconds=1), end=self.as_of)

    def last_days(self, days: int, *, before: int = 0) -> Period:
        """The stretch of `days` that ended `before` days ago."""
        end = self.as_of - timedelta(days=before)
        return Period(start=end - timedelta(days=days), end=end)

    def topic(self, event: Event) -> str | None:
        """The main topic of an event; each event has at most one, so that shares add up."""
        return next(iter(topics_of(event, self._context)), None)

    @cached_property
    def _topics(self) -> dict[str, str | None]:
        return {event.event_id: self.topic(event) for event in self.history.events}

    def find(self, query: Query) -> list[Event]:
        """The events that match, in canonical order."""
        return [event for event in self.history.events if self._matches(event, query)]

    def _matches(self, event: Event, query: Query) -> bool:
        return (
            event.kind in query.kinds
            and (query.item_id is None or event.item_id == query.item_id)
            and (query.order_id is None or event.order_id == query.order_id)
            and (query.period is None or query.period.start < event.occurred_at <= query.period.end)
            and (query.topic is None or self._topics[event.event_id] == query.topic)
        )

    def orders(self, period: Period | None = None) -> list[Order]:
        """Orders with a line in the period, by time of their first line in it."""
        lines: dict[str, list[Event]] = {}
        for event in self.find(Query((EventKind.ORDER,), period=period)):
            lines.setdefault(order_key(event), []).append(event)
        return [
            Order(found[0].order_id or found[0].event_id, found[0].occurred_at, value_of(found), tuple(found))
            for found in lines.values()
        ]

    def local_day(self, moment: datetime) -> int:
        """Ordinal of the local day of a moment."""
        return moment.astimezone(self.zone).toordinal()

    def title(self, item_id: str) -> str:
        """What the item is called, or its id; catalogue shouting is toned down."""
        item = self.history.items.get(item_id)
        title = " ".join(item.title.split()) if item else item_id
        return _toned_down(title) if _shouts(title) else title


def _shouts(title: str) -> bool:
    letters = [c for c in title if c.isalpha()]
    return title.isascii() and len(letters) >= 8 and sum(c.isupper() for c in letters) >= 0.8 * len(letters)


def _toned_down(title: str) -> str:
    """Lower case with a capital; words with digits in them (sizes, models) stay as they are."""
    words = [word if any(c.isdigit() for c in word) else word.lower() for word in title.split()]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def value_of(lines: Sequence[Event]) -> int:
    """Sum of the lines in minor units."""
    return sum(line.money.amount_minor for line in lines if line.money)


def query_ref(query: Query, found: Sequence[Event]) -> QueryRef:
    """A reference that can be re-run and compared."""
    ids = "\n".join(sorted(event.event_id for event in found))
    return QueryRef(query=str(query), count=len(found), hash=hashlib.sha256(ids.encode()).hexdigest()[:16])
