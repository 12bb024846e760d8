"""How long a customer has been silent, against the gaps that they used to leave."""

from math import ceil, sqrt
from typing import NamedTuple

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
