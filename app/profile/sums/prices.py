"""Price behaviour: what a customer's orders come to, and how many of them were discounted.

The newest EXACT_ORDERS orders are kept as they are, so a line or a coupon that comes later still finds its order and
the basket of a customer with no more orders than that is exact. Older orders go into a histogram with buckets that are
STEP apart, so beyond that the basket's edges are right to about half a step.
"""

import zlib
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, repeat
from math import floor, log

import msgspec

from app.events.schemas import EventKind, order_key
from app.profile.schemas import PriceBehaviour
from app.profile.seen import Context, Seen

EXACT_ORDERS = 64
"""As many as purchases.py holds open."""
STEP = 1.04
"""Ratio between neighbouring buckets of the histogram."""
OPEN_COUPONS = 8
"""A coupon waits for its order while fewer than that many others have come."""

_DISCOUNTS = ("discount", "discount_minor", "saved_minor", "coupon", "coupon_code")
"""Properties with which sources say that a line was cheaper."""
_COUPON_ACTIONS = frozenset({"used", "claimed", "redeemed"})


class Basket(msgspec.Struct, array_like=True, gc=False):
    """One order so far."""

    amount: int = 0
    discounted: bool = False


class Prices(msgspec.Struct, array_like=True, gc=False):
    """Newest orders as they are, older ones as counts."""

    newest: dict[int, Basket] = msgspec.field(default_factory=dict)
    """Digest of the order key -> the order, oldest first."""
    older: dict[int, int] = msgspec.field(default_factory=dict)
    """Bucket -> orders; at most some 700 entries for any amounts."""
    older_discounted: int = 0
    coupons: list[int] = msgspec.field(default_factory=list)
    """Digests of orders that a coupon named before any of their lines."""
    coupon_visit: int = 0
    """The visit of the latest coupon that names no order: orders of that visit are discounted."""
    last_order: int = 0
    """Digest of the latest order, and its visit, for a coupon that comes after it."""
    last_visit: int = 0


def note(prices: Prices, seen: Seen, context: Context) -> None:
    """Take in one event, in place."""
    if seen.event.kind == EventKind.ORDER:
        _line(prices, seen)
    elif seen.event.kind == EventKind.COUPON and str(seen.event.properties.get("action")) in _COUPON_ACTIONS:
        _coupon(prices, seen)


def view(prices: Prices) -> PriceBehaviour | None:
    """The behaviour so far; None before the first order."""
    orders = sum(prices.older.values()) + len(prices.newest)
    if not orders:
        return None
    discounted = prices.older_discounted + sum([basket.discounted for basket in prices.newest.values()])
    amounts, until = _ascending(prices)
    low, median, high = (_quantile(amounts, until, share) for share in (0.25, 0.5, 0.75))
    return PriceBehaviour(
        orders=orders,
        discounted_orders=discounted,
        discount_share=discounted / orders,
        basket_low=low,
        basket_median=median,
        basket_high=high,
    )


def _line(prices: Prices, seen: Seen) -> None:
    digest = _digest(order_key(seen.event))
    basket = prices.newest.get(digest)
    if basket is None:
        basket = _open(prices, digest)
    basket.amount += seen.event.money.amount_minor if seen.event.money else 0
    basket.discounted = basket.discounted or _is_cheaper(seen) or (seen.visit > 0 and seen.visit == prices.coupon_visit)
    prices.last_order, prices.last_visit = digest, seen.visit


def _open(prices: Prices, digest: int) -> Basket:
    """Begin an order; the oldest one kept apart goes into the histogram when there are too many."""
    if len(prices.newest) == EXACT_ORDERS:
        oldest = prices.newest.pop(next(iter(prices.newest)))
        bucket = _bucket(oldest.amount)
        prices.older[bucket] = prices.older.get(bucket, 0) + 1
        prices.older_discounted += oldest.discounted
    basket = prices.newest[digest] = Basket(discounted=digest in prices.coupons)
    return basket


def _coupon(prices: Prices, seen: Seen) -> None:
    """A coupon makes its order a discounted one: the one that it names, else those of its visit."""
    event = seen.event
    if event.order_id is not None:
        digest = _digest(order_key(event))
        if digest in prices.newest:
            prices.newest[digest].discounted = True
        else:
            prices.coupons = [*prices.coupons, digest][-OPEN_COUPONS:]
    elif seen.visit:
        prices.coupon_visit = seen.visit
        if prices.last_visit == seen.visit and prices.last_order in prices.newest:
            prices.newest[prices.last_order].discounted = True


def _is_cheaper(seen: Seen) -> bool:
    """Whether a line says so itself, or costs less than the catalogue asked when it was bought."""
    event, item = seen.event, seen.item
    if any(event.properties.get(name) for name in _DISCOUNTS):
        return True
    price = item.price_at(event.occurred_at) if item else None
    if item is None or price is None or event.money is None:
        return False
    pieces = event.properties.get("quantity", 1)
    if not isinstance(pieces, int | float) or event.money.currency != item.currency:
        return False
    return 0 < event.money.amount_minor < price * pieces


def _digest(key: str) -> int:
    return zlib.crc32(key.encode())


def _bucket(amount: int) -> int:
    return floor(log(amount) / log(STEP)) if amount > 0 else -1


def _amount(bucket: int) -> int:
    """The geometric middle of a bucket."""
    return round(STEP ** (bucket + 0.5)) if bucket >= 0 else 0


def _ascending(prices: Prices) -> tuple[Sequence[int], Sequence[int]]:
    """Amounts that ascend, and how many orders there are up to each."""
    newest = [basket.amount for basket in prices.newest.values()]
    if not prices.older:
        return sorted(newest), range(1, len(newest) + 1)
    values = sorted([*zip(newest, repeat(1)), *((_amount(bucket), times) for bucket, times in prices.older.items())])
    amounts, times = zip(*values, strict=True)
    return amounts, list(accumulate(times))


def _quantile(amounts: Sequence[int], until: Sequence[int], share: float) -> int:
    """Linear between the two neighbouring ranks, as numpy and pandas do it by default.

    `until` counts the orders up to each of the amounts, which ascend.
    """
    position = share * (until[-1] - 1)
    below = floor(position)
    lower, upper = (amounts[bisect_right(until, rank)] for rank in (below, min(below + 1, until[-1] - 1)))
    return round(lower + (position - below) * (upper - lower))
