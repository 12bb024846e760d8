"""Lift from sums against brute force, and the limits of shrinkage and fading."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.retrieval.outcomes import (
    HALF_LIFE_DAYS,
    Z90,
    Family,
    Measured,
    is_measured,
    kept_after,
    measured_lift,
    moderated_lift,
    pool,
    shrink,
    typical_variance,
)
from tests.factories_campaigns import orders, outcome_of

TREATED = [0, 1200, 0, 3400, 560, 0, 0, 9900]
CONTROL = [0, 0, 800, 0, 2500]
FAMILY = Family(mu=100.0, mu_variance=4.0, tau2=900.0)

values = st.lists(st.integers(0, 100_000), min_size=2, max_size=40)


def test_lift_from_sums_equals_brute_force() -> None:
    lift = measured_lift(outcome_of(TREATED, CONTROL))
    standard_error = math.sqrt(np.var(TREATED, ddof=1) / 8 + np.var(CONTROL, ddof=1) / 5)
    assert lift.mean == pytest.approx(np.mean(TREATED) - np.mean(CONTROL))
    assert lift.low == pytest.approx(lift.mean - Z90 * standard_error)
    assert lift.high == pytest.approx(lift.mean + Z90 * standard_error)
    assert (lift.treated_n, lift.control_n) == (8, 5)


@given(values, values)
def test_lift_from_sums_equals_brute_force_for_any_orders(treated: list[int], control: list[int]) -> None:
    lift = measured_lift(outcome_of([*treated, 1], control))
    variance = np.var([*treated, 1], ddof=1) / (len(treated) + 1) + np.var(control, ddof=1) / len(control)
    assert lift.mean == pytest.approx(np.mean([*treated, 1]) - np.mean(control), abs=1e-6)
    assert lift.high - lift.mean == pytest.approx(Z90 * math.sqrt(variance), rel=1e-6, abs=1e-6)


def test_the_interval_covers_the_true_lift_nine_times_in_ten() -> None:
    covered = 0
    for seed in range(300):
        treated, control = orders(400, 2500, seed=seed), orders(400, 2000, seed=seed + 9000)
        lift = measured_lift(outcome_of(treated, control))
        covered += lift.low <= 500 <= lift.high
    assert 0.86 <= covered / 300 <= 0.94


@pytest.mark.parametrize(("treated", "control"), [([5], [1, 2, 3]), ([1, 2, 3], []), ([], []), ([1, 2], [1])])
def test_groups_of_fewer_than_two_have_no_lift(treated: list[int], control: list[int]) -> None:
    assert not is_measured(outcome_of(treated, control))


def test_conversions_without_values_have_no_lift() -> None:
    outcome = outcome_of([100, 0, 0], [0, 0]).model_copy(update={"treated_sum": 0, "treated_sumsq": 0.0})
    assert not is_measured(outcome)


def test_a_tiny_group_without_a_buyer_does_not_count_as_certain() -> None:
    tiny, large = outcome_of([0, 0], [0, 0]), outcome_of(orders(500, 900, seed=1), orders(500, 700, seed=2))
    prior = typical_variance([tiny, large])
    assert moderated_lift(tiny, prior).variance > 50 * moderated_lift(large, prior).variance


def test_a_large_group_keeps_its_own_variance() -> None:
    outcome = outcome_of(orders(5000, 900, seed=1), orders(5000, 700, seed=2))
    plain = measured_lift(outcome)
    assert Z90 * math.sqrt(moderated_lift(outcome, 1.0).variance) == pytest.approx(plain.high - plain.mean, rel=0.01)


def test_pooling_follows_dersimonian_and_laird_by_hand() -> None:
    cases = [Measured(10.0, 4.0), Measured(30.0, 1.0), Measured(20.0, 2.0)]
    # w = .25, 1, .5; weighted mean = 42.5/1.75; Q by definition; C = 1.75 - 1.3125/1.75
    centre = 42.5 / 1.75
    q = 0.25 * (10 - centre) ** 2 + (30 - centre) ** 2 + 0.5 * (20 - centre) ** 2
    tau2 = (q - 2) / (1.75 - 1.3125 / 1.75)
    weights = [1 / (v + tau2) for v in (4.0, 1.0, 2.0)]
    family = pool(cases)
    assert family.tau2 == pytest.approx(tau2)
    assert family.mu == pytest.approx((10 * weights[0] + 30 * weights[1] + 20 * weights[2]) / sum(weights))
    assert family.mu_variance == pytest.approx(1 / sum(weights))


def test_cases_that_agree_have_no_variance_between_them() -> None:
    assert pool([Measured(5.0, 9.0), Measured(5.5, 9.0), Measured(4.5, 9.0)]).tau2 == 0.0


def test_a_single_case_is_its_own_family() -> None:
    family = pool([Measured(7.0, 3.0)])
    assert family == pytest.approx(Family(mu=7.0, mu_variance=3.0, tau2=0.0))


def test_many_customers_are_not_shrunk() -> None:
    shrunk = shrink(Measured(500.0, 1e-9), FAMILY)
    assert shrunk.mean == pytest.approx(500.0)
    assert shrunk.variance == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("variance", [1e15, math.inf])
def test_no_customers_leave_the_pooled_mean(variance: float) -> None:
    shrunk = shrink(Measured(500.0, variance), FAMILY)
    assert shrunk.mean == pytest.approx(FAMILY.mu)
    assert shrunk.variance == pytest.approx(FAMILY.tau2 + FAMILY.mu_variance)


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e6))
def test_shrinking_moves_towards_the_pooled_mean_and_never_past_it(mean: float, variance: float) -> None:
    shrunk = shrink(Measured(mean, variance), FAMILY).mean
    assert min(mean, FAMILY.mu) - 1e-9 <= shrunk <= max(mean, FAMILY.mu) + 1e-9


def test_more_customers_are_shrunk_less() -> None:
    means = [shrink(Measured(500.0, v), FAMILY).mean for v in (1e4, 1e3, 1e2, 10)]
    assert all(a < b for a, b in pairwise(means))


def test_age_halves_what_is_kept_every_half_life() -> None:
    ages = np.array([0.0, HALF_LIFE_DAYS, 2 * HALF_LIFE_DAYS, -3.0])
    assert kept_after(ages).tolist() == [1.0, 0.5, 0.25, 1.0]
