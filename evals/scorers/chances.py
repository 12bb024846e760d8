"""Forecasts of no purchase, ours and the baselines': the figures of one cut in every draw."""

from datetime import date
from typing import NamedTuple

import numpy as np

from app.predict import scores as numeric
from app.predict.scores import Floats, Ints
from evals.intervals import over
from evals.scorers.paired import OURS, CutDraws, Weights, undefined

SIDES = {"auc": 1, "pr_auc": 1, "brier": -1, "ece": -1}
RANKED = ("auc", "pr_auc")
OF_CHANCE = ("brier", "ece")


class Case(NamedTuple):
    """One cut: who is scored, whether they bought nothing (1), and what everybody said. Shape [n]."""

    cut: date
    customer: Ints
    silent: Floats
    probabilities: dict[str, Floats]
    """Who -> chance of no purchase; ours is among them."""
    rankings: dict[str, Floats]
    """Who -> a score that only orders customers, so Brier and calibration are undefined."""
    churn_risk: Floats


def figures(case: Case, weights: Weights) -> CutDraws:
    """All draws of one cut; `weights` are those of all customers there are."""
    mine = weights[:, case.customer]
    found: dict[tuple[str, str], Floats] = {}
    for who, chance in case.probabilities.items():
        found |= _order(case, who, chance, mine) | _size(case, who, chance, mine)
    for who, score in case.rankings.items():
        found |= _order(case, who, score, mine) | undefined(OF_CHANCE, who, mine)
    found[OURS, "churn_risk_auc"] = _order(case, "", case.churn_risk, mine)["", "auc"]
    return CutDraws(case.cut, len(case.silent), found, {})


def _order(case: Case, who: str, score: Floats, weights: Weights) -> dict[tuple[str, str], Floats]:
    if not np.isfinite(score).all():
        return undefined(RANKED, who, weights)
    level = numeric.levels(score)
    return over(
        weights,
        lambda weight: {
            (who, "auc"): numeric.auc(case.silent, level, weight),
            (who, "pr_auc"): numeric.pr_auc(case.silent, level, weight),
        },
    )


def _size(case: Case, who: str, chance: Floats, weights: Weights) -> dict[tuple[str, str], Floats]:
    if not np.isfinite(chance).all():
        return undefined(OF_CHANCE, who, weights)
    return over(
        weights,
        lambda weight: {
            (who, "brier"): numeric.brier(case.silent, chance, weight),
            (who, "ece"): numeric.ece(case.silent, chance, weight),
        },
    )
