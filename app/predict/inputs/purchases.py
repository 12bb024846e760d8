"""What the estimators read: who bought on which day for how much. Knows no events, items or models."""

from collections.abc import Iterator, Sequence
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
_DAYS = 2**32
"""More than there are days in an int32."""
_CLOSE = 4
"""Keys are counted while their range is at most this many times their number."""


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
        if (np.diff(_keys(self.customer, self.day)) <= 0).any() or (self.amount < 0).any():
            raise InvalidInput("rows must be unique, sorted and not negative; build them with from_rows")

    @classmethod
    def from_rows(cls, customer_ids: Sequence[str], days: ArrayLike, amounts: ArrayLike) -> Self:
        """Add up orders (one row each, any order) to purchase days.

        A negative amount is a refund, not a purchase, so its row is left out (the basis is gross); an order
        of amount 0 counts. The result does not depend on the order of the rows.
        """
        names = tuple(sorted(set(customer_ids)))
        index = {name: i for i, name in enumerate(names)}
        customer = np.fromiter(map(index.__getitem__, customer_ids), np.int32, len(customer_ids))
        day, amount = np.asarray(days, np.int64), np.asarray(amounts, np.int64)
        if not customer.shape == day.shape == amount.shape:
            raise InvalidInput("customer_ids, days and amounts must have one length")
        kept = amount >= 0
        return cls.add_up(names, customer[kept], day[kept], amount[kept])

    @classmethod
    def add_up(
        cls, names: tuple[str, ...], customer: NDArray[np.integer], day: NDArray[np.integer], amount: Ints
    ) -> Self:
        """As `from_rows`, of customers numbered already (their place in the sorted `names`); no amount is negative.

        Needs about 60 bytes a row.
        """
        keys, total = _sums(_keys(customer, day), amount)
        who, when = np.divmod(keys, _DAYS)
        return cls(names, who.astype(np.int32), (when - _DAYS // 2).astype(np.int32), total)

    def until(self, day: int) -> Self:
        """The same customers as they stood at the end of `day`; later rows are gone."""
        seen = self.day <= day
        if seen.all():
            return self
        return type(self)(self.customer_ids, self.customer[seen], self.day[seen], self.amount[seen])

    def parts(self, most: int) -> Iterator[Self]:
        """The same purchases by groups of at most `most` customers, in order."""
        for start in range(0, len(self.customer_ids), most):
            first, last = np.searchsorted(self.customer, np.array((start, start + most), self.customer.dtype))
            rows = slice(int(first), int(last))
            yield type(self)(self.customer_ids, self.customer[rows], self.day[rows], self.amount[rows])


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
        found, inverse, counts = np.unique(self._key(), return_inverse=True, return_counts=True)
        return self._rows(found), inverse, counts

    def counted(self) -> tuple["Histories", Ints]:
        """The different rows (sorted by frequency) and how often each occurs; a third of the price of `distinct`."""
        found, counts = np.unique(self._key(), return_counts=True)
        return self._rows(found), counts

    def _key(self) -> Ints:
        """One number per row."""
        return (self.frequency * self._reach + self.recency) * self._reach + self.T

    def _rows(self, key: Ints) -> "Histories":
        frequency, rest = np.divmod(key, self._reach**2)
        return Histories(frequency, *np.divmod(rest, self._reach))

    @property
    def _reach(self) -> int:
        return int(self.T.max(initial=0)) + 1


def numbered(keys: Ints) -> tuple[Ints, Ints]:
    """The different keys (>= 0), ascending, and the place of each key among them.

    As np.unique; where keys lie close together they are counted rather than sorted, which is ten times faster.
    """
    reach = int(keys.max(initial=0)) + 1
    if reach > _CLOSE * keys.size:
        found, place = np.unique(keys, return_inverse=True)
        return found, place
    found = np.flatnonzero(np.bincount(keys, minlength=reach))
    places = np.zeros(reach, np.int64)
    places[found] = np.arange(found.size)
    return found, places[keys]


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
    first = np.flatnonzero(_changes(seen.customer))
    last = np.append(first[1:], seen.day.size)[: first.size] - 1
    first_day, last_day = seen.day[first].astype(np.int64), seen.day[last].astype(np.int64)
    frequency = last - first
    spend = np.add.reduceat(seen.amount, first) if first.size else seen.amount
    repeat_spend = spend - seen.amount[first]
    return RfmTable(
        customer=seen.customer[first].astype(np.int64),
        frequency=frequency,
        recency=last_day - first_day,
        T=day - first_day,
        monetary_value=repeat_spend / np.maximum(frequency, 1),
        first_day=first_day,
        last_day=last_day,
    )


def spend_between(purchases: PurchaseDays, customer: Ints, after: int, until: int) -> tuple[Floats, Ints]:
    """What `customer` (indices) did in (after, until]: spend in minor units and number of purchase days."""
    inside = (purchases.day > after) & (purchases.day <= until)
    who, size = purchases.customer[inside], len(purchases.customer_ids)
    spend = np.bincount(who, weights=purchases.amount[inside], minlength=size)
    days = np.bincount(who, minlength=size).astype(np.int64)
    return spend[customer].astype(np.float64), days[customer]


def missing_for_fit(
    purchases: PurchaseDays, table: RfmTable, day: int, *, history_days: int = LEAST_HISTORY_DAYS
) -> tuple[str, ...]:
    """What a shop lacks for an estimate at the end of `day`, as stable codes; empty when there is enough."""
    first = int(purchases.day.min(initial=day))
    have = {
        f"customers>={LEAST_CUSTOMERS}": table.customer.size >= LEAST_CUSTOMERS,
        f"repeat_customers>={LEAST_REPEATERS}": (table.monetary_value > 0).sum() >= LEAST_REPEATERS,
        f"history_days>={history_days}": day - first >= history_days,
    }
    return tuple(code for code, enough in have.items() if not enough)


def _keys(customer: NDArray[np.integer], day: NDArray[np.integer]) -> Ints:
    """One number per row that sorts by customer, then day."""
    keys = customer.astype(np.int64)
    keys *= _DAYS
    keys += day
    keys += _DAYS // 2
    return keys


def _sums(keys: Ints, amount: Ints) -> tuple[Ints, Ints]:
    """The different keys, ascending, and the sum of the amounts of each."""
    order = np.argsort(keys)
    keys = keys[order]
    first = np.flatnonzero(_changes(keys))
    total: Ints = np.add.reduceat(amount[order], first) if first.size else amount[:0]
    return keys[first], total


def _changes(column: NDArray[np.integer]) -> NDArray[np.bool_]:
    """True where a sorted column starts a new value."""
    return np.concatenate(([True], column[1:] != column[:-1]))[: column.size]
