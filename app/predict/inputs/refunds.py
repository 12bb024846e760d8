"""Amounts net of refunds: what came back is taken off the purchase that it belongs to, never below nothing.

A refund belongs to the order that it names; one that names none, or an order that is not known, to the customer's
latest purchase up to its day that has something left, and from there backwards. What is beyond all purchases is left
out and counted. A purchase that came back whole stays a purchase of amount 0: the customer did come and buy.

Refunds are known by a moment like everything else: cut them there first (`Refunds.until`), or a number would know the
future. What was bought shortly before that moment may still come back, so net values of late purchases are high.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from app.events.refunds import RefundTotal
from app.events.store import OrderTotal
from app.identity.schemas import Owners
from app.predict.inputs.purchases import Ints, PurchaseDays

_EPOCH = date(1970, 1, 1).toordinal()


class Refunds(NamedTuple):
    """One row per refund, shape [n] each, in any order."""

    customer: Ints
    """Index into the `customer_ids` of the purchases."""
    day: Ints
    """Local days since 1970-01-01."""
    amount: Ints
    """Minor units, >= 0."""

    def until(self, day: int) -> "Refunds":
        """Those known by the end of `day`."""
        seen = self.day <= day
        return Refunds(self.customer[seen], self.day[seen], self.amount[seen])


NONE = Refunds(*(np.zeros((3, 0), np.int64)))
"""No refunds."""


class Netted(NamedTuple):
    """Purchases after refunds."""

    purchases: PurchaseDays
    taken: int
    """Minor units taken off."""
    beyond: int
    """Minor units refunded beyond all that had been paid; left out."""


def net(purchases: PurchaseDays, refunds: Refunds) -> Netted:
    """Take each refund off the customer's latest purchase days up to its own day; the earliest refund goes first."""
    place = purchases.customer.astype(np.int64) << 32 | purchases.day.astype(np.int64)
    order = np.lexsort((refunds.day, refunds.customer))
    customer, day, owed = (column[order] for column in refunds)
    last = np.searchsorted(place, customer << 32 | day, side="right") - 1
    left = purchases.amount.copy()
    beyond = 0
    for who, row, amount in zip(customer.tolist(), last.tolist(), owed.tolist(), strict=True):
        beyond += _take(left, purchases, who, row, amount)
    netted = PurchaseDays(purchases.customer_ids, purchases.customer, purchases.day, left)
    return Netted(netted, int(owed.sum()) - beyond, beyond)


def _take(left: Ints, purchases: PurchaseDays, who: int, row: int, amount: int) -> int:
    """Take `amount` off row after row backwards in place; returns what no purchase could bear."""
    while amount and row >= 0 and purchases.customer[row] == who:
        part = min(amount, int(left[row]))
        left[row] -= part
        amount -= part
        row -= 1
    return amount


def of_orders(
    orders: Sequence[OrderTotal],
    refunds: Iterable[RefundTotal],
    owners: Owners,
    customer_ids: Sequence[str],
    zone: ZoneInfo,
) -> Refunds:
    """A log's refunds, each on the day of the order that it names, else on its own; `net` then finds the purchase.

    What an order's refunds come to beyond its own amount is left out, so that no other order pays for it. Refunds to
    somebody who is none of `customer_ids` have no purchase to be taken off.
    """
    by_id = _by_id(orders)
    index = {name: place for place, name in enumerate(customer_ids)}
    rows = list[tuple[int, int, int]]()
    for refund in refunds:
        order = by_id.get(refund.order_id)
        subject, moment = (order.subject, order.occurred_at) if order else (refund.subject, refund.occurred_at)
        amount = min(refund.amount, order.amount) if order else refund.amount
        if order:
            by_id[refund.order_id] = order._replace(amount=order.amount - amount)
        who = index.get(owners.of(subject, moment)) if subject in owners else None
        if who is not None and amount > 0:
            rows.append((who, moment.astimezone(zone).toordinal() - _EPOCH, amount))
    table = np.array(rows, np.int64).reshape(-1, 3)
    return Refunds(table[:, 0], table[:, 1], table[:, 2])


def _by_id(orders: Sequence[OrderTotal]) -> dict[str, OrderTotal]:
    """Orders by id; one seen under two identifiers has both amounts, as in the purchases."""
    found: dict[str, OrderTotal] = {}
    for order in orders:
        known = found.get(order.order_id)
        found[order.order_id] = known._replace(amount=known.amount + order.amount) if known else order
    return found
