"""The backtest: honest, blind to the future, and able to widen an interval that is too narrow."""

import numpy as np
import pytest

from app.predict.calibration import WIDEST, above_q90, backtest, q90_scale
from app.predict.intervals import Spend
from app.predict.purchases import PurchaseDays


def predicted(q90: np.ndarray, p_purchase: np.ndarray) -> Spend:
    return Spend(q90 * 0.4, q90 * 0, q90 * 0.3, q90, p_purchase)


def test_a_right_model_has_a_tenth_above_its_q90(shop, first_day):
    found = backtest(shop, as_of_day=first_day + 299, horizon_days=90, seed=0)
    assert found is not None
    assert found.horizon_days == 90
    assert found.above_q90 == pytest.approx(0.10, abs=0.025)
    assert found.level == pytest.approx(1.0, abs=0.2)
    assert 1200 < found.n < 1800


def test_the_backtest_reads_nothing_after_its_day(shop, first_day):
    day = first_day + 240
    whole = backtest(shop, as_of_day=day, horizon_days=60, seed=0)
    assert whole is not None
    assert whole == backtest(shop.until(day), as_of_day=day, horizon_days=60, seed=0)


def test_a_short_history_shrinks_the_horizon_and_a_shorter_one_has_no_backtest(shop, first_day):
    found = backtest(shop, as_of_day=first_day + 150, horizon_days=365, seed=0)
    assert found is not None
    assert found.horizon_days == 75
    assert "75 d" in found.calibration().set
    assert backtest(shop, as_of_day=first_day + 90, horizon_days=90, seed=0) is None
    assert backtest(PurchaseDays.from_rows([], [], []), as_of_day=9, horizon_days=9, seed=0) is None


def test_another_seed_splits_the_customers_otherwise(shop, first_day):
    one, other = (backtest(shop, as_of_day=first_day + 299, horizon_days=90, seed=s) for s in (0, 1))
    assert one is not None
    assert one != other


def test_many_zeros_do_not_make_a_right_model_look_too_wide():
    rng = np.random.default_rng(2)
    p_purchase = rng.uniform(0.02, 0.6, 40_000)
    depth = np.maximum((p_purchase - 0.1) / p_purchase, 1e-9)
    q90 = np.where(p_purchase > 0.1, -np.log1p(-depth), 0.0)
    actual = np.where(rng.random(40_000) < p_purchase, rng.exponential(1.0, 40_000), 0.0)
    assert (actual > q90).mean() < 0.097
    assert above_q90(predicted(q90, p_purchase), actual) == pytest.approx(0.10, abs=0.005)


def test_the_scale_widens_an_interval_that_is_too_narrow():
    actual = np.arange(1.0, 10_001.0)
    narrow = predicted(np.full(10_000, 4500.0), np.ones(10_000))
    assert q90_scale(narrow, actual) == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize(("q90", "scale"), [(20_000.0, 1.0), (10.0, WIDEST)])
def test_the_scale_never_narrows_and_has_a_limit(q90, scale):
    actual = np.arange(1.0, 10_001.0)
    assert q90_scale(predicted(np.full(10_000, q90), np.ones(10_000)), actual) == scale


def test_few_customers_move_the_scale_less():
    few, many = (q90_scale(predicted(np.full(n, 0.45), np.ones(n)), np.arange(1, n + 1) / n) for n in (50, 50_000))
    assert 1 < few < many
