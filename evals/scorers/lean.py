"""Does a lean bring an expected value nearer to what was spent? Errors of several forecasts of the same customers."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from evals import intervals
from evals.intervals import Floats
from evals.task import Metric

ROUNDS = 1000


class Forecasts(NamedTuple):
    """What several forecasters said of the same customers, and what these then spent; major units, shape [n]."""

    actual: Floats
    value: Floats
    """The estimator's."""
    leaned: Mapping[str, Floats]
    """Who leaned -> the leaned value."""


def figures(found: Forecasts, *, seed: int) -> dict[str, dict[str, Metric]]:
    """Per forecaster `rmse`, `mae` and `spearman`, and of who leans how much of the errors that takes away.

    All come from the same redraws of customers, so that the shares of error saved (`helps`, `helps_mae`) and the
    difference in `spearman` are paired.
    """
    n = found.actual.size
    drawn = intervals.draw(lambda weight: _statistics(found, weight), n, rounds=ROUNDS, seed=seed)
    told: dict[str, dict[str, Metric]] = {}
    for (who, name), values in drawn.items():
        told.setdefault(who, {})[name] = intervals.interval(values, n)
    return told


def best_of(actual: Floats, candidates: Floats) -> Floats:
    """For each customer the candidate nearest to what was spent: what leaning could give; candidates [n, leans]."""
    nearest = np.abs(candidates - actual[:, None]).argmin(axis=1)
    found: Floats = candidates[np.arange(actual.size), nearest]
    return found


def _statistics(found: Forecasts, weight: Floats) -> dict[tuple[str, str], float]:
    value = _errors(found.actual, found.value, weight)
    told = {("value", name): figure for name, figure in value.items()}
    for who, leaned in found.leaned.items():
        errors = _errors(found.actual, leaned, weight)
        told |= {(who, name): figure for name, figure in errors.items()}
        told[who, "helps"] = _saved(value["rmse"], errors["rmse"])
        told[who, "helps_mae"] = _saved(value["mae"], errors["mae"])
        told[who, "spearman_gain"] = errors["spearman"] - value["spearman"]
    return told


def _saved(before: float, after: float) -> float:
    return 1 - after / before if before > 0 else np.nan


def _errors(actual: Floats, forecast: Floats, weight: Floats) -> dict[str, float]:
    error, total = forecast - actual, weight.sum()
    return {
        "rmse": float(np.sqrt(weight @ error**2 / total)),
        "mae": float(weight @ np.abs(error) / total),
        "spearman": _rank_correlation(np.repeat(actual, weight.astype(int)), np.repeat(forecast, weight.astype(int))),
    }


def _rank_correlation(one: Floats, other: Floats) -> float:
    a, b = (rankdata(side) - (side.size + 1) / 2 for side in (one, other))
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size else np.nan
