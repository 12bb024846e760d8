"""What intent is learned from: baskets by category, and touches (views, searches, carts) by category. Plain columns.

Categories are numbers into `names`; the number len(names) stands for every other one, and for items without any.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.errors import InvalidInput
from app.predict.inputs.purchases import Floats, Ints

Flags = NDArray[np.bool_]

MOST_CATEGORIES = 100
"""Categories that are told apart, those bought most often; the rest is `other`."""
_REPEAT = 0.1
"""What a further act of the day on the same category says, beside the strongest."""
LEAST_BASKETS = 5
"""Baskets that a category must have been in to be told apart."""


@dataclass(frozen=True, eq=False)
class Baskets:
    """One row per customer, local day and category bought that day, sorted by customer, day, category."""

    names: tuple[str, ...]
    customer: Ints
    day: Ints
    category: Ints
    share: Floats
    """Of the day's spend; the shares of a day sum to 1."""
    main: Flags
    """The one known category of the day that most was spent on; `other` only where none is known."""

    @classmethod
    def from_columns(
        cls,
        customer: ArrayLike,
        day: ArrayLike,
        category: Sequence[str | None],
        amount: ArrayLike,
        names: tuple[str, ...] | None = None,
    ) -> Self:
        """Add up order lines in any order; a line of a negative amount is a refund and left out.

        `names` are the categories to tell apart; without them those in most baskets.
        """
        who, when, spent = (np.asarray(column, np.int64) for column in (customer, day, amount))
        if not who.shape == when.shape == spent.shape == (len(category),):
            raise InvalidInput("customer, day, category and amount must be columns of one length")
        bought = spent >= 0
        if names is None:
            names = told_apart(who[bought], when[bought], [c for c, kept in zip(category, bought, strict=True) if kept])
        return cls(
            names, *_rows(who[bought], when[bought], numbers(names, category)[bought], spent[bought], len(names))
        )

    @property
    def other(self) -> int:
        """The number of every category that is not told apart."""
        return len(self.names)

    def until(self, day: int) -> Self:
        """As things stood at the end of `day`; later rows are gone. The categories stay."""
        return self._where(self.day <= day)

    def of(self, customers: Ints) -> Self:
        """The rows of these customers only."""
        return self._where(np.isin(self.customer, customers))

    def mains(self) -> "Mains":
        """One row per customer and day: the main category."""
        return Mains(self.customer[self.main], self.day[self.main], self.category[self.main])

    def _where(self, kept: Flags) -> Self:
        return type(self)(
            self.names,
            self.customer[kept],
            self.day[kept],
            self.category[kept],
            self.share[kept],
            self.main[kept],
        )


class Mains(NamedTuple):
    """One row per customer and purchase day, sorted so."""

    customer: Ints
    day: Ints
    category: Ints


class Touches(NamedTuple):
    """What customers did short of buying: one row per customer, local day and category."""

    customer: Ints
    day: Ints
    category: Ints
    weight: Floats
    """How much the day speaks for the category: its strongest act, and a tenth of each further one."""
    cart: Ints
    """Things put into the cart less things taken out."""

    @classmethod
    def from_columns(
        cls,
        customer: ArrayLike,
        day: ArrayLike,
        category: Sequence[str | None],
        weight: ArrayLike,
        cart: ArrayLike,
        names: tuple[str, ...],
    ) -> "Touches":
        """Add up acts in any order; `weight` is what each says alone, `cart` 1, -1 or 0."""
        columns = (np.asarray(c, np.int64) for c in (customer, day, numbers(names, category)))
        who, when, what = columns
        strength, moved = np.asarray(weight, np.float64), np.asarray(cart, np.int64)
        order = np.lexsort((what, when, who))
        who, when, what, moved = (c[order] for c in (who, when, what, moved))
        strength = strength[order]
        first = _starts(who, when, what)
        if not first.size:
            return no_touches()
        most, all_ = np.maximum.reduceat(strength, first), np.add.reduceat(strength, first)
        told = most + _REPEAT * (all_ - most)
        return cls(who[first], when[first], what[first], told, np.add.reduceat(moved, first))

    def until(self, day: int) -> "Touches":
        """As things stood at the end of `day`."""
        return self._where(self.day <= day)

    def of(self, customers: Ints) -> "Touches":
        """The rows of these customers only."""
        return self._where(np.isin(self.customer, customers))

    def _where(self, kept: Flags) -> "Touches":
        return Touches(self.customer[kept], self.day[kept], self.category[kept], self.weight[kept], self.cart[kept])


def no_touches() -> Touches:
    """Of a shop that sends orders only."""
    none = np.zeros(0, np.int64)
    return Touches(none, none, none, np.zeros(0), none)


def told_apart(customer: Ints, day: Ints, category: Sequence[str | None]) -> tuple[str, ...]:
    """The categories in most baskets, by name; those in hardly any are left to `other`."""
    known = sorted({name for name in category if name is not None})
    number = numbers(known, category)
    order = np.lexsort((number, day, customer))
    first = _starts(customer[order], day[order], number[order])
    counts = np.bincount(number[order][first], minlength=len(known))[: len(known)]
    often = np.flatnonzero(counts >= LEAST_BASKETS)
    most = often[np.argsort(-counts[often], kind="stable")][:MOST_CATEGORIES]
    return tuple(known[place] for place in sorted(most.tolist()))


def numbers(names: Sequence[str], category: Sequence[str | None]) -> Ints:
    """The number of each category."""
    place: Mapping[str | None, int] = {name: i for i, name in enumerate(names)}
    return np.fromiter((place.get(name, len(names)) for name in category), np.int64, len(category))


def _rows(
    customer: Ints, day: Ints, category: Ints, amount: Ints, other: int
) -> tuple[Ints, Ints, Ints, Floats, Flags]:
    order = np.lexsort((category, day, customer))
    customer, day, category, amount = (column[order] for column in (customer, day, category, amount))
    first = _starts(customer, day, category)
    spent = np.add.reduceat(amount, first).astype(np.float64) if first.size else np.zeros(0)
    lines = np.diff(first, append=customer.size)
    customer, day, category = customer[first], day[first], category[first]
    basket = np.cumsum(_is_start(customer, day)) - 1
    total = np.bincount(basket, spent)[basket] if basket.size else spent
    count = np.bincount(basket, lines)[basket] if basket.size else spent
    share = np.where(total > 0, spent / np.maximum(total, 1), lines / np.maximum(count, 1))
    return customer, day, category, share, _main(basket, category, share, other)


def _main(basket: Ints, category: Ints, share: Floats, other: int) -> Flags:
    """The known category with the largest share of its basket; of equals the first."""
    best = np.lexsort((category, -share, category == other, basket))
    main = np.zeros(basket.size, np.bool_)
    main[best[np.flatnonzero(_is_start(basket[best]))]] = True
    return main


def _is_start(*columns: Ints) -> Flags:
    changed = np.zeros(columns[0].size, np.bool_)
    for column in columns:
        changed[1:] |= column[1:] != column[:-1]
    changed[:1] = True
    return changed


def _starts(*columns: Ints) -> Ints:
    return np.flatnonzero(_is_start(*columns))
