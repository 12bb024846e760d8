"""Scores of predicted amounts, quantiles and probabilities. Definitions: the table of evals/README.md.

Every scorer takes `weight` [n], how often each case counts, so that a bootstrap draw costs no new sort: ranks are
found once (`levels`) and reweighted. Ties are scored as the average over all orders of the tied cases, so that no
figure depends on the order of the rows. What is undefined (a correlation with a constant) is NaN, never 0.
"""

from typing import NamedTuple, SupportsFloat

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

POWER = 1.5
"""Of the Tweedie deviance: between a Poisson count (1) and a Gamma amount (2)."""


class Forecast(NamedTuple):
    """Predicted against actual amounts of the same customers, with the rank of each."""

    actual: Floats
    predicted: Floats
    actual_level: Ints
    predicted_level: Ints
    floor: float
    """Least prediction that the Tweedie deviance sees."""


def forecast(actual: Floats, predicted: Floats, *, floor: float) -> Forecast:
    """Rank both sides once."""
    return Forecast(actual, predicted, levels(actual), levels(predicted), floor)


def levels(values: Floats) -> Ints:
    """Per case the index of its value among the distinct values, ascending."""
    return np.asarray(np.unique(values, return_inverse=True)[1], dtype=np.intp)


def average(values: Floats, weight: Floats) -> float:
    """Weighted mean."""
    return float(values @ weight / weight.sum())


def mae(actual: Floats, predicted: Floats, weight: Floats) -> float:
    """Mean absolute error: least for the median."""
    return average(np.abs(actual - predicted), weight)


def rmse(f: Forecast, weight: Floats) -> float:
    """Root of the mean squared error: least for the mean, ruled by the largest customers."""
    return float(np.sqrt(average((f.actual - f.predicted) ** 2, weight)))


def tweedie(f: Forecast, weight: Floats) -> float:
    """Mean Tweedie deviance, p = 1.5."""
    return average(deviance(f), weight)


def deviance(f: Forecast) -> Floats:
    """Of each case: 2 (y^(2-p)/((1-p)(2-p)) - y m^(1-p)/(1-p) + m^(2-p)/(2-p)), p = 1.5; Jørgensen 1987."""
    y, m, p = f.actual, np.maximum(f.predicted, f.floor), POWER
    half = y ** (2 - p) / ((1 - p) * (2 - p)) - y * m ** (1 - p) / (1 - p) + m ** (2 - p) / (2 - p)
    return np.asarray(2 * half, dtype=np.float64)


def level(f: Forecast, weight: Floats) -> float:
    """Sum predicted over sum actual; the ideal is 1."""
    return _ratio(f.predicted @ weight, f.actual @ weight)


def spearman(f: Forecast, weight: Floats) -> float:
    """Rank correlation with average ranks for ties (Spearman 1904)."""
    return rankings(f, weight).spearman


def gini(f: Forecast, weight: Floats) -> float:
    """Normalised Gini: that of actual spend ordered by prediction over that of the perfect order."""
    return rankings(f, weight).gini


def lift10(f: Forecast, weight: Floats) -> float:
    """Share of actual spend in the predicted top tenth, times 10."""
    return rankings(f, weight).lift10


class Rankings(NamedTuple):
    """What the order of the predictions is worth."""

    spearman: float
    gini: float
    lift10: float


def rankings(f: Forecast, weight: Floats) -> Rankings:
    """All three at once: they share their sums."""
    actual = _by_level(f.actual, f.actual_level, weight)
    predicted = _by_level(f.actual, f.predicted_level, weight)
    return Rankings(
        _spearman(f, weight, actual.cases, predicted.cases), _ratio(_gini(predicted), _gini(actual)), _lift10(predicted)
    )


def pinball(actual: Floats, quantile: Floats, share: float, weight: Floats) -> float:
    """Mean quantile loss max(q (y - f), (q - 1)(y - f)): least for the true quantile (Koenker & Bassett 1978)."""
    over = actual - quantile
    return average(np.maximum(share * over, (share - 1) * over), weight)


