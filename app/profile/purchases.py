"""Purchases as running sums: the same size however long the history, exact in canonical order."""

import hashlib
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from app.events.schemas import Event, order_key
from app.profile.schemas import RfmSummary

OPEN_ORDERS = 64
"""A line belongs to an order that is already counted when that order is among the customer's last 64."""

_DIGEST = 8


class Purchases(msgspec.Struct, array_like=True, gc=False):
    """Running sums of orders. Amounts in minor units; days are local ordinals."""

    orders: int = 0
    purchase_days: int = 0
    first_day: int = 0
    last_day: int = 0
    gaps: dict[int, int] = msgspec.field(default_factory=dict)
    """Days between purchase days -> how often; k distinct gaps need a history of k^2 / 2 days."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    total: int = 0
    first_day_total: int = 0
    refunded: int = 0
    recent_orders: bytes = b""
    """8-byte digests of the last order keys, oldest first."""


def add_order(purchases: Purchases, event: Event, zone: ZoneInfo) -> None:
    """Take in one order line, in place; it is not before any other."""
    amount = event.money.amount_minor if event.money else 0
    _count_day(purchases, event.occurred_at.astimezone(zone).toordinal())
    _count_order(purchases, order_key(event))
    purchases.first_at = purchases.first_at or event.occurred_at
    purchases.last_at = event.occurred_at
    purchases.total += amount
    if purchases.last_day == purchases.first_day:
        purchases.first_day_total += amount


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


def usual_gap(gaps: dict[int, int]) -> float | None:
    """Median days between purchase days, from how often each gap occurred; None without any."""
    count = sum(gaps.values())
    if not count:
        return None
    lower, upper = (_ranked(gaps, rank) for rank in ((count - 1) // 2, count // 2))
    return (lower + upper) / 2


def _ranked(gaps: dict[int, int], rank: int) -> int:
    """The gap at a place (from 0) in ascending order."""
    for gap, times in sorted(gaps.items()):
        if rank < times:
            return gap
        rank -= times
    raise IndexError(rank)


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


def _count_order(purchases: Purchases, key: str) -> None:
    digest = hashlib.blake2b(key.encode(), digest_size=_DIGEST).digest()
    seen = purchases.recent_orders
    if any(seen[start : start + _DIGEST] == digest for start in range(len(seen) - _DIGEST, -1, -_DIGEST)):
        return
    purchases.orders += 1
    purchases.recent_orders = (seen + digest)[-OPEN_ORDERS * _DIGEST :]
