"""The evidence book of one customer: their events up to `as_of`, and closed queries over them.

Every claim is measured on a book and measured again when it is verified; nothing outside the book can be cited.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from app.events.schemas import Event, EventKind, History, order_key
from app.narrative.schemas import Period, QueryRef
from app.narrative.titles import title_of
from app.profile.fold import State, fold
from app.profile.schemas import Profile
from app.profile.seen import Context, topics_of
from app.text.taxonomy import Taxonomy

INSTANT = timedelta(microseconds=1)
"""Periods leave their start out, so one that is to hold a moment starts so much before it."""


class Query(NamedTuple):
    """Which events a claim is about; absent parts do not filter."""

    kinds: tuple[str, ...] = ()
    topic: str | None = None
    item_id: str | None = None
    order_id: str | None = None
    period: Period | None = None

    def __str__(self) -> str:
        """The closed grammar of QueryRef."""
        parts = [f"kinds={','.join(self.kinds)}"] if self.kinds else []
        parts += [f"topic={self.topic}"] if self.topic else []
        parts += [f"item={self.item_id}"] if self.item_id else []
        parts += [f"order={self.order_id}"] if self.order_id else []
        if self.period:
            parts += [f"from={_iso(self.period.start)}", f"to={_iso(self.period.end)}"]
        return " ".join(parts)

    @classmethod
    def parse(cls, text: str) -> "Query":
        """The query that `str` gave this form."""
        part = dict(_PART.findall(text))
        kinds = tuple(part["kinds"].split(",")) if "kinds" in part else ()
        period = Period(start=part["from"], end=part["to"]) if "from" in part else None
        return cls(kinds, part.get("topic"), part.get("item"), part.get("order"), period)


def _iso(moment: datetime) -> str:
    return str(msgspec.to_builtins(moment))


_PART = re.compile(r"(kinds|topic|item|order|from|to)=(.*?)(?= (?:topic|item|order|from|to)=|$)")


class Order(NamedTuple):
    """The lines that share an order id, with their sum."""

    order_id: str
    at: datetime
    value: int
    lines: tuple[Event, ...]


class Book:
    """All evidence of one customer at one moment."""

    def __init__(
        self,
        *,
        customer_id: str,
        history: History,
        taxonomy: Taxonomy,
        zone: ZoneInfo,
        as_of: datetime,
        currency: str,
        view: Callable[[State], Profile] | None = None,
    ) -> None:
        """`history` must end at or before `as_of`; `view` shows a state of it as a profile at that moment."""
        self.customer_id, self.history, self.taxonomy = customer_id, history, taxonomy
        self.zone, self.as_of, self.currency = zone, as_of, currency
        self.context = Context(taxonomy, zone, history.items, history.texts)
        self._view = view

    @cached_property
    def by_id(self) -> dict[str, Event]:
        """event_id -> event."""
        return {event.event_id: event for event in self.history.events}

    @cached_property
    def all_time(self) -> Period | None:
        """From just before the first event to `as_of`; None without events."""
        if not self.history.events:
            return None
        return all_time(self.history.events[0].occurred_at, self.as_of)

    @cached_property
    def state(self) -> State:
        """What these very events fold into."""
        return fold(None, self.history.events, self.context)

    @cached_property
    def profile(self) -> Profile | None:
        """The profile that these very events give, folded anew; None where nobody said how to show it."""
        return self._view(self.state) if self._view else None

    def last_days(self, days: int) -> Period:
        """The last local days up to `as_of`, today included."""
        return last_days(days, self.as_of, self.zone)

    def before(self, period: Period) -> Period:
        """As many local days as `period` touches, just before it."""
        return before(period, self.zone)

    def topic(self, event: Event) -> str | None:
        """The main topic of an event; each event has at most one, so that shares add up."""
        return next(iter(topics_of(event, self.context)), None)

    @cached_property
    def _topics(self) -> dict[str, str | None]:
        return {event.event_id: self.topic(event) for event in self.history.events}

    def find(self, query: Query) -> list[Event]:
        """The events that match, in canonical order."""
        return [event for event in self.history.events if self._matches(event, query)]

    def _matches(self, event: Event, query: Query) -> bool:
        return (
            (not query.kinds or event.kind in query.kinds)
            and (query.item_id is None or event.item_id == query.item_id)
            and (query.order_id is None or event.order_id == query.order_id)
            and (query.period is None or _holds(query.period, event.occurred_at))
            and (query.topic is None or self._topics[event.event_id] == query.topic)
        )

    def orders(self, period: Period | None = None) -> list[Order]:
        """Orders that began in the period, whole, in the order in which they began."""
        return [order for order in self._orders if period is None or _holds(period, order.at)]

    @cached_property
    def _orders(self) -> list[Order]:
        lines: dict[str, list[Event]] = {}
        for event in self.find(Query((EventKind.ORDER,))):
            lines.setdefault(order_key(event), []).append(event)
        return [
            Order(found[0].order_id or found[0].event_id, found[0].occurred_at, value_of(found), tuple(found))
            for found in lines.values()
        ]

    def local_day(self, moment: datetime) -> int:
        """Ordinal of the local day of a moment."""
        return moment.astimezone(self.zone).toordinal()

    def title(self, item_id: str) -> str:
        """What an item is called in a sentence."""
        return title_of(self.history.items, item_id)


def _holds(period: Period, moment: datetime) -> bool:
    return period.start < moment <= period.end


def all_time(first: datetime, as_of: datetime) -> Period:
    """From just before the first event to `as_of`."""
    return Period(start=first - INSTANT, end=as_of)


def last_days(days: int, as_of: datetime, zone: ZoneInfo) -> Period:
    """The last local days up to `as_of`, today included; from a local midnight on."""
    today = as_of.astimezone(zone).toordinal()
    return Period(start=_begin_of(today - days + 1, zone), end=as_of)


def before(period: Period, zone: ZoneInfo) -> Period:
    """As many local days as `period` touches, just before its first one."""
    first, last = ((moment.astimezone(zone)).toordinal() for moment in (period.start + INSTANT, period.end))
    return Period(start=_begin_of(2 * first - last - 1, zone), end=_begin_of(first, zone))


def _begin_of(day: int, zone: ZoneInfo) -> datetime:
    """Just before a local day begins."""
    return datetime.combine(date.fromordinal(day), time(), zone).astimezone(UTC) - INSTANT


def value_of(lines: Sequence[Event]) -> int:
    """Sum of the lines in minor units."""
    return sum(line.money.amount_minor for line in lines if line.money)


def query_ref(query: Query, found: Sequence[Event]) -> QueryRef:
    """A reference that can be re-run and compared."""
    ids = "\n".join(sorted(event.event_id for event in found))
    return QueryRef(query=str(query), count=len(found), hash=hashlib.sha256(ids.encode()).hexdigest()[:16])
