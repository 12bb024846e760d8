"""Forecasts of spend, ours and the baselines', scored together: every figure of every cut from the same redraws.

Customers are redrawn, not rows: whoever is drawn counts in all cuts and for all forecasters alike, so intervals
respect that cuts share customers, and differences between forecasters are paired.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from evals.intervals import draw, interval
from evals.scorers import numeric
from evals.scorers.numeric import Floats, Forecast, Ints
from evals.task import CutResult, Metric

OURS = "ours"
OF_MEAN = {
    "rmse": numeric.rmse,
    "tweedie": numeric.tweedie,
    "spearman": numeric.spearman,
    "gini": numeric.gini,
    "lift10": numeric.lift10,
    "level": numeric.level,
}
LESS_IS_BETTER = ("rmse", "tweedie", "mae")
MORE_IS_BETTER = ("spearman", "gini", "lift10")
"""Level has no better side but 1, so it is in neither."""

Key = tuple[int, str, str]
"""(index of the cut, who predicts, metric)."""


class Case(NamedTuple):
    """One cut: who is scored, what they spent, and what everybody predicted. Major units, shape [n]."""

    cut: date
    customer: Ints
    forecasts: dict[str, Forecast]
    medians: dict[str, Floats]
    q10: Floats
    q90: Floats
    p_zero: Floats
    model_card_id: str

    @property
    def actual(self) -> Floats:
        """What they spent within the horizon."""
        return self.forecasts[OURS].actual


class Scored(NamedTuple):
    """The draws of every figure, and how many customers each cut has."""

    drawn: dict[Key, Floats]
    sizes: list[int]


def score(cases: Sequence[Case], customers: int, *, rounds: int, seed: int) -> Scored:
    """Draw all figures of all cuts; `customers` is how many there are to draw from."""

    def statistic(weight: Floats) -> dict[Key, float]:
        return {
            (i, who, metric): value
            for i, case in enumerate(cases)
            for (who, metric), value in _figures(case, weight[case.customer]).items()
        }

    return Scored(draw(statistic, customers, rounds=rounds, seed=seed), [len(case.actual) for case in cases])


def over_cuts(scored: Scored) -> dict[str, dict[str, Metric]]:
    """Per forecaster, every metric as the mean over cuts."""
    found: dict[str, dict[str, Metric]] = {}
    for cut, who, name in scored.drawn:
        if cut == 0:
            found.setdefault(who, {})[name] = interval(_mean(scored, who, name), sum(scored.sizes))
    return found


def of_cut(scored: Scored, i: int, cut: date) -> CutResult:
    """The figures of one cut."""
    found: dict[str, dict[str, Metric]] = {}
    for key, drawn in scored.drawn.items():
        if key[0] == i:
            found.setdefault(key[1], {})[key[2]] = interval(drawn, scored.sizes[i])
    return CutResult(cut=cut, n=scored.sizes[i], metrics=found.pop(OURS), baselines=found)


def differences(scored: Scored) -> dict[str, dict[str, Metric]]:
    """Ours minus the best baseline of each metric, by that baseline's name."""
    found: dict[str, dict[str, Metric]] = {}
    for name in (*LESS_IS_BETTER, *MORE_IS_BETTER):
        whos = {who for _, who, metric in scored.drawn if metric == name} - {OURS}
        theirs = {who: _mean(scored, who, name) for who in sorted(whos)}
        defined = {who: drawn for who, drawn in theirs.items() if np.isfinite(drawn[0])}
        if defined:
            best = _best(defined, less=name in LESS_IS_BETTER)
            gap = _mean(scored, OURS, name) - defined[best]
            found.setdefault(best, {})[name] = interval(gap, sum(scored.sizes))
    return found


def _best(drawn: Mapping[str, Floats], *, less: bool) -> str:
    sign = 1 if less else -1
    return min(drawn, key=lambda who: float(sign * drawn[who][0]))


def _mean(scored: Scored, who: str, name: str) -> Floats:
    cuts = [scored.drawn[i, who, name] for i in range(len(scored.sizes))]
    return np.asarray(np.mean(cuts, axis=0), dtype=np.float64)


def _figures(case: Case, weight: Floats) -> dict[tuple[str, str], float]:
    """All metrics of one cut for customers that count `weight` times each."""
    found = {(who, name): scorer(f, weight) for who, f in case.forecasts.items() for name, scorer in OF_MEAN.items()}
    found |= {(who, "mae"): numeric.mae(case.actual, median, weight) for who, median in case.medians.items()}
    return found | {
        (OURS, "pit_above_q90"): numeric.pit_above_q90(case.actual, case.q90, case.p_zero, weight),
        (OURS, "pinball90"): numeric.pinball(case.actual, case.q90, 0.9, weight),
        (OURS, "inside_q10_q90"): numeric.inside(case.actual, case.q10, case.q90, weight),
    }
