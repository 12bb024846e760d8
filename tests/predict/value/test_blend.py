"""How much each forecast counts, and what is done about level and tail."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.predict.inputs.purchases import Floats
from app.predict.value.blend import level, mean_below, pooled, raised, tail, weights

RNG = np.random.default_rng(7)
RATE = RNG.gamma(1.0, 20.0, 3000)
ACTUAL = np.where(RNG.random(3000) < 0.5, 2 * RATE * RNG.gamma(3.0, 1 / 3, 3000), 0.0)
NOISE = RNG.permutation(RATE)


@settings(max_examples=20)
@given(st.integers(0, 99), st.integers(1, 4), st.sampled_from([1e-3, 1.0, 1e6]))
def test_weights_are_shares_of_one(seed: int, forecasts: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    spends = {f"f{i}": size * rng.gamma(0.5, 1.0, 50) for i in range(forecasts)}
    found = weights(spends, size * rng.gamma(0.3, 1.0, 50))
    assert found.keys() == spends.keys()
    assert sum(found.values()) == pytest.approx(1)
    assert all(0 <= weight <= 1 for weight in found.values())


def test_the_better_forecast_counts_more_whatever_its_name_and_level() -> None:
    for spends in ({"a": RATE, "b": NOISE}, {"b": NOISE, "a": RATE}, {"a": 3 * RATE, "b": NOISE / 5}):
        found = weights(spends, ACTUAL)
        assert found["a"] > 0.8
        assert found["a"] + found["b"] == pytest.approx(1)


def test_forecasts_that_are_equally_good_count_equally() -> None:
    found = weights({"a": RATE, "b": RATE, "c": RATE}, ACTUAL)
    assert list(found.values()) == pytest.approx([1 / 3] * 3, abs=0.01)


def test_a_blend_is_no_worse_than_its_parts() -> None:
    one, other = RATE * np.exp(RNG.normal(0, 0.7, 3000)), RATE * np.exp(RNG.normal(0, 0.7, 3000))
    found = weights({"a": one, "b": other}, ACTUAL)
    together = found["a"] * one / level(one, ACTUAL) + found["b"] * other / level(other, ACTUAL)
    parts = [_loss(column / level(column, ACTUAL)) for column in (one, other)]
    assert _loss(together) < min(parts)


def test_level_is_predicted_over_spent() -> None:
    assert level(np.array([2.0, 4.0]), np.array([1.0, 2.0])) == 2
    assert level(np.array([2.0]), np.array([0.0])) == 1


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_a_level_is_only_raised_in_part_and_more_for_the_lower(one: float, other: float) -> None:
    low, high = sorted((one, other))
    found = raised({"low": low, "high": high}, {"low": 0.5, "high": 0.5})
    assert 1.25 >= found["low"] >= found["high"] >= 1
    assert found["high"] == 1 or high < 1
    assert found["low"] * low <= max(low, 1)


def test_who_has_no_level_borrows_that_of_the_others() -> None:
    weights = {"one": 0.2, "other": 0.6, "ranks": 0.2}
    found = raised({"one": 1.0, "other": 1.2, "ranks": 1.5}, weights, borrowing={"ranks"})
    assert found["one"] == found["other"] == 1
    assert found["ranks"] * 1.5 == pytest.approx((0.2 * 1.0 + 0.6 * 1.2) / 0.8)
    assert raised({"ranks": 1.5}, {"ranks": 1.0}, borrowing={"ranks"}) == {"ranks": 1.0}


@settings(max_examples=40)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.floats(0, 1e6))
def test_putting_the_lowest_together_keeps_the_sum_and_the_others(values: list[float], limit: float) -> None:
    predicted = np.array(values)
    found = pooled(predicted, limit, mean_below(predicted, limit))
    assert found.sum() == pytest.approx(predicted.sum())
    np.testing.assert_array_equal(found[predicted >= limit], predicted[predicted >= limit])
    assert np.unique(found[predicted < limit]).size <= 1


@pytest.mark.parametrize("informed", [0.0, 0.3, 1.0])
def test_no_more_is_put_together_than_does_no_harm(informed: float) -> None:
    predicted = RATE**informed * NOISE ** (1 - informed)
    predicted /= level(predicted, ACTUAL)
    share = tail(predicted, ACTUAL)
    limit = float(np.quantile(predicted, share))
    assert 0 <= share <= 0.3
    assert _loss(pooled(predicted, limit, mean_below(predicted, limit))) <= 1.0015 * _loss(predicted) + 1e-12


def test_a_tail_that_tells_nothing_is_put_together_and_one_that_tells_is_not() -> None:
    told = 100 * np.exp(RNG.normal(0, 2, 6000))
    spent = told * RNG.gamma(20.0, 1 / 20, 6000)
    untold = np.where(told < 100, RNG.permutation(told), told)
    assert tail(told, spent) < tail(untold, np.where(told < 100, 30.0, spent)) == pytest.approx(0.3)


def _loss(predicted: Floats) -> float:
    """Tweedie deviance of power 1.5 as `blend` measures it."""
    root = np.sqrt(np.maximum(predicted, 0.01 * ACTUAL.mean()))
    return float((2 * ACTUAL / root + 2 * root).mean())
