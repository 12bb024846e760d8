"""What was bought, looked at and left in the cart: counts and sums over rows."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from app.narrative.schemas import Claim, Period
from evals.scorers.ledger import Row
from evals.scorers.meanings.known import Found, Known, Meaning, holds, total

DEALING = frozenset({"search", "view", "media", "favourite", "cart_add", "order", "review"})
"""Kinds of event that count as dealing with a topic."""


def first_order(claim: Claim, known: Known) -> Found | None:
    """The order that began first."""
    return _whole_order(known.orders()[:1])


def last_order(claim: Claim, known: Known) -> Found | None:
    """The order that began last."""
    return _whole_order(known.orders()[-1:])


def largest_order(claim: Claim, known: Known) -> Found | None:
    """The dearest order; of equals the first."""
    orders = known.orders()
    return _whole_order([max(orders, key=total)] if orders else [])


def _whole_order(chosen: Sequence[list[Row]]) -> Found | None:
    if not chosen:
        return None
    lines = chosen[0]
    return Found(total(lines), lines, at=lines[0].at, also={"order_id": lines[0].order_id or lines[0].event_id})


def order_count(claim: Claim, known: Known) -> Found:
    """Orders that began in the period."""
    return Found(len(known.orders(claim.period)), known.lines(claim.period))


def order_value(claim: Claim, known: Known) -> Found:
    """Order lines in the period."""
    lines = known.lines(claim.period)
    return Found(total(lines), lines)


def average_order_value(claim: Claim, known: Known) -> Found | None:
    """Order lines in the period over the orders that began in it."""
    lines, orders = known.lines(claim.period), known.orders(claim.period)
    return Found(round(total(lines) / len(orders)), lines) if orders else None


def refund_value(claim: Claim, known: Known) -> Found:
    """Refunds in the period."""
    lines = known.lines(claim.period, "refund")
    return Found(total(lines), lines)


def usual_gap(claim: Claim, known: Known) -> Found | None:
    """Median days between days with an order."""
    lines = known.lines()
    days = sorted({known.day(line.at) for line in lines})
    gaps = [b - a for a, b in pairwise(days)]
    return Found(median(gaps), lines) if gaps else None


def days_since_last_order(claim: Claim, known: Known) -> Found | None:
    """Local days since the order that began last."""
    found = last_order(claim, known)
    return found and found._replace(value=known.day(known.as_of) - known.day(found.rows[0].at))


def topic_share(claim: Claim, known: Known) -> Found | None:
    """Order lines of the topic over all of the period."""
    lines = known.lines(claim.period)
    of_topic = [line for line in lines if line.topic == claim.topic]
    return Found(total(of_topic) / total(lines), of_topic) if total(lines) else None


def topic_interactions(claim: Claim, known: Known) -> Found:
    """Dealings with the topic in the period."""
    rows = [
        row for row in known.rows if row.topic == claim.topic and row.kind in DEALING and holds(claim.period, row.at)
    ]
    return Found(len(rows), rows)


def item_orders(claim: Claim, known: Known) -> Found:
    """Orders with the item in the period."""
    lines = [line for line in known.lines(claim.period) if line.item_id == claim.item_id]
    return Found(len({line.order for line in lines}), lines)


def view_count(claim: Claim, known: Known) -> Found:
    """Product views in the period."""
    views = known.lines(claim.period, "view")
    return Found(len(views), views)


def change(of: Meaning) -> Meaning:
    """The same over the period and over as many local days before it."""

    def meaning(claim: Claim, known: Known) -> Found | None:
        if claim.period is None:
            return None
        now = of(claim, known)
        then = of(claim.model_copy(update={"period": known.before(claim.period)}), known)
        return now and then and Found(now.value, [*then.rows, *now.rows], before=then.value)

    return meaning


def carted_not_bought(claim: Claim, known: Known) -> Found | None:
    """Additions of the item in the period and after its last order, if it was not taken out after the last."""
    bought = [row.at for row in known.lines() if row.item_id == claim.item_id]
    since = Period(start=max(bought), end=known.as_of) if bought else None
    added = [
        row for row in known.lines(claim.period, "cart_add") if row.item_id == claim.item_id and holds(since, row.at)
    ]
    removed = [row.at for row in known.lines(kind="cart_remove") if row.item_id == claim.item_id]
    if not added or any(at > added[-1].at for at in removed):
        return None
    return Found(len(added), added, at=added[-1].at)
