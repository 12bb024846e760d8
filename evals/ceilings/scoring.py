"""Scores of the answers at all cuts: each figure is the mean over cuts, with an interval from redrawn customers."""

from collections.abc import Iterable, Sequence

import numpy as np

from app.predict.scores import auc, average, levels
from evals import intervals
from evals.ceilings.cases import Answer, Case
from evals.ceilings.watching import Flags, Floats
from evals.task import Metric

_ROUNDS = 200


def score(cases: Sequence[Case], answers: Sequence[Answer], *, seed: int) -> dict[str, Metric]:
    """Accuracy on interest and shift, F1 on shift, AUC on leaving; what is asked of nobody has no value."""
    pairs = list(zip(cases, answers, strict=True))
    ranks = [levels(answer.leaving) for answer in answers]

    def statistic(weight: Floats) -> dict[str, float]:
        asked = [weight * case.asked_leaving for case in cases]
        return {
            "interest_accuracy": _mean(_share(a.topic == c.topic, weight * c.asked_interest) for c, a in pairs),
            "shift_accuracy": _mean(_share(a.shifted == c.shifted, weight * c.asked_shift) for c, a in pairs),
            "shift_f1": _mean(_f1(c.shifted, a.flagged, weight * c.asked_shift) for c, a in pairs),
            "churn_auc": _mean(
                auc(c.leaves.astype(float), rank, w) for c, rank, w in zip(cases, ranks, asked, strict=True)
            ),
        }

    drawn = intervals.draw(statistic, len(cases[0].topic), rounds=_ROUNDS, seed=seed)
    return {name: intervals.interval(values, _asked(cases)[name]) for name, values in drawn.items()}


def _asked(cases: Sequence[Case]) -> dict[str, int]:
    """How many questions stand behind each figure, over all cuts."""
    shift = sum(int(case.asked_shift.sum()) for case in cases)
    return {
        "interest_accuracy": sum(int(case.asked_interest.sum()) for case in cases),
        "shift_accuracy": shift,
        "shift_f1": shift,
        "churn_auc": sum(int(case.asked_leaving.sum()) for case in cases),
    }


def _mean(values: Iterable[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return sum(known) / len(known) if known else float("nan")


def _share(right: Flags, weight: Floats) -> float:
    return average(right.astype(float), weight) if weight.any() else float("nan")


def _f1(happened: Flags, said: Flags, weight: Floats) -> float:
    """2 TP / (2 TP + FP + FN); undefined when nothing happened and nothing was said."""
    both = float(weight @ (happened & said))
    either = float(weight @ happened + weight @ said)
    return 2 * both / either if either else float("nan")
