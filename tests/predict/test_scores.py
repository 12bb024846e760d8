"""Scorers against brute force and published identities."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.predict import scores as numeric
from app.predict.scores import Floats

ONES = np.ones(6)
ACTUAL = np.array([0.0, 0.0, 10.0, 30.0, 5.0, 55.0])
PREDICTED = np.array([1.0, 2.0, 8.0, 20.0, 9.0, 40.0])


def a_forecast(actual: Floats = ACTUAL, predicted: Floats = PREDICTED, floor: float = 0.1) -> numeric.Forecast:
    return numeric.forecast(actual, predicted, floor=floor)


amounts = st.lists(st.integers(0, 6), min_size=3, max_size=12).filter(lambda v: len(set(v)) > 1)


def test_level_and_errors_are_the_plain_formulas() -> None:
    assert numeric.level(a_forecast(), ONES) == pytest.approx(80 / 100)
    assert numeric.mae(ACTUAL, PREDICTED, ONES) == pytest.approx((1 + 2 + 2 + 10 + 4 + 15) / 6)
    assert numeric.rmse(a_forecast(), ONES) == pytest.approx(np.sqrt((1 + 4 + 4 + 100 + 16 + 225) / 6))


def test_tweedie_is_zero_for_a_perfect_forecast_and_never_negative() -> None:
    spent = np.array([1.0, 4.0, 9.0])
    assert numeric.tweedie(a_forecast(spent, spent), np.ones(3)) == pytest.approx(0)
    assert numeric.tweedie(a_forecast(), ONES) > 0


def test_tweedie_of_a_zero_is_four_times_the_root_of_the_floored_prediction() -> None:
    nothing = np.zeros(1)
    assert numeric.tweedie(a_forecast(nothing, nothing, floor=9.0), np.ones(1)) == pytest.approx(4 * 3)


@given(st.data())
def test_spearman_with_ties_equals_scipy(data: st.DataObject) -> None:
    a = np.array(data.draw(amounts), float)
    b = np.array(data.draw(st.lists(st.integers(0, 6), min_size=len(a), max_size=len(a))), float)
    found = numeric.spearman(a_forecast(a, b), np.ones(len(a)))
    if len(set(b)) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(stats.spearmanr(a, b).statistic)


@given(st.data())
def test_weights_are_the_same_as_repeating_rows(data: st.DataObject) -> None:
    a = np.array(data.draw(amounts), float)
    b = np.array(data.draw(st.lists(st.integers(0, 6), min_size=len(a), max_size=len(a))), float)
    w = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(a), max_size=len(a))), float)
    rows = np.repeat(np.arange(len(a)), w.astype(int))
    if len(rows) == 0:
        return
    short, long = a_forecast(a, b), a_forecast(a[rows], b[rows])
    for score in (
        numeric.spearman,
        numeric.gini,
        numeric.lift10,
        numeric.level,
        numeric.rmse,
        numeric.tweedie,
    ):
        assert score(short, w) == pytest.approx(score(long, np.ones(len(rows))), nan_ok=True), score.__name__


def _brute_gini(actual: Floats, order: tuple[int, ...]) -> float:
    """Area between the diagonal and the Lorenz curve of one order, worst first, by the trapezoid rule."""
    curve = np.concatenate(([0], np.cumsum(actual[list(order)]))) / actual.sum()
    return float(1 - (curve[1:] + curve[:-1]).sum() / len(actual))


def test_gini_is_the_mean_over_all_orders_of_the_ties() -> None:
    actual, predicted = np.array([5.0, 1.0, 0.0, 7.0]), np.array([2.0, 2.0, 1.0, 2.0])
    orders = [o for o in itertools.permutations(range(4)) if list(predicted[list(o)]) == sorted(predicted)]
    perfect = _brute_gini(actual, tuple(np.argsort(actual)))
    expected = np.mean([_brute_gini(actual, order) for order in orders]) / perfect
    assert numeric.gini(a_forecast(actual, predicted), np.ones(4)) == pytest.approx(expected)


def test_gini_is_one_for_the_perfect_order_and_minus_one_for_its_reverse() -> None:
    spent = np.array([1.0, 2.0, 4.0, 8.0])
    assert numeric.gini(a_forecast(spent, spent * 3), np.ones(4)) == pytest.approx(1)
    assert numeric.gini(a_forecast(spent, -spent), np.ones(4)) == pytest.approx(-1)


def test_lift_of_the_top_tenth_shares_tied_customers() -> None:
    spent = np.array([50.0, 0, 0, 0, 0, 0, 0, 0, 0, 50.0])
    best_first = np.array([9.0, *([1.0] * 8), 5.0])
    assert numeric.lift10(a_forecast(spent, best_first), np.ones(10)) == pytest.approx(5)
    assert numeric.lift10(a_forecast(spent, np.ones(10)), np.ones(10)) == pytest.approx(1)


def test_pinball_is_least_at_the_true_quantile() -> None:
    drawn, weight = np.arange(1.0, 101.0), np.ones(100)
    losses = {q: numeric.pinball(drawn, np.full(100, float(q)), 0.9, weight) for q in range(1, 101)}
    assert min(losses, key=lambda q: losses[q]) in (90, 91)


def test_pit_above_q90_is_a_tenth_for_a_true_model_however_many_zeros() -> None:
    random = np.random.default_rng(3)
    n = 200_000
    for p_zero in (0.2, 0.85, 0.95):
        spent = np.where(random.random(n) < p_zero, 0.0, random.exponential(1.0, n))
        reach = (0.9 - p_zero) / (1 - p_zero)
        q90 = -np.log1p(-reach) if reach > 0 else 0.0
        found = numeric.pit_above_q90(spent, np.full(n, q90), np.full(n, p_zero), np.ones(n))
        assert found == pytest.approx(0.1, abs=0.003), p_zero


def test_inside_counts_both_ends() -> None:
    assert numeric.inside(ACTUAL, np.zeros(6), np.full(6, 10.0), ONES) == pytest.approx(4 / 6)


@given(st.data())
def test_auc_equals_the_count_over_all_pairs(data: st.DataObject) -> None:
    happened = np.array(data.draw(st.lists(st.booleans(), min_size=2, max_size=12)), float)
    score = np.array(data.draw(st.lists(st.integers(0, 4), min_size=len(happened), max_size=len(happened))), float)
    pairs = [
        1.0 if s > t else 0.5 if s == t else 0.0
        for h, s in zip(happened, score, strict=True)
        for g, t in zip(happened, score, strict=True)
        if h and not g
    ]
    expected = float(np.mean(pairs)) if pairs else float("nan")
    found = numeric.auc(happened, numeric.levels(score), np.ones(len(happened)))
    assert found == pytest.approx(expected, nan_ok=True)


def test_average_precision_of_a_known_ranking() -> None:
    happened, score = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.8, 0.7, 0.1])
    assert numeric.pr_auc(happened, numeric.levels(score), np.ones(4)) == pytest.approx((1 + 2 / 3) / 2)


def test_brier_and_calibration_error() -> None:
    happened, p = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.8, 0.8, 0.2, 0.2])
    assert numeric.brier(happened, p, np.ones(4)) == pytest.approx((0.04 + 0.64 + 0.64 + 0.04) / 4)
    assert numeric.ece(happened, p, np.ones(4)) == pytest.approx(0.3)
