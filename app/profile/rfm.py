"""Recency, frequency and money in the field's own meanings, and the eight classes.

Definitions as in lifetimes and pymc-marketing: a purchase *day* counts once however many orders it has; frequency
counts the days after the first; recency is the age at the last purchase (not the days since it).
"""

from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

from app.profile.schemas import RfmClass, RfmSummary


class Standing(NamedTuple):
    """One buyer's recency, frequency and money, or the medians of all buyers'."""

    days_since_last: float
    orders: float
    total: float


def medians(buyers: Iterable[Standing]) -> Standing | None:
    """Where "high" begins: the medians over a workspace's buyers at one moment; None when there are none."""
    columns = list(zip(*buyers, strict=True))
    return Standing(*(float(median(column)) for column in columns)) if columns else None


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


def classify(buyer: Standing, limits: Standing) -> RfmClass:
    """The class by (recent, frequent, valuable).

    Recent: days since the last purchase at or below the median. Frequent and valuable: above the median, because
    most buyers of most shops have the median's one order and are not "frequent" for it.
    """
    recent = buyer.days_since_last <= limits.days_since_last
    return _CLASSES[recent, buyer.orders > limits.orders, buyer.total > limits.total]
