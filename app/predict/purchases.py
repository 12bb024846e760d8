"""What the estimators read: who bought on which day for how much. Knows no events, items or models."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.errors import InvalidInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_CUSTOMERS = 100
"""Buyers that a shop needs before anything is estimated."""
LEAST_REPEATERS = 30
"""Buyers with paid purchases on two days or more."""
LEAST_HISTORY_DAYS = 60


@dataclass(frozen=True, eq=False)
class PurchaseDays:
    """One row per customer and local day with an order, sorted by customer, then day. Amounts are gross.

    Several orders on one day are one purchase: the models below count days, as their papers do.
    Customers who never bought may stand in `customer_ids` without a row.
    """

    customer_ids: tuple[str, ...]
    customer: NDArray[np.int32]
    """Index into `customer_ids`, shape [n]."""
    day: NDArray[np.int32]
    """Local days since 1970-01-01, shape [n]."""
    amount: Ints
    """Minor units, >= 0, shape [n]."""

    def __post_init__(self) -> None:
        """Refuse columns that break the promise of the class."""
        if not (self.customer.shape == self.day.shape == self.amount.shape == (self.customer.size,)):
            raise InvalidInput("customer, day and amount must be columns of one length")
        if self.customer.size and not 0 <= self.customer.min() <= self.customer.max() < len(self.customer_ids):
            raise InvalidInput("customer holds an index outside customer_ids")
        order = np.diff(self.customer.astype(np.int64)) * 2**32 + np.diff(self.day.astype(np.int64))
        if (order <= 0).any() or (self.amount < 0).any():
            raise InvalidInput("rows must be unique, sorted and not negative; build them with from_rows")

    @classmethod
    def from_rows(cls, customer_ids: Sequence[str], days: ArrayLike, amounts: ArrayLike) -> Self:
        """Add up orders (one row each, any order) to purchase days.

        A negative amount is a refund, not a purchase, so its row is left out (the basis is gross); an order
        of amount 0 counts. The result does not depend on the order of the rows.
        """
        names = tuple(sorted(set(customer_ids)))
        index = {name: i for i, name in enumerate(names)}
        customer = np.fromiter(map(index.__getitem__, customer_ids), np.int64, len(customer_ids))
        day, amount = np.asarray(days, np.int64), np.asarray(amounts, np.int64)
        if not customer.shape == day.shape == amount.shape:
            raise InvalidInput("customer_ids, days and amounts must have one length")
        kept = amount >= 0
        customer, day, amount = customer[kept], day[kept], amount[kept]
        order = np.lexsort((day, customer))
        customer, day, amount = customer[order], day[order], amount[order]
        first = np.flatnonzero(_changes(customer) | _changes(day))
        total = np.add.reduceat(amount, first) if first.size else amount
        return cls(names, customer[first].astype(np.int32), day[first].astype(np.int32), total)

    def until(self, day: int) -> Self:
        """The same customers as they stood at the end of `day`; later rows are gone."""
        seen = self.day <= day
        return type(self)(self.customer_ids, self.customer[seen], self.day[seen], self.amount[seen])


class Histories(NamedTuple):
    """What BG/NBD needs of each customer: integer days, shape [n] each (a sufficient statistic)."""

    frequency: Ints
    """x: purchase days after the first."""
    recency: Ints
    """t_x: the customer's age at the last purchase (0 for one-time buyers), NOT the time since then."""
    T: Ints
    """Age: days from the first purchase to the day of the view."""

    def distinct(self) -> tuple["Histories", Ints, Ints]:
        """The different rows (sorted by frequency), the row of each customer, and how often each occurs."""
        reach = int(self.T.max(initial=0)) + 1
        key = (self.frequency * reach + self.recency) * reach + self.T
        found, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
        frequency, rest = np.divmod(found, reach * reach)
        return Histories(frequency, *np.divmod(rest, reach)), inverse, counts


class RfmTable(NamedTuple):
    """One row per customer with at least one purchase by the day of the view; names as in `lifetimes`."""

    customer: Ints
    """Index into `PurchaseDays.customer_ids`, ascending."""
    frequency: Ints
    recency: Ints
    T: Ints
    monetary_value: Floats
    """Mean spend per REPEAT purchase day in minor units; 0 for one-time buyers."""
    first_day: Ints
    last_day: Ints

    @property
    def histories(self) -> Histories:
        """The columns that say when, without how much."""
        return Histories(self.frequency, self.recency, self.T)


def rfm(purchases: PurchaseDays, day: int) -> RfmTable:
    """Frequency, recency, age and repeat spend of every buyer, seen at the end of `day`."""
    seen = purchases.until(day)
    days = seen.day.astype(np.int64)
    first = np.flatnonzero(_changes(seen.customer))
    last = np.append(first[1:], days.size)[: first.size] - 1
    frequency = last - first
    spend = np.add.reduceat(seen.amount, first) if first.size else seen.amount
    repeat_spend = spend - seen.amount[first]
    return RfmTable(
        customer=seen.customer[first].astype(np.int64),
        frequency=frequency,
        recency=days[last] - days[first],
        T=day - days[first],
        monetary_value=repeat_spend / np.maximum(frequency, 1),
        first_day=days[first],
        last_day=days[last],
    )


def spend_between(purchases: PurchaseDays, customer: Ints, after: int, until: int) -> tuple[Floats, Ints]:
    """What `customer` (indices) did in (after, until]: spend in minor units and number of purchase days."""
    inside = (purchases.day > after) & (purchases.day <= until)
    who, size = purchases.customer[inside], len(purchases.customer_ids)
    spend = np.bincount(who, weights=purchases.amount[inside], minlength=size)
    days = np.bincount(who, minlength=size).astype(np.int64)
    return spend[customer].astype(np.float64), days[customer]


def missing_for_fit(purchases: PurchaseDays, table: RfmTable, day: int) -> tuple[str, ...]:
    """What a shop lacks for an estimate at the end of `day`, as stable codes; empty when there is enough."""
    first = int(purchases.day.min(initial=day))
    have = {
        f"customers>={LEAST_CUSTOMERS}": table.customer.size >= LEAST_CUSTOMERS,
        f"repeat_customers>={LEAST_REPEATERS}": (table.monetary_value > 0).sum() >= LEAST_REPEATERS,
        f"history_days>={LEAST_HISTORY_DAYS}": day - first >= LEAST_HISTORY_DAYS,
    }
    return tuple(code for code, enough in have.items() if not enough)


def _changes(column: NDArray[np.integer]) -> NDArray[np.bool_]:
    """True where a sorted column starts a new value."""
    return np.concatenate(([True], column[1:] != column[:-1]))[: column.size]
