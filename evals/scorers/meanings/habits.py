"""What a customer pays, when they come, and where they stand among the buyers: counted again in the rows."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from app.narrative.schemas import Claim
from evals.scorers.ledger import Row
from evals.scorers.meanings.known import Found, Known, total

_SAID = ("discount", "discount_minor", "saved_minor", "coupon", "coupon_code")
"""Properties with which a line says that it was cheaper."""
_USED = ("used", "claimed", "redeemed")
LEAST_VISITS = 5
"""Fewer visits than that make no habit."""


def discount_share(claim: Claim, known: Known) -> Found | None:
    """Orders with a coupon, a discount, or a line below its catalogue price, over all orders."""
    orders, coupons = known.orders(), [row for row in known.lines(kind="coupon") if _is_used(row)]
    if not orders:
        return None
    named = {coupon.order for coupon in coupons if coupon.order_id}
    touched = _orders_of_visits(known)
    cheaper = sum(_is_cheaper(lines) or lines[0].order in named | touched for lines in orders)
    rows = [*known.lines(), *known.lines(kind="coupon")]
    return Found(cheaper / len(orders), rows, also={"out_of": len(orders)})


def _is_used(row: Row) -> bool:
    return row.properties.get("action") in _USED


def _is_cheaper(lines: Sequence[Row]) -> bool:
    return any(any(line.properties.get(name) for name in _SAID) or _below_list(line) for line in lines)


def _below_list(line: Row) -> bool:
    pieces = line.properties.get("quantity", 1)
    if line.listed is None or not isinstance(pieces, int | float):
        return False
    return 0 < line.amount < line.listed * pieces


def _orders_of_visits(known: Known) -> set[str]:
    """Orders that a coupon of their visit made cheaper: every line after it, and the last order before it."""
    found: set[str] = set()
    coupon_in = order_in = 0
    last: str | None = None
    for placed in known.placed:
        row = placed.row
        if row.kind == "order":
            if coupon_in and placed.visit == coupon_in:
                found.add(row.order)
            last, order_in = row.order, placed.visit
        elif row.kind == "coupon" and _is_used(row) and not row.order_id and placed.visit:
            coupon_in = placed.visit
            found |= {last} if last and order_in == placed.visit else set()
    return found


def basket(claim: Claim, known: Known) -> Found | None:
    """Quartiles of what orders came to, linear between ranks."""
    values = sorted(total(lines) for lines in known.orders())
    if not values:
        return None
    low, middle, high = (_quantile(values, share) for share in (0.25, 0.5, 0.75))
    return Found(middle, known.lines(), also={"low": low, "high": high, "out_of": len(values)})


def _quantile(ascending: Sequence[int], share: float) -> int:
    place = share * (len(ascending) - 1)
    below = int(place)
    above = min(below + 1, len(ascending) - 1)
    return round(ascending[below] + (place - below) * (ascending[above] - ascending[below]))


def usual_hour(claim: Claim, known: Known) -> Found | None:
    """The middle of the three hours in which most visits begin; among equals the fullest, then the earliest."""
    hours = Counter(row.at.astimezone(known.zone).hour for row in _beginnings(known))
    around = {hour: sum(hours[(hour + step) % 24] for step in (-1, 0, 1)) for hour in range(24)}
    return _habit(min(range(24), key=lambda hour: (-around[hour], -hours[hour], hour)), known)


def usual_weekday(claim: Claim, known: Known) -> Found | None:
    """The weekday on which most visits begin; among equals the first."""
    days = Counter(row.at.astimezone(known.zone).weekday() for row in _beginnings(known))
    return _habit(min(range(7), key=lambda day: (-days[day], day)), known)


def visit_gap(claim: Claim, known: Known) -> Found | None:
    """Median days between days on which a visit began."""
    days = sorted({known.day(row.at) for row in _beginnings(known)})
    gaps = [later - earlier for earlier, later in pairwise(days)]
    return Found(float(median(gaps)), _active(known)) if gaps else None


def _habit(value: int, known: Known) -> Found | None:
    visits = len(_beginnings(known))
    return Found(value, _active(known), also={"out_of": visits}) if visits >= LEAST_VISITS else None


def _beginnings(known: Known) -> list[Row]:
    return [placed.row for placed in known.placed if placed.begins]


def _active(known: Known) -> list[Row]:
    return [placed.row for placed in known.placed if placed.active]


def rfm_position(claim: Claim, known: Known) -> Found | None:
    """Class and quintiles among the workspace's buyers."""
    standings, customer = known.standings() if known.standings else None, known.customer_id
    if standings is None or customer not in standings.buyers:
        return None
    also = {"name": standings.class_of(customer), "scores": standings.fifths_of(customer)}
    return Found(None, known.lines(), also=also)
