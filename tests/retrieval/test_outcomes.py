"""Lift from sums against brute force, and the limits of fading."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.retrieval.outcomes import (
    HALF_LIFE_DAYS,
    Z90,
    is_measured,
    kept_after,
    measured_lift,
    moderated_lift,
    typical_variance,
)
from tests.factories_campaigns import orders, outcome_of

TREATED = [0, 1200, 0, 3400, 560, 0, 0, 9900]
CONTROL = [0, 0, 800, 0, 2500]

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


def test_age_halves_what_is_kept_every_half_life() -> None:
    ages = np.array([0.0, HALF_LIFE_DAYS, 2 * HALF_LIFE_DAYS, -3.0])
    assert kept_after(ages).tolist() == [1.0, 0.5, 0.25, 1.0]
