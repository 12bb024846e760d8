"""Purchases as running sums: the same size however long the history, exact in canonical order.

What a bounded table may have lost is marked, so that nothing is claimed of it.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime
from itertools import accumulate
from zoneinfo import ZoneInfo

import msgspec

from app.events.schemas import EventKind, order_key
from app.profile.memory.touches import Key, packed
from app.profile.schemas import RfmSummary
from app.profile.seen import Context, Seen
from app.profile.sums.wares import Wares, bought

OPEN_ORDERS = 64
"""A line belongs to an order that is already counted when that order is among the customer's last 64."""
SUMMED_ORDERS = 8
"""Orders whose lines are still added up; an order is closed when so many others began after it."""

_DIGEST = 8


class Order(msgspec.Struct, array_like=True, gc=False):
    """One order and the sum of its lines, minor units."""

    digest: bytes
    """Of its key: a source's order number, or the event's id where the source has none."""
    order_id: str
    """The order number; empty where the line's event id stands for it."""
    key: Key
    """Id of the first line's event, packed."""
    at: datetime
    """When its first line happened."""
    start: int = 0
    """Which of all the customer's order lines is its first one, from 1."""
    lines: int = 0
    value: int = 0


class Purchases(msgspec.Struct, array_like=True, gc=False):
    """Running sums of orders. Amounts in minor units; days are local ordinals."""

    orders: int = 0
    lines: int = 0
    purchase_days: int = 0
    first_day: int = 0
    last_day: int = 0
    gaps: dict[int, int] = msgspec.field(default_factory=dict)
    """Days between purchase days -> how often; k distinct gaps need a history of k^2 / 2 days."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    """When the latest line happened."""
    total: int = 0
    first_day_total: int = 0
    refunded: int = 0
    recent_orders: bytes = b""
    """8-byte digests of the last order keys, oldest first."""
    open: list[Order] = msgspec.field(default_factory=list)
    """The orders that began last, oldest first."""
    first: Order | None = None
    """The first order, once it is closed."""
    largest: Order | None = None
    """The dearest of the closed orders, the earlier of equal ones."""
    late: bool = False
    """A line came to an order that was closed: sums of single closed orders are not known."""
    topics: dict[str, int] = msgspec.field(default_factory=dict)
    """Main topic -> amount of its order lines."""
    wares: Wares = msgspec.field(default_factory=Wares)


def note(purchases: Purchases, seen: Seen, context: Context) -> None:
    """Take in one event, in place; it is not before any other."""
    kind = seen.event.kind
    if kind == EventKind.ORDER:
        _add_line(purchases, seen)
    elif kind == EventKind.REFUND and seen.event.money:
        purchases.refunded += seen.event.money.amount_minor


def first_order(purchases: Purchases) -> Order | None:
    """The first order; None where there is none or its sum is not known."""
    if purchases.first is None:
        return purchases.open[0] if purchases.open else None
    return None if purchases.late else purchases.first


def last_order(purchases: Purchases) -> Order | None:
    """The order that began last."""
    return purchases.open[-1] if purchases.open else None


def largest_order(purchases: Purchases) -> Order | None:
    """The dearest order, the earlier of equal ones; None where there is none or it is not known."""
    if purchases.late:
        return None
    found = purchases.largest
    for order in purchases.open:
        if found is None or order.value > found.value:
            found = order
    return found


def rfm_summary(purchases: Purchases, as_of: datetime, zone: ZoneInfo) -> RfmSummary | None:
    """RFM at `as_of`; None before the first order."""
    if purchases.first_at is None or purchases.last_at is None:
        return None
    today = as_of.astimezone(zone).toordinal()
    frequency = purchases.purchase_days - 1
    repeat_total = purchases.total - purchases.first_day_total
    return RfmSummary(
        frequency=frequency,
        recency=float(purchases.last_day - purchases.first_day),
        T=float(today - purchases.first_day),
        monetary_value=repeat_total / frequency if frequency else 0.0,
        orders=purchases.orders,
        total=purchases.total,
        refunded=purchases.refunded,
        first_order_at=purchases.first_at,
        last_order_at=purchases.last_at,
    )


def usual_gap(gaps: Mapping[int, int]) -> float | None:
    """Median days between purchase days, from how often each gap occurred; None without any."""
    count = sum(gaps.values())
    if not count:
        return None
    ordered = sorted(gaps)
    until = list(accumulate(map(gaps.__getitem__, ordered)))
    lower, upper = (ordered[bisect_right(until, rank)] for rank in ((count - 1) // 2, count // 2))
    return (lower + upper) / 2


def _add_line(purchases: Purchases, seen: Seen) -> None:
    event = seen.event
    amount = event.money.amount_minor if event.money else 0
    purchases.lines += 1
    _count_day(purchases, seen.day)
    order = _order_of(purchases, seen)
    if order is None:
        purchases.late = True
    else:
        order.lines += 1
        order.value += amount
    purchases.first_at = purchases.first_at or event.occurred_at
    purchases.last_at = event.occurred_at
    purchases.total += amount
    if purchases.last_day == purchases.first_day:
        purchases.first_day_total += amount
    if seen.topics:
        purchases.topics[seen.topics[0]] = purchases.topics.get(seen.topics[0], 0) + amount
    if event.item_id:
        bought(purchases.wares, event.item_id, seen.day, line=purchases.lines, start=order.start if order else 0)


def _count_day(purchases: Purchases, day: int) -> None:
    if not purchases.purchase_days:
        purchases.first_day = day
    elif day == purchases.last_day:
        return
    else:
        gap = day - purchases.last_day
        purchases.gaps[gap] = purchases.gaps.get(gap, 0) + 1
    purchases.purchase_days += 1
    purchases.last_day = day


def _order_of(purchases: Purchases, seen: Seen) -> Order | None:
    """The order of a line, begun where the line is its first one; None where it is closed already."""
    digest = hashlib.blake2b(order_key(seen.event).encode(), digest_size=_DIGEST).digest()
    if _is_new(purchases, digest):
        return _begin(purchases, seen, digest)
    return next((order for order in reversed(purchases.open) if order.digest == digest), None)


def _is_new(purchases: Purchases, digest: bytes) -> bool:
    """Count the order of a line; True when the line is its first."""
    known = purchases.recent_orders
    if any(known[start : start + _DIGEST] == digest for start in range(len(known) - _DIGEST, -1, -_DIGEST)):
        return False
    purchases.orders += 1
    purchases.recent_orders = (known + digest)[-OPEN_ORDERS * _DIGEST :]
    return True


def _begin(purchases: Purchases, seen: Seen, digest: bytes) -> Order:
    """Open an order; the oldest one is closed when there are too many."""
    event = seen.event
    order = Order(digest, event.order_id or "", packed(event.event_id), event.occurred_at, purchases.lines)
    purchases.open.append(order)
    if len(purchases.open) > SUMMED_ORDERS:
        closed = purchases.open.pop(0)
        purchases.first = purchases.first or closed
        if purchases.largest is None or closed.value > purchases.largest.value:
            purchases.largest = closed
    return order
