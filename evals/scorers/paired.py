"""Forecasters scored together over cuts: every figure from the same redraws of customers.

Customers are redrawn, not rows: whoever is drawn counts in all cuts and for all forecasters alike, so intervals
respect that cuts share customers, and differences between forecasters are paired. Cuts are drawn one after the other
from the same weights, so only one cut's customers are held at a time.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evals.intervals import Floats, interval
from evals.task import Metric, Metrics

OURS = "ours"
Weights = NDArray[np.uint8]
"""How often each customer is drawn, shape [1 + rounds, customers]; first everybody once."""
Figures = dict[str, dict[str, Metric]]
"""Who -> metric -> figure."""
Sides = Mapping[str, int]
"""Metric -> 1 where more is better, -1 where less is; whatever has no better side is absent."""


class CutDraws(NamedTuple):
    """All draws of one cut: (who, metric) -> [1 + rounds]."""

    cut: date
    n: int
    drawn: dict[tuple[str, str], Floats]
    of_some: dict[str, int]
    """Of metrics that stand on fewer than n customers, on how many; a cut may have none of them."""


def undefined(metrics: Sequence[str], who: str, weights: Weights) -> dict[tuple[str, str], Floats]:
    """The draws of a forecaster who has no answer."""
    return {(who, metric): np.full(len(weights), np.nan) for metric in metrics}


def over_cuts(cuts: Sequence[CutDraws]) -> Figures:
    """Per forecaster, every metric as the mean over cuts."""
    found: Figures = {}
    for who, metric in cuts[0].drawn:
        found.setdefault(who, {})[metric] = interval(_mean(cuts, who, metric), _cases(cuts, metric))
    return found


def differences(cuts: Sequence[CutDraws], sides: Sides) -> Figures:
    """Ours minus the best baseline of each metric, by that baseline's name."""
    found: Figures = {}
    for metric, side in sides.items():
        theirs = {who: side * _mean(cuts, who, metric)[0] for who in _baselines(cuts, metric)}
        defined = {who: value for who, value in theirs.items() if np.isfinite(value)}
        if defined:
            best = max(defined, key=lambda who: defined[who])
            found.setdefault(best, {})[metric] = _difference(cuts, best, metric)
    return found


def paired(cuts: Sequence[CutDraws], sides: Sides) -> Figures:
    """Ours minus every baseline."""
    found: Figures = {}
    for metric in sides:
        for who in _baselines(cuts, metric):
            found.setdefault(who, {})[metric] = _difference(cuts, who, metric)
    return found


def of_best(differences: Mapping[str, Metrics]) -> list[tuple[str, str, Metric]]:
    """(metric, best baseline, ours minus it), by metric."""
    return sorted(
        ((metric, who, gap) for who, gaps in differences.items() for metric, gap in gaps.items()),
        key=lambda row: row[0],
    )


def _baselines(cuts: Sequence[CutDraws], metric: str) -> list[str]:
    return [who for who, name in cuts[0].drawn if name == metric and who != OURS]


def _difference(cuts: Sequence[CutDraws], who: str, metric: str) -> Metric:
    return interval(_mean(cuts, OURS, metric) - _mean(cuts, who, metric), _cases(cuts, metric))


def _cases(cuts: Sequence[CutDraws], metric: str) -> int:
    return sum(cut.of_some.get(metric, cut.n) for cut in cuts)


def _mean(cuts: Sequence[CutDraws], who: str, metric: str) -> Floats:
    """Mean over cuts, draw by draw; a metric of some customers is averaged over the cuts that have any."""
    having = [cut for cut in cuts if cut.of_some.get(metric, cut.n) > 0] or cuts
    return np.asarray(np.mean([cut.drawn[who, metric] for cut in having], axis=0), dtype=np.float64)
