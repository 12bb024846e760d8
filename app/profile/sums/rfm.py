"""Recency, frequency and money in the field's own meanings: quintile scores and the eight classes.

Definitions as in lifetimes and pymc-marketing: a purchase *day* counts once however many orders it has; frequency
counts the days after the first; recency is the age at the last purchase (not the days since it).
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

from app.profile.schemas import RfmClass, RfmScores, RfmSummary

FIFTHS = 5
FEWEST_BUYERS = 10
"""Fewer than two to a fifth rank nobody."""


class Standing(NamedTuple):
    """One buyer's recency, frequency and money, or the medians of all buyers'."""

    days_since_last: float
    orders: float
    total: float


class Limits(NamedTuple):
    """Where a workspace's buyers are divided at one moment."""

    medians: Standing
    """Where "high" begins."""
    fifths: tuple[Standing, ...]
    """The values at 20, 40, 60 and 80% of the buyers, ascending in each column."""
    buyers: int
    """How many they are."""


def limits_of(buyers: Iterable[Standing]) -> Limits | None:
    """The limits over all buyers; None when there are none."""
    columns = [sorted(column) for column in zip(*buyers, strict=True)]
    if not columns:
        return None
    fifths = zip(*(_fifths(column) for column in columns), strict=True)
    return Limits(
        Standing(*(float(median(column)) for column in columns)),
        tuple(Standing(*row) for row in fifths),
        len(columns[0]),
    )


def _fifths(ascending: Sequence[float]) -> list[float]:
    """The smallest values that at least 20, 40, 60, 80% do not exceed."""
    return [ascending[-(-len(ascending) * k // FIFTHS) - 1] for k in range(1, FIFTHS)]


def standing(summary: RfmSummary) -> Standing:
    """The buyer's own values."""
    return Standing(summary.T - summary.recency, summary.orders, summary.total)


_CLASSES = {
    (True, True, True): RfmClass.IMPORTANT_VALUE,
    (True, False, True): RfmClass.IMPORTANT_DEVELOP,
    (False, True, True): RfmClass.IMPORTANT_KEEP,
    (False, False, True): RfmClass.IMPORTANT_WIN_BACK,
    (True, True, False): RfmClass.GENERAL_VALUE,
    (True, False, False): RfmClass.GENERAL_DEVELOP,
    (False, True, False): RfmClass.GENERAL_KEEP,
    (False, False, False): RfmClass.GENERAL_WIN_BACK,
}


def scores(buyer: Standing, limits: Limits) -> RfmScores | None:
    """Quintiles, 5 best; None among fewer than FEWEST_BUYERS.

    1 + the number of fifths that the buyer lies beyond (recency: 5 - fifths before them). Equal values get equal
    scores, so that many one-order buyers share the lowest score for frequency.
    """
    if limits.buyers < FEWEST_BUYERS:
        return None
    days, orders, totals = zip(*limits.fifths, strict=True)
    return RfmScores(
        recency=FIFTHS - bisect_left(days, buyer.days_since_last),
        frequency=1 + bisect_left(orders, buyer.orders),
        monetary=1 + bisect_left(totals, buyer.total),
    )


def classify(buyer: Standing, limits: Limits) -> RfmClass:
    """The class by (recent, frequent, valuable).

    Recent: days since the last purchase at or below the median. Frequent and valuable: above the median, because
    most buyers of most shops have the median's one order and are not "frequent" for it.
    """
    middle = limits.medians
    recent = buyer.days_since_last <= middle.days_since_last
    return _CLASSES[recent, buyer.orders > middle.orders, buyer.total > middle.total]
