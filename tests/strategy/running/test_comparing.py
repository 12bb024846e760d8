"""Lifts against known truth: intervals that cover, CUPED that is unbiased and sharper, groups that are too small."""

import numpy as np
import pytest
from scipy.stats import chisquare

from app.retrieval.outcomes import Z90
from app.strategy.running.comparing import Group, adjusted_lift, balance, pooled_theta, share_difference

SHOPS = 400


def groups(rng: np.random.Generator, n: int, lift: float, *, memory: float = 1.0) -> list[Group]:
    """Two sides of n customers; `memory` is how much of what somebody bought before they buy again."""
    found = []
    for gain in (lift, 0.0):
        before = rng.gamma(2.0, 500.0, n)
        values = memory * before + rng.normal(1_000.0, 300.0, n) + gain
        found.append(Group(values, before, (rng.random(n) < 0.3).astype(np.int64)))
    return found


def test_the_adjusted_lift_is_unbiased_sharper_and_its_interval_covers() -> None:
    rng = np.random.default_rng(7)
    plain, adjusted, inside, reductions = [], [], 0, []
    for _ in range(SHOPS):
        sides = groups(rng, 60, 100.0)
        theta = pooled_theta(sides)
        assert theta is not None
        found = adjusted_lift(*sides, theta, days_before=90)
        assert found is not None
        plain.append(float(sides[0].values.mean() - sides[1].values.mean()))
        adjusted.append(found.lift.mean)
        inside += found.lift.low <= 100.0 <= found.lift.high
        reductions.append(found.variance_reduction)
    assert np.mean(adjusted) == pytest.approx(100.0, abs=3 * np.std(adjusted) / np.sqrt(SHOPS))
    assert np.var(adjusted) < 0.4 * np.var(plain)
    assert 0.86 < inside / SHOPS < 0.94
    assert np.mean(reductions) == pytest.approx(1 - np.var(adjusted) / np.var(plain), abs=0.1)


def test_a_history_that_says_nothing_changes_next_to_nothing() -> None:
    sides = groups(np.random.default_rng(8), 2_000, 50.0, memory=0.0)
    theta = pooled_theta(sides)
    assert theta is not None
    assert abs(theta) < 0.02
    found = adjusted_lift(*sides, theta, days_before=90)
    assert found is not None
    assert abs(found.variance_reduction) < 0.01


def test_theta_is_not_moved_by_the_lift_itself() -> None:
    rng = np.random.default_rng(9)
    treated, control = groups(rng, 500, 0.0)
    moved = treated._replace(values=treated.values + 10_000.0)
    assert pooled_theta([moved, control]) == pytest.approx(pooled_theta([treated, control]))


def test_without_purchases_before_there_is_no_theta() -> None:
    nothing = Group(np.array([1.0, 2.0]), np.zeros(2), np.ones(2, np.int64))
    assert pooled_theta([nothing, nothing]) is None


def test_the_interval_of_the_share_of_buyers_covers_the_truth() -> None:
    rng, inside = np.random.default_rng(11), 0
    for _ in range(SHOPS):
        sides = [
            Group(np.zeros(n), np.zeros(n), (rng.random(n) < p).astype(np.int64)) for n, p in ((300, 0.12), (60, 0.08))
        ]
        found = share_difference(*sides)
        assert found is not None
        inside += found.low <= 0.04 <= found.high
    assert 0.86 < inside / SHOPS < 0.96


def test_a_side_without_buyers_is_not_sure_of_it() -> None:
    sides = [Group(np.zeros(n), np.zeros(n), np.zeros(n, np.int64)) for n in (10, 10)]
    found = share_difference(*sides)
    assert found is not None
    assert found.low < 0.0 < found.high
    assert share_difference(sides[0], Group(*(np.zeros(0),) * 2, np.zeros(0, np.int64))) is None


def test_the_balance_is_pearson_s_chi_square() -> None:
    shares = {"a": 0.45, "b": 0.45, "holdout": 0.1}
    counted = {"a": 470, "b": 430, "holdout": 100}
    found = balance(counted, shares)
    assert found.p_value == pytest.approx(chisquare([470, 430, 100], [450, 450, 100]).pvalue)
    assert found.ok
    assert not balance({"a": 450, "b": 450, "holdout": 40}, shares).ok
    assert balance({}, shares).ok


def test_honest_draws_are_hardly_ever_called_unbalanced() -> None:
    rng = np.random.default_rng(12)
    shares = {"a": 0.9, "holdout": 0.1}
    counts = rng.binomial(500, 0.1, 2_000)
    called = sum(not balance({"a": 500 - int(held), "holdout": int(held)}, shares).ok for held in counts)
    assert called <= 8


def test_a_lift_is_a_difference_of_means_with_a_welch_interval() -> None:
    treated = Group(np.array([10.0, 20.0, 30.0]), np.zeros(3), np.ones(3, np.int64))
    control = Group(np.array([5.0, 15.0]), np.zeros(2), np.ones(2, np.int64))
    found = adjusted_lift(treated, control, 0.0, days_before=90)
    assert found is not None
    assert found.lift.mean == 10.0
    assert found.lift.high - found.lift.low == pytest.approx(2 * Z90 * np.sqrt(100 / 3 + 50 / 2))
    assert found.variance_reduction == 0.0
