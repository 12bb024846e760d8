"""Who is truly leaving a demo shop, and do scores put them first?

Somebody is leaving at a cut if they have left by its end, or leave within the days that follow it, and no message has
won them back by then. Only customers who had bought by the cut are asked, since only they can leave.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.demo.truth import CustomerTruth
from app.predict import scores as numeric
from app.predict.scores import Floats, Ints
from evals.intervals import over
from evals.scorers.paired import OURS, CutDraws, Weights, undefined

AHEAD = {"leaving_auc": 30, "leaving_auc_14d": 14, "left_auc": 0}
"""Metric -> days after the cut within which who leaves counts as leaving."""
OF_REPEAT = "_repeat"
"""The same metric among those who had bought on two days or more."""
SIDES = {metric + which: 1 for metric in AHEAD for which in ("", OF_REPEAT)}
OF_ACTIVITY = ("no_activity_auc", "no_activity_brier", "no_activity_ece")


class Case(NamedTuple):
    """The buyers of one cut, shape [n] each."""

    cut: date
    customer: Ints
    """Place of each in the draws."""
    repeat: NDArray[np.bool_]
    leaves: Floats
    """Days after the cut at whose end they are gone; negative who left before, inf who never does."""
    until: int
    """Days after the cut that the log covers: what happens later is not known."""
    scores: Mapping[str, Floats]
    """Who says so -> the more, the surer that they are leaving."""
    p_no_activity: Floats
    inactive: Floats | None
    """1 where they did nothing within the horizon, else 0; None where the log ends before it does."""


def leaves_in(truth: CustomerTruth, cut: date) -> float:
    """Days from a cut until the customer is gone; inf for who stays, or has been won back by the cut."""
    if truth.churned_on is None or (truth.won_back_on is not None and truth.won_back_on <= cut):
        return float("inf")
    return float((truth.churned_on - cut).days)


def figures(case: Case, weights: Weights) -> CutDraws:
    """All draws of one cut; metrics that the log is too short for stand on nobody."""
    mine, found, of_some = weights[:, case.customer], dict[tuple[str, str], Floats](), dict[str, int]()
    for metric, days in AHEAD.items():
        for name, asked in ((metric, np.ones(case.repeat.size, bool)), (metric + OF_REPEAT, case.repeat)):
            of_some[name] = int(asked.sum()) if days <= case.until else 0
            leaving = (case.leaves <= days).astype(np.float64)[asked]
            for who, score in case.scores.items():
                found[who, name] = _auc(leaving, score[asked], mine[:, asked], of_some[name])
    for metric, drawn in _activity(case, mine).items():
        found[OURS, metric] = drawn
        of_some[metric] = 0 if case.inactive is None else case.customer.size
    return CutDraws(case.cut, case.customer.size, found, of_some)


def _auc(leaving: Floats, score: Floats, weights: Weights, known: int) -> Floats:
    if not known or not np.isfinite(score).all():
        return undefined(("auc",), "", weights)["", "auc"]
    level = numeric.levels(score)
    return over(weights, lambda weight: {"auc": numeric.auc(leaving, level, weight)})["auc"]


def _activity(case: Case, weights: Weights) -> dict[str, Floats]:
    """Does the chance of no activity come true?"""
    chance, happened = case.p_no_activity, case.inactive
    if happened is None or not np.isfinite(chance).all():
        return {metric: undefined((metric,), "", weights)["", metric] for metric in OF_ACTIVITY}
    level = numeric.levels(chance)
    auc, brier, ece = OF_ACTIVITY
    return over(
        weights,
        lambda weight: {
            auc: numeric.auc(happened, level, weight),
            brier: numeric.brier(happened, chance, weight),
            ece: numeric.ece(happened, chance, weight),
        },
    )
