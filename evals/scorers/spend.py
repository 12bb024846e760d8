"""Forecasts of spend, ours and the baselines': the figures of one cut in every draw."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.predict import scores as numeric
from app.predict.scores import Floats, Ints
from evals.intervals import over
from evals.scorers.paired import OURS, CutDraws, Weights, undefined

SIDES = {"rmse": -1, "tweedie": -1, "spearman": 1, "gini": 1, "lift10": 1, "mae": -1}
"""Level has no better side but 1, so it is not among them."""
OF_ALL = ("rmse", "tweedie", "spearman", "gini", "lift10", "level", "mae")
CLASSES = ("high", "medium", "low")
"""Of confidence, best first."""


class Case(NamedTuple):
    """One cut: who is scored, what they spent, and what everybody predicted. Major units, shape [n]."""

    cut: date
    customer: Ints
    actual: Floats
    means: dict[str, Floats]
    """Who -> expected spend; ours is among them. A baseline's only number is its median, too."""
    median: Floats
    q10: Floats
    q90: Floats
    p_zero: Floats
    confidence: NDArray[np.str_]
    floor: float
    """Least prediction that the Tweedie deviance sees."""


def figures(case: Case, weights: Weights) -> CutDraws:
    """All draws of one cut; `weights` are those of all customers there are."""
    mine = weights[:, case.customer]
    found: dict[tuple[str, str], Floats] = {}
    for who, mean in case.means.items():
        found |= _of_forecaster(case, who, mean, mine)
    found |= over(mine, lambda weight: _of_interval(case, weight))
    found |= over(mine, lambda weight: _by_confidence(case, weight))
    sizes = {f"error_{name}": int((case.confidence == name).sum()) for name in CLASSES}
    return CutDraws(case.cut, len(case.actual), found, sizes)


def relative_error(case: Case, weight: Floats, group: NDArray[np.bool_]) -> float:
    """Of a group: sum of |spent - predicted mean| over the sum of predicted means; NaN for none."""
    error = np.abs(case.actual - case.means[OURS])[group] @ weight[group]
    value = case.means[OURS][group] @ weight[group]
    return float(error / value) if value > 0 else float("nan")


def _of_forecaster(case: Case, who: str, mean: Floats, weights: Weights) -> dict[tuple[str, str], Floats]:
    if not np.isfinite(mean).all():
        return undefined(OF_ALL, who, weights)
    f = numeric.forecast(case.actual, mean, floor=case.floor)
    deviance, off = numeric.deviance(f), np.abs(case.actual - (case.median if who == OURS else mean))

    def statistic(weight: Floats) -> dict[tuple[str, str], float]:
        rmse, deviation = numeric.rmse(f, weight), numeric.average(deviance, weight)
        level, error = numeric.level(f, weight), numeric.average(off, weight)
        values = (rmse, deviation, *numeric.rankings(f, weight), level, error)
        return {(who, metric): value for metric, value in zip(OF_ALL, values, strict=True)}

    return over(weights, statistic)


def _of_interval(case: Case, weight: Floats) -> dict[tuple[str, str], float]:
    return {
        (OURS, "pit_above_q90"): numeric.pit_above_q90(case.actual, case.q90, case.p_zero, weight),
        (OURS, "pinball90"): numeric.pinball(case.actual, case.q90, 0.9, weight),
        (OURS, "inside_q10_q90"): numeric.inside(case.actual, case.q10, case.q90, weight),
    }


def _by_confidence(case: Case, weight: Floats) -> dict[tuple[str, str], float]:
    return {(OURS, f"error_{name}"): relative_error(case, weight, case.confidence == name) for name in CLASSES}


def tenths(by: Floats) -> Sequence[Ints]:
    """Rows in ten groups of one size, ordered by a column; fewer groups for fewer rows."""
    return [rows for rows in np.array_split(np.argsort(by, kind="stable"), 10) if rows.size]
