"""How good is the chance of no purchase? Fit up to each cut, compare with who then bought nothing.

Churn here is no purchase within the horizon. `churn_risk` answers another question (who is leaving, by their own
rhythm), so of it only the order is scored.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from app.predict.inputs.purchases import Floats
from evals.baselines import forecasters
from evals.over_cuts import Answer, Question, ask
from evals.rolling import RollingOptions, View
from evals.scorers import chances
from evals.scorers.chances import SIDES, Case
from evals.scorers.paired import OURS, Weights
from evals.scorers.spend import tenths
from evals.task import Curve, Sample, Say, Score, TaskResult

SHOWN = (OURS, "boosted_trees", "logistic_rfm", "bg_nbd_gg")
"""Whose calibration and order are drawn."""


class Churn:
    """The task."""

    name = "churn"
    purpose = "The chance of no purchase against who then bought nothing, beside ten baselines."
    options = RollingOptions

    def run(self, options: RollingOptions, say: Say) -> TaskResult:
        """Ask at every cut."""
        asked = Question(self.name, partial(_answer, seed=options.seed), SIDES, ("auc", "pr_auc"))
        return ask(asked, options, say)


def _answer(view: View, weights: Weights, most: int, *, seed: int) -> Answer:
    case = _case(view, seed)
    samples = _samples(case, view.known.customer_ids, most)
    return Answer(view.fitted.card.model_card_id, chances.figures(case, weights), samples, _curves(case), {})


def _case(view: View, seed: int) -> Case:
    seen = view.seen
    found = view.fitted.all()
    theirs = forecasters.no_purchase(view.known, seen, cut=view.day, horizon=view.horizon, seed=seed)
    return Case(
        cut=view.cut,
        customer=seen.customer,
        silent=(view.days == 0).astype(np.float64),
        probabilities={OURS: found.p_no_purchase[seen.customer]} | theirs.probabilities,
        rankings=theirs.rankings,
        churn_risk=found.churn_risk[seen.customer],
    )


def _samples(case: Case, names: Sequence[str], most: int) -> list[Sample]:
    """Customer by customer; of a large case evenly spread ones, the same in every run."""
    step = -(-len(case.silent) // most)
    columns = (case.customer, case.silent, case.probabilities[OURS], case.churn_risk)
    rows = zip(*(column[::step].tolist() for column in columns), strict=True)
    return [
        Sample(
            id=f"{case.cut}/{names[who]}",
            input={"cut": str(case.cut), "customer": names[who]},
            target={"no_purchase": bool(silent)},
            output={"p_no_purchase": chance, "churn_risk": risk},
            scores={"brier": Score((silent - chance) ** 2)},
        )
        for who, silent, chance, risk in rows
    ]


def _curves(case: Case) -> list[Curve]:
    """Per cut: does a chance of p come true p of the time, and how many of the silent are found at what price."""
    shown = {who: chance for who, chance in case.probabilities.items() if who in SHOWN and np.isfinite(chance).all()}
    return [
        Curve(
            title=f"{case.cut}: no purchase, by tenth of its predicted chance",
            x="predicted",
            y="seen",
            lines={who: _calibration(case.silent, chance) for who, chance in shown.items()},
            diagonal=True,
        ),
        Curve(
            title=f"{case.cut}: who is found first",
            x="share of those who bought",
            y="share of those who did not",
            lines={
                who: _caught(case.silent, score) for who, score in (shown | {"churn_risk": case.churn_risk}).items()
            },
            diagonal=True,
        ),
    ]


def _calibration(silent: Floats, chance: Floats) -> list[tuple[float, float]]:
    return [(float(chance[rows].mean()), float(silent[rows].mean())) for rows in tenths(chance)]


def _caught(silent: Floats, score: Floats) -> list[tuple[float, float]]:
    """The ROC curve; people with one score come together."""
    values, place = np.unique(-score, return_inverse=True)
    hits = np.cumsum(np.bincount(place, weights=silent, minlength=values.size))
    misses = np.cumsum(np.bincount(place, weights=1 - silent, minlength=values.size))
    at = np.unique(np.linspace(0, values.size - 1, 60).astype(int))
    points = zip(misses[at] / max(misses[-1], 1), hits[at] / max(hits[-1], 1), strict=True)
    return [(0.0, 0.0), *((float(x), float(y)) for x, y in points)]