def pit_above_q90(actual: Floats, q90: Floats, p_zero: Floats, weight: Floats) -> float:
    """Share of the randomised probability integral transform above .9; the ideal is .10 however many zeros there are.

    u = F(y-) + V (F(y) - F(y-)) with V uniform (Brockwell 2007). The mean over V is taken exactly: a zero counts
    max(0, P0 - .9) / P0, a positive amount counts 1 above q90, and also when q90 is 0, since then P0 >= .9.
    """
    of_zero = np.divide(np.maximum(p_zero - 0.9, 0), p_zero, out=np.zeros_like(p_zero), where=p_zero > 0)
    of_spend = (actual > q90).astype(np.float64)
    return average(np.where(actual > 0, of_spend, of_zero), weight)


def inside(actual: Floats, low: Floats, high: Floats, weight: Floats) -> float:
    """Share of actual amounts within [low, high]."""
    return average(((low <= actual) & (actual <= high)).astype(np.float64), weight)


def auc(happened: Floats, score_level: Ints, weight: Floats) -> float:
    """Chance that a case where it happened has the higher score; ties count half (Mann & Whitney 1947)."""
    cases, hits = _by_level(happened, score_level, weight)
    misses = cases - hits
    below = np.cumsum(misses) - misses
    return _ratio(hits @ (below + misses / 2), hits.sum() * misses.sum())


def pr_auc(happened: Floats, score_level: Ints, weight: Floats) -> float:
    """Average precision: precision at each threshold times the recall gained there."""
    cases, hits = _by_level(happened, score_level, weight)
    caught, flagged = np.cumsum(hits[::-1]), np.cumsum(cases[::-1])
    precision = np.divide(caught, flagged, out=np.zeros_like(caught), where=flagged > 0)
    return _ratio(precision @ hits[::-1], hits.sum())


def brier(happened: Floats, probability: Floats, weight: Floats) -> float:
    """Mean squared error of a probability (Brier 1950)."""
    return average((happened - probability) ** 2, weight)


def ece(happened: Floats, probability: Floats, weight: Floats, *, bins: int = 10) -> float:
    """Expected calibration error: mean distance of predicted and seen share over equal-width bins, by size."""
    bin_of = np.minimum((probability * bins).astype(np.intp), bins - 1)
    gap = np.bincount(bin_of, weights=weight * (probability - happened), minlength=bins)
    return float(np.abs(gap).sum() / weight.sum())


class _Sums(NamedTuple):
    """Per level: cases and the sum of their values."""

    cases: Floats
    amounts: Floats


def _by_level(values: Floats, level_of: Ints, weight: Floats) -> _Sums:
    cases: Floats = np.bincount(level_of, weights=weight).astype(np.float64)
    amounts: Floats = np.bincount(level_of, weights=weight * values).astype(np.float64)
    return _Sums(cases, amounts)


def _spearman(f: Forecast, weight: Floats, actual: Floats, predicted: Floats) -> float:
    """Correlation of mid-ranks, whose mean is half the number of cases; from the cases per level of each side."""
    if np.count_nonzero(actual) < 2 or np.count_nonzero(predicted) < 2:
        return float("nan")
    a, b = _mid_ranks(actual), _mid_ranks(predicted)
    of_predicted = np.bincount(f.predicted_level, weights=weight * a[f.actual_level], minlength=b.size)
    return _ratio(of_predicted @ b, np.sqrt((actual @ a**2) * (predicted @ b**2)))


def _mid_ranks(cases: Floats) -> Floats:
    """Of each level, less their mean."""
    return np.asarray(np.cumsum(cases) - (cases + cases.sum()) / 2, dtype=np.float64)


def _gini(ordered: _Sums) -> float:
    share = np.cumsum(ordered.amounts)
    if share[-1] <= 0:
        return float("nan")
    area = (ordered.cases @ (share - ordered.amounts / 2)) / (ordered.cases.sum() * share[-1])
    return float(1 - 2 * area)


def _lift10(ordered: _Sums) -> float:
    cases, spend = ordered.cases[::-1], ordered.amounts[::-1]
    taken = np.clip(cases.sum() / 10 - (np.cumsum(cases) - cases), 0, cases)
    share = np.divide(taken, cases, out=np.zeros_like(taken), where=cases > 0)
    return 10 * _ratio(share @ spend, spend.sum())


def _ratio(above: SupportsFloat, below: SupportsFloat) -> float:
    return float(above) / float(below) if float(below) > 0 else float("nan")
