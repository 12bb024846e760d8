"""How good is expected spend? Fit the product's estimator up to each cut, compare with what customers then spent.

Amounts in major units. Beside it, in the same run and redraws: everybody in `evals/baselines`.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from app.predict.inputs.tables import MINOR
from app.predict.scores import Floats, pit_above_q90
from evals.baselines import forecasters
from evals.over_cuts import Answer, Question, ask
from evals.rolling import RollingOptions, View
from evals.scorers import spend
from evals.scorers.paired import OURS, Weights
from evals.scorers.spend import CLASSES, SIDES, Case, tenths
from evals.task import Curve, Sample, Say, Score, TaskResult

SHOWN = (OURS, "boosted_trees", "logistic_rfm", "last_horizon_days")
"""Whose order is drawn."""


class Ltv:
    """The task."""

    name = "ltv"
    purpose = "Expected spend and its interval against what customers then spent, beside ten baselines."
    options = RollingOptions

    def run(self, options: RollingOptions, say: Say) -> TaskResult:
        """Ask at every cut."""
        asked = Question(self.name, partial(_answer, seed=options.seed), SIDES, ("spearman", "gini", "level"))
        return ask(asked, options, say)


def _answer(view: View, weights: Weights, most: int, *, seed: int) -> Answer:
    case = _case(view, seed)
    sure = {f"confidence {name}": int((case.confidence == name).sum()) for name in CLASSES}
    samples = _samples(case, view.known.customer_ids, most)
    return Answer(view.fitted.card.model_card_id, spend.figures(case, weights), samples, _curves(case), sure)


def _case(view: View, seed: int) -> Case:
    seen = view.seen
    found = view.fitted.all()
    theirs = forecasters.spend(view.known, seen, cut=view.day, horizon=view.horizon, seed=seed)
    means = {OURS: found.value[seen.customer] / MINOR}
    for who in list(theirs):  # of millions of customers each takes room, so none is held twice
        means[who] = theirs.pop(who) / MINOR
    return Case(
        cut=view.cut,
        customer=seen.customer,
        actual=view.spent / MINOR,
        means=means,
        median=found.median[seen.customer] / MINOR,
        q10=found.q10[seen.customer] / MINOR,
        q90=found.q90[seen.customer] / MINOR,
        p_zero=found.p_no_purchase[seen.customer],
        confidence=view.fitted.all().confidence[view.seen.customer],
        floor=max(0.01 * float(means["constant"][0]), 1e-9),
    )


def _samples(case: Case, names: Sequence[str], most: int) -> list[Sample]:
    """Customer by customer; of a large case evenly spread ones, the same in every run."""
    columns = (
        case.customer, case.actual, case.means[OURS], case.median, case.q10, case.q90, case.p_zero, case.confidence,
    )  # fmt: skip
    step = -(-len(case.actual) // most)
    rows = zip(*(column[::step].tolist() for column in columns), strict=True)
    return [
        Sample(
            id=f"{case.cut}/{names[who]}",
            input={"cut": str(case.cut), "customer": names[who]},
            target={"spent": spent},
            output={"mean": mean, "median": median, "q10": q10, "q90": q90, "p_no_purchase": p, "confidence": sure},
            scores={"mae": Score(abs(spent - median)), "pinball90": Score(_pinball90(spent, q90))},
        )
        for who, spent, mean, median, q10, q90, p, sure in rows
    ]


def _pinball90(spent: float, q90: float) -> float:
    return max(0.9 * (spent - q90), 0.1 * (q90 - spent))


def _curves(case: Case) -> list[Curve]:
    """Per cut: is the mean right, the interval honest, the order good, and does width mean error."""
    ours = case.means[OURS]
    groups = tenths(ours)
    above = [
        (float(i + 1), pit_above_q90(case.actual[t], case.q90[t], case.p_zero[t], np.ones(t.size)))
        for i, t in enumerate(groups)
    ]
    return [
        Curve(
            title=f"{case.cut}: mean spend by predicted tenth",
            x="predicted",
            y="actual",
            lines={OURS: [(float(ours[t].mean()), float(case.actual[t].mean())) for t in groups]},
            diagonal=True,
        ),
        Curve(
            title=f"{case.cut}: share above q90 by predicted tenth",
            x="tenth, least expected first",
            y="share (randomised at zero)",
            lines={OURS: above, "ideal": [(1.0, 0.1), (float(len(groups)), 0.1)]},
        ),
        Curve(
            title=f"{case.cut}: error of the median by width of the interval, both over the value",
            x="width",
            y="error",
            lines={OURS: _error_by_width(case)},
        ),
        Curve(
            title=f"{case.cut}: share of spend caught",
            x="share of customers, best first",
            y="share of spend",
            lines={who: _gain(case.actual, mean) for who, mean in case.means.items() if who in SHOWN},
        ),
    ]


def _error_by_width(case: Case) -> list[tuple[float, float]]:
    """By tenth of relative width: total width and total error of the tenth, each over its total value.

    Of customers whose value lies within their interval; where it lies above, the width says nothing.
    """
    value, one = case.means[OURS], np.ones(len(case.actual))
    some = np.flatnonzero((value > 0) & (value <= case.q90))
    width = (case.q90 - case.q10)[some] / value[some]
    found = []
    for rows in tenths(width):
        group = np.zeros(len(value), dtype=np.bool_)
        group[some[rows]] = True
        total = float((case.q90 - case.q10)[group].sum() / value[group].sum())
        found.append((total, spend.relative_error(case, one, group)))
    return found


def _gain(actual: Floats, predicted: Floats) -> list[tuple[float, float]]:
    caught = np.cumsum(actual[np.argsort(-predicted, kind="stable")])
    at = np.linspace(0, len(caught) - 1, 41).astype(int)
    return [(0.0, 0.0)] + [((int(i) + 1) / len(caught), float(caught[i] / max(caught[-1], 1e-12))) for i in at]
