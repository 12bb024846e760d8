"""Sample sizes and what is measured."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.strategy.power import detectable_effect, plan_measurement, power_of, sample_size
from tests.factories_strategy import real_policy


@pytest.mark.parametrize(("p1", "p2", "n"), [(0.10, 0.12, 3841), (0.50, 0.60, 388), (0.05, 0.10, 435)])
def test_sample_sizes_agree_with_published_tables(p1: float, p2: float, n: int) -> None:
    assert sample_size(p1, p2 - p1) == pytest.approx(n, abs=1)


def test_the_sample_size_finds_the_effect_four_times_in_five() -> None:
    p1, p2 = 0.30, 0.36
    n = sample_size(p1, p2 - p1)
    rng = np.random.default_rng(3)
    a, b = rng.binomial(n, p1, 20_000) / n, rng.binomial(n, p2, 20_000) / n
    pooled = (a + b) / 2
    z = (b - a) / np.sqrt(2 * pooled * (1 - pooled) / n)
    assert np.mean(np.abs(z) > 1.96) == pytest.approx(0.80, abs=0.02)


@given(st.floats(0.01, 0.9), st.floats(0.005, 0.05))
def test_smaller_effects_need_more_customers(baseline: float, effect: float) -> None:
    assert sample_size(baseline, effect / 2) > sample_size(baseline, effect)


@pytest.mark.parametrize(("baseline", "effect"), [(0.0, 0.1), (0.9, 0.2), (0.5, 0.0)])
def test_impossible_tests_are_refused(baseline: float, effect: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        sample_size(baseline, effect)


@given(st.floats(0, 1))
def test_every_purchase_rate_can_be_measured(rate: float) -> None:
    plan = plan_measurement(rate, real_policy())
    assert 0 < plan.baseline < plan.baseline + plan.effect < 1
    assert plan.sample_size > 0


@given(st.floats(0.01, 0.9), st.integers(60, 5000))
def test_the_detectable_effect_is_the_smallest_that_so_many_show(baseline: float, n: int) -> None:
    effect = detectable_effect(baseline, n)
    if effect is None:
        assert sample_size(baseline, (1 - baseline) * (1 - 1e-6)) > n
    else:
        assert sample_size(baseline, effect) <= n < sample_size(baseline, effect * 0.99)


def test_a_class_too_small_for_the_declared_effect_is_measured_by_what_it_can_show() -> None:
    wide = plan_measurement(0.3, real_policy())
    assert plan_measurement(0.3, real_policy(), 2 * wide.sample_size) == wide
    narrow = plan_measurement(0.3, real_policy(), 400)
    assert (narrow.sample_size, narrow.wanted) == (200, wide.sample_size)
    assert narrow.effect > wide.effect
    assert sample_size(0.3, narrow.effect) == 200


@pytest.mark.parametrize("size", [0, 1, 3])
def test_a_handful_of_customers_can_show_nothing(size: int) -> None:
    plan, wide = plan_measurement(0.3, real_policy(), size), plan_measurement(0.3, real_policy())
    assert plan == wide._replace(wanted=wide.sample_size)
    assert not plan.fits(size)


def test_without_an_estimate_the_declared_rate_stands_in() -> None:
    assert plan_measurement(None, real_policy()).baseline == real_policy().first_test.default_baseline


@given(st.floats(0.01, 0.9), st.floats(0.001, 0.09), st.integers(1, 100_000))
def test_a_change_is_found_at_least_as_often_as_chance_finds_one(baseline: float, effect: float, n: int) -> None:
    assert 0.05 <= power_of(baseline, effect, n) <= power_of(baseline, effect, 2 * n) + 1e-12 <= 1 + 1e-9


def test_both_directions_count_as_found() -> None:
    p1, p2, n = 0.30, 0.31, 200
    rng = np.random.default_rng(4)
    a, b = rng.binomial(n, p1, 200_000) / n, rng.binomial(n, p2, 200_000) / n
    pooled = (a + b) / 2
    z = (b - a) / np.sqrt(2 * pooled * (1 - pooled) / n)
    assert power_of(p1, p2 - p1, n) == pytest.approx(np.mean(np.abs(z) > 1.96), abs=0.004)
