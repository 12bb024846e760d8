"""What each customer bought in a stretch of time, net of refunds, to the moment and not to the day.

The rule is that of `predict/inputs/refunds.py`, order by order, because a campaign begins in the middle of a day: a
refund is taken off the order that it names, else off the customer's latest order up to then that has something left,
and from there backwards, never below nothing. An order that came back whole stays an order.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from app.events.refunds import RefundTotal
from app.events.store import OrderTotal

Owner = Callable[[str, datetime], str | None]
"""Whose a subject was at a moment; None when it is nobody's."""


class Purchase(NamedTuple):
    """One order and what is left of it."""

    at: datetime
    order_id: str
    paid: int
    """Minor units, before refunds."""
    left: int
    """After them."""


class Spent(NamedTuple):
    """What one customer bought in a stretch."""

    orders: int
    value: int
    """Minor units, net of refunds."""


NOTHING = Spent(0, 0)


class Ledger:
    """Every customer's orders with the refunds that were known at one moment taken off."""

    def __init__(self, orders: Iterable[OrderTotal], refunds: Iterable[RefundTotal], owner: Owner) -> None:
        """Nobody's orders are left out; of one order seen under two identifiers the lines are added up."""
        self._by_customer = _orders(orders, owner)
        where = {p.order_id: (who, n) for who, theirs in self._by_customer.items() for n, p in enumerate(theirs)}
        for refund in sorted(refunds, key=lambda r: (r.occurred_at, r.order_id, r.subject)):
            if refund.order_id in where:
                who, place = where[refund.order_id]
                _take(self._by_customer[who], place, refund.amount)
            elif (name := owner(refund.subject, refund.occurred_at)) is not None:
                _take_back(self._by_customer.get(name, []), refund)

    def between(self, customer_id: str, after: datetime, until: datetime) -> Spent:
        """Orders in (after, until]."""
        found = self.orders(customer_id, after, until)
        return Spent(len(found), sum(p.left for p in found)) if found else NOTHING

    def orders(self, customer_id: str, after: datetime, until: datetime) -> Sequence[Purchase]:
        """The same, one by one, in order of time."""
        return [p for p in self._by_customer.get(customer_id, ()) if after < p.at <= until]


def _orders(orders: Iterable[OrderTotal], owner: Owner) -> dict[str, list[Purchase]]:
    known: dict[str, tuple[str, Purchase]] = {}
    for order in sorted(orders, key=lambda o: (o.occurred_at, o.order_id, o.subject)):
        if (who := owner(order.subject, order.occurred_at)) is None:
            continue
        if order.order_id in known:
            who, seen = known[order.order_id]
            paid = seen.paid + order.amount
            known[order.order_id] = (who, seen._replace(paid=paid, left=paid))
        else:
            known[order.order_id] = (who, Purchase(order.occurred_at, order.order_id, order.amount, order.amount))
    found: dict[str, list[Purchase]] = {}
    for who, purchase in known.values():
        found.setdefault(who, []).append(purchase)
    return found


def _take(theirs: list[Purchase], place: int, amount: int) -> int:
    """Take `amount` off one order; returns what it could not bear."""
    part = min(amount, theirs[place].left)
    theirs[place] = theirs[place]._replace(left=theirs[place].left - part)
    return amount - part


def _take_back(theirs: list[Purchase], refund: RefundTotal) -> None:
    owed = refund.amount
    for place in reversed(range(len(theirs))):
        if owed and theirs[place].at <= refund.occurred_at:
            owed = _take(theirs, place, owed)
