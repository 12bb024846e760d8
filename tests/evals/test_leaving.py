from datetime import date

import numpy as np
import pytest

from app.demo.shop import DemoShop
from app.demo.truth import CustomerTruth, truth
from evals import intervals
from evals.scorers.leaving import Case, figures, leaves_in
from evals.scorers.paired import OURS, over_cuts

CUT = date(2026, 9, 1)
INF = float("inf")


def a_truth(**changes: object) -> CustomerTruth:
    return truth(DemoShop(101, 1))[0].model_copy(update={"churned_on": None, "won_back_on": None, **changes})


@pytest.mark.parametrize(
    ("changes", "days"),
    [
        ({}, INF),
        ({"churned_on": date(2026, 9, 11)}, 10),
        ({"churned_on": date(2026, 8, 30)}, -2),
        ({"churned_on": date(2026, 8, 1), "won_back_on": date(2026, 8, 20)}, INF),
        ({"churned_on": date(2026, 8, 1), "won_back_on": date(2026, 9, 20)}, -31),  # nobody knew it at the cut
    ],
)
def test_days_until_somebody_leaves(changes: dict[str, object], days: float) -> None:
    assert leaves_in(a_truth(**changes), CUT) == days


def a_case(until: int = 40, inactive: bool = True) -> Case:
    """Six buyers: two have left, one leaves in ten days, one in twenty, two stay."""
    risk = np.array([0.9, 0.8, 0.7, 0.2, 0.3, 0.1])
    return Case(
        cut=CUT,
        customer=np.arange(6),
        repeat=np.array([True, False, True, True, True, False]),
        leaves=np.array([-30, 0, 10, 20, INF, INF]),
        until=until,
        scores={OURS: risk, "p_no_purchase": 1 - risk, "silent": np.full(6, np.nan)},
        p_no_activity=risk,
        inactive=np.array([1.0, 1, 1, 0, 0, 0]) if inactive else None,
    )


def value(case: Case, who: str, metric: str) -> float | None:
    weights = np.array([*intervals.weights(6, rounds=20, seed=1)], np.uint8)
    return over_cuts([figures(case, weights)])[who][metric].value


def test_who_leaves_soon_counts_as_leaving_in_the_metrics_that_look_ahead() -> None:
    assert value(a_case(), OURS, "left_auc") == 1
    assert value(a_case(), OURS, "leaving_auc_14d") == 1
    assert value(a_case(), OURS, "leaving_auc") == pytest.approx(7 / 8)  # 0.2 leaves, 0.3 stays
    assert value(a_case(), "p_no_purchase", "leaving_auc") == pytest.approx(1 / 8)
    assert value(a_case(), OURS, "leaving_auc_repeat") == pytest.approx(2 / 3)


def test_what_the_log_is_too_short_for_stays_unknown() -> None:
    assert value(a_case(until=14), OURS, "leaving_auc") is None
    assert value(a_case(until=14), OURS, "leaving_auc_14d") == 1
    assert value(a_case(inactive=False), OURS, "no_activity_brier") is None
    assert value(a_case(), "silent", "left_auc") is None


def test_the_chance_of_no_activity_is_scored_by_what_happened() -> None:
    assert value(a_case(), OURS, "no_activity_auc") == 1
    assert value(a_case(), OURS, "no_activity_brier") == pytest.approx(np.mean(np.array([1, 4, 9, 4, 9, 1]) / 100))
