"""How long a customer has been silent, against the gaps that they used to leave."""

from math import ceil, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.profile.signs.varints import Ints

LONGEST = 1.2
"""A silence says something once it is a fifth longer than the longest gap from which they came back."""
LEAST_GAPS = 2
"""Fewer gaps than that are no habit."""
_PRIOR_GAPS = 2
"""The sd of few gaps leans on that of a memoryless customer, which equals the mean."""


class Gaps(NamedTuple):
    """Gaps in days between days on which something happened, as sums."""

    gaps: int
    total: int
    squares: int
    longest: int


class Silence(NamedTuple):
    """A silence that is long for this customer."""

    size: float
    """(days silent - mean gap) / (sd * sqrt(1 + 1 / gaps))."""
    usual: float
    """Mean gap, days ..."""
    gaps: int
    """... of so many."""
    after_days: int
    """Days of silence at which it became long."""


def long_silence(gaps: Gaps, silent_days: int, *, raised: float) -> Silence | None:
    """The silence, when it is `raised` standard errors longer than usual and beyond the longest; None when it is not.

    It only grows until the customer comes back, so the day on which it became long never depends on who looks when.
    """
    if gaps.gaps < LEAST_GAPS:
        return None
    mean = gaps.total / gaps.gaps
    within = max(gaps.squares - gaps.gaps * mean * mean, 0.0)
    error = sqrt((within + _PRIOR_GAPS * mean * mean) / (gaps.gaps - 1 + _PRIOR_GAPS) * (1 + 1 / gaps.gaps))
    after_days = ceil(max(mean + raised * error, LONGEST * gaps.longest))
    if silent_days < after_days:
        return None
    return Silence((silent_days - mean) / error, mean, gaps.gaps, after_days)


class Silences(NamedTuple):
    """After each day of many customers, the silence that would be long. Shape [n]; 0 gaps where that is no habit."""

    gaps: Ints
    usual: NDArray[np.float64]
    """Mean gap, days."""
    error: NDArray[np.float64]
    """Days of silence beyond the mean gap that make one standard error."""
    after_days: Ints
    """Days of silence at which it is long."""


def long_silences(customer: Ints, day: Ints, *, raised: float) -> Silences:
    """`long_silence` after each of these days, which are sorted by customer, then day, by what was known on it."""
    first = np.searchsorted(customer, customer)
    gaps = np.arange(day.size) - first
    gap = np.where(gaps > 0, np.diff(day, prepend=0), 0)
    squares = np.cumsum(gap**2)
    reach = int(gap.max(initial=0)) + 1
    longest = np.maximum.accumulate(first * reach + gap) - first * reach
    known, total = np.maximum(gaps, 1), (day - day[first]).astype(np.float64)
    mean = total / known
    within = np.maximum(squares - squares[first] - gaps * mean * mean, 0.0)
    error = np.sqrt((within + _PRIOR_GAPS * mean * mean) / (known - 1 + _PRIOR_GAPS) * (1 + 1 / known))
    after = np.ceil(np.maximum(mean + raised * error, LONGEST * longest)).astype(np.int64)
    return Silences(np.where(gaps >= LEAST_GAPS, gaps, 0), mean, error, after)
