"""Intervals: known values, seeds and pairing."""

import numpy as np
import pytest

from evals import intervals
from evals.task import Metric


def test_wilson_matches_the_textbook_and_stays_honest_at_the_ends() -> None:
    half = intervals.wilson(5, 10)
    assert (half.value, half.low, half.high) == pytest.approx((0.5, 0.2366, 0.7634), abs=1e-4)
    none = intervals.wilson(0, 20)
    assert (none.low, none.high) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert intervals.wilson(0, 0) == Metric(None, None, None, 0)


def test_a_count_carries_the_interval_of_its_share() -> None:
    found = intervals.count(0, 20)
    assert (found.value, found.low, found.n) == (0.0, 0.0, 20)
    assert found.high == pytest.approx(3.22, abs=0.01)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = [1.0, 2.0, 3.0, 10.0]
    assert intervals.mean(values, seed=1) == intervals.mean(values, seed=1)
    assert intervals.mean(values, seed=1) != intervals.mean(values, seed=2)


def test_the_mean_of_nothing_is_unknown_rather_than_zero() -> None:
    assert intervals.mean([], seed=1) == Metric(None, None, None, 0)


def test_a_bootstrap_interval_of_the_mean_is_near_the_normal_one() -> None:
    values = np.random.default_rng(0).normal(5, 2, 400)
    found = intervals.mean(list(values), seed=0, rounds=2000)
    assert found.low == pytest.approx(values.mean() - 1.96 * 0.1, abs=0.03)
    assert found.high == pytest.approx(values.mean() + 1.96 * 0.1, abs=0.03)


def test_figures_of_one_draw_share_their_weights() -> None:
    drawn = intervals.draw(lambda w: {"a": w[0], "b": w[0] + 1}, 5, rounds=10, seed=3)
    assert np.array_equal(drawn["a"] + 1, drawn["b"])


def test_an_undefined_figure_has_no_value() -> None:
    assert intervals.interval(np.array([np.nan, 1.0]), 7).value is None
