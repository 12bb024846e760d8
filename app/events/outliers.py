"""Values far beyond what a source usually sends. Pure: a distribution in, bounds out."""

from collections.abc import Mapping
from math import exp, log
from typing import NamedTuple

import numpy as np

LEAST = 20
"""Values from which on a source's own spread is judged."""
BEYOND = 5.0
"""Robust standard deviations from the median; prices have long tails, so more than the usual 3.5."""
AT_LEAST = 5.0
"""And at least so many times the median, or so small a part of it: of a shop whose customers buy one, two is usual."""
_MAD_SCALE = 1.482602
"""Median absolute deviation of a normal distribution -> its standard deviation."""
_MEAN_SCALE = 1.253314
"""Mean absolute deviation of a normal distribution -> its standard deviation."""


class Bounds(NamedTuple):
    """What lies between is usual."""

    low: float
    high: float


def bounds_of(counts: Mapping[int, int]) -> Bounds | None:
    """Robust bounds of positive values (value -> how often), on the log scale; None when there are too few.

    Modified z-scores of Iglewicz and Hoaglin (How to Detect and Handle Outliers, 1993): median and MAD; where more
    than half of the values are equal and the MAD is 0, the mean absolute deviation takes its place.
    """
    positive = sorted((value, n) for value, n in counts.items() if value > 0)
    if sum(n for _, n in positive) < LEAST:
        return None
    logs = np.log(np.array([value for value, _ in positive], dtype=float))
    weights = np.array([n for _, n in positive], dtype=float)
    median = _weighted_median(logs, weights)
    away = np.abs(logs - median)
    order = np.argsort(away)
    spread = _MAD_SCALE * _weighted_median(away[order], weights[order])
    spread = spread or _MEAN_SCALE * float(np.average(away, weights=weights))
    width = max(BEYOND * spread, log(AT_LEAST))
    return Bounds(exp(median - width), exp(median + width))


def beyond(counts: Mapping[int, int], bounds: Bounds) -> int:
    """How many values lie outside."""
    slack = 1e-9  # a value on the bound is inside, whatever the rounding of its logarithm
    low, high = log(bounds.low) - slack, log(bounds.high) + slack
    return sum(n for value, n in counts.items() if value > 0 and not low <= log(value) <= high)


def _weighted_median(ordered: np.ndarray, weights: np.ndarray) -> float:
    return float(ordered[np.searchsorted(np.cumsum(weights), weights.sum() / 2)])
