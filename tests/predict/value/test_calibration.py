"""The look back: honest, blind to the future, and right about how far the forecasts were off."""

from datetime import date

import numpy as np
import pytest

from app.predict.fitted import estimate
from app.predict.inputs.purchases import PurchaseDays, spend_between
from app.predict.model import CustomerModel
from app.predict.scores import pit_above_q90
from app.predict.value import ensemble
from app.predict.value.calibration import (
    LEAST_OUTCOMES,
    LookBack,
    confidence,
    doubt_of,
    floor_of,
    look_back,
    seasonal,
    together,
    years_seen,
)
from app.predict.value.calibration import Blended as Told
from app.predict.value.features import unit_of
from app.predict.value.scatter import Spread
from app.predict.value.season import FLAT, Calendar, Season
from tests.factories_shops import FIRST_DAY, bought, learned_from, simulate, steady, with_later_rows

LAST = FIRST_DAY + 299
NO_SEASON = Season(1.0, 0.0, 0)


def measured(purchases: PurchaseDays, day: int = LAST, horizon: int = 90) -> LookBack | None:
    unit = unit_of(purchases.until(day))
    return look_back(purchases, day, horizon_days=horizon, unit=unit, calendar=FLAT, beside=None)


def day_of(text: str) -> int:
    return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()


def test_a_shop_that_follows_the_model_has_a_tenth_above_its_q90(model: CustomerModel) -> None:
    past = model.fitted.look_back
    assert past is not None
    assert past.above_q90 == pytest.approx(0.10, abs=0.02)
    assert past.level == pytest.approx(1.0, abs=0.2)
    assert past.predicted == pytest.approx(past.observed, abs=0.05)
    assert 0 < past.brier < past.observed * (1 - past.observed)
    assert (past.n, past.horizon_days, past.cut_day) == (3000, 90, LAST - 90)


@pytest.mark.parametrize("seed", [2, 3])
def test_a_tenth_of_what_nobody_had_seen_lies_above_q90(seed: int) -> None:
    shop, day = simulate(1000, seed=seed), LAST - 90
    found = estimate(learned_from(shop, day), shop, as_of_day=day)
    ok = found.status == "ok"
    spend, orders = spend_between(shop, np.flatnonzero(ok), day, LAST)
    above = pit_above_q90(spend, found.q90[ok].astype(float), found.p_no_purchase[ok], np.ones(spend.size))
    assert above == pytest.approx(0.10, abs=0.035)
    assert found.p_no_purchase[ok].mean() == pytest.approx((orders == 0).mean(), abs=0.06)
    assert found.value[ok].sum() == pytest.approx(spend.sum(), rel=0.25)


@pytest.mark.parametrize("day", [LAST - 60, LAST - 120])
def test_the_look_back_reads_nothing_after_its_day(small: PurchaseDays, day: int) -> None:
    whole = measured(small.until(day), day, 60)
    assert whole is not None
    assert whole == measured(with_later_rows(small, day), day, 60)


def test_a_short_history_shrinks_the_horizon_and_a_shorter_one_has_no_look_back(small: PurchaseDays) -> None:
    first = int(small.day.min())
    found = measured(small, first + 150, 365)
    assert found is not None
    assert found.horizon_days == 75
    assert found.calibration().set == found.churn_calibration().set
    assert found.label.endswith(", 75 d")
    assert measured(small, first + 45, 90) is None
    assert measured(small, LAST, 20) is None
    assert measured(PurchaseDays.from_rows([], [], []), 9, 9) is None


def test_a_past_in_which_too_few_left_is_not_measured() -> None:
    def shop(leavers: int) -> PurchaseDays:
        ends = {i: 150 if i < leavers else 300 for i in range(200)}
        return bought([(f"c{i:03}", day, 1000 + i) for i in range(200) for day in range(i % 10, ends[i], 10)])

    assert measured(shop(LEAST_OUTCOMES - 1), 299) is None
    assert measured(shop(LEAST_OUTCOMES), 299) is not None


def test_the_order_of_the_names_does_not_decide_who_teaches() -> None:
    """Every other customer stays, the rest leave: each half has buyers all the same."""
    rows = [(f"c{i:03}", day, 1000) for i in range(0, 300, 2) for day in range(i % 13, 200, 7 + i % 11)]
    rows += [(f"c{i:03}", day, 900) for i in range(1, 300, 2) for day in (i % 30, 40 + i % 29)]
    found = measured(bought(rows), 200)
    assert found is not None
    assert 0 <= found.above_q90 <= 1


def test_weights_are_shares_and_levels_are_only_raised(model: CustomerModel) -> None:
    past = model.fitted.look_back
    assert past is not None
    assert past.weights.keys() == past.raised.keys() == set(ensemble.MEMBERS)
    assert sum(past.weights.values()) == pytest.approx(1)
    assert all(1 <= past.raised[name] <= 1.25 for name in set(ensemble.MEMBERS) - set(ensemble.BORROWING))
    assert 0 <= past.tail <= 0.3


def test_the_surer_class_was_the_smaller_error(model: CustomerModel, shop: PurchaseDays) -> None:
    """High, medium and low as the look back learned them, judged on days that came later than it."""
    past = model.fitted.look_back
    assert past is not None
    assert 0 <= past.high_error < past.medium_error
    told = estimate(learned_from(shop, LAST - 90), shop, as_of_day=LAST - 90)
    spend, _ = spend_between(shop, np.arange(len(told.customer_ids)), LAST - 90, LAST)
    rows = [told.confidence == c for c in ("high", "medium", "low") if (told.confidence == c).any()]
    errors = [np.abs(spend[row] - told.value[row]).sum() / told.value[row].sum() for row in rows]
    assert len(errors) > 1
    assert errors == sorted(errors)


def test_who_is_expected_to_be_farther_off_is_never_told_with_more_confidence(model: CustomerModel) -> None:
    past = model.fitted.look_back
    assert past is not None
    error = np.linspace(0, 3, 400)
    found = confidence(past, Told(np.ones(400), np.zeros(400)), Spread(0 * error, 0 * error, 1 + error, error))
    order = [("high", "medium", "low").index(str(c)) for c in found]
    assert order == sorted(order)
    assert {"medium", "low"} <= set(found)
    above = confidence(past, Told(np.ones(1), np.zeros(1)), Spread(*np.array([[0.0], [0.0], [0.9], [0.0]])))
    assert above.tolist() == ["low"]


def test_a_season_moves_the_mean_and_the_chance_together() -> None:
    p_zero = np.array([0.5, 0.9])
    spends = {"bg_nbd": np.array([10.0, 1.0]), "line": np.array([20.0, 2.0])}
    even, raised = {"bg_nbd": 0.5, "line": 0.5}, {"bg_nbd": 1.0, "line": 1.2}
    usual = together(spends, p_zero, even, raised, {"bg_nbd": NO_SEASON, "line": NO_SEASON})
    np.testing.assert_allclose(usual.mean, [0.5 * 10 + 0.5 * 1.2 * 20, 0.5 * 1 + 0.5 * 1.2 * 2])
    np.testing.assert_array_equal(usual.p_zero, p_zero)
    busy = together(spends, p_zero, even, raised, {"bg_nbd": NO_SEASON, "line": Season(2.0, 0.0, 0)})
    np.testing.assert_allclose(busy.p_zero, p_zero**2)
    alone = together({"bg_nbd": spends["bg_nbd"]}, p_zero, even, raised, {"bg_nbd": NO_SEASON})
    np.testing.assert_allclose(alone.mean, spends["bg_nbd"])


def test_spend_if_they_buy_and_the_chance_make_up_the_mean() -> None:
    told = Told(np.array([5.0, 0.0, 2.0]), np.array([0.5, 0.9, 1.0]))
    assert told.if_bought[:2].tolist() == [10, 0]
    assert np.isfinite(told.if_bought).all()


@pytest.mark.parametrize("tail", [0.0, 0.1, 0.3])
def test_a_floor_keeps_the_sum_and_touches_no_more_than_its_share(tail: float) -> None:
    mean = np.random.default_rng(1).gamma(0.3, 10.0, 1000)
    lifted = floor_of(Told(mean, np.full(1000, 0.5)), tail).over(mean)
    assert lifted.sum() == pytest.approx(mean.sum())
    assert (lifted != mean).mean() <= tail


def test_an_unseen_season_is_doubted_more() -> None:
    calm = doubt_of({"bg_nbd": NO_SEASON, "line": NO_SEASON})
    stormy = doubt_of({"bg_nbd": NO_SEASON, "line": Season(1.3, 0.5, 0)})
    assert 0 < calm < 0.5 < stormy


def test_two_years_show_the_season_that_comes_again() -> None:
    first, day, last = day_of("2023-01-01"), day_of("2024-09-30"), day_of("2024-12-31")
    shop = steady(400, first, last, busy=(10, 12), factor=2.5)
    unit = unit_of(shop.until(day))
    fitted = ensemble.fit(shop, day, horizon_days=90, unit=unit, calendar=FLAT, beside=None)
    seen = years_seen(shop, day, fitted, unit=unit, beside=None)
    assert len(seen) == 1
    assert seen[0] > 1.5
    assert years_seen(with_later_rows(shop, day), day, fitted, unit=unit, beside=None) == seen
    spend = shop.amount[shop.day > day].sum()
    without, with_it = (seasonal(fitted, FLAT, day, 90, "line", years).factor for years in ([], seen))
    means = ensemble.forecast(fitted, shop, day, horizon_days=90, beside=None).spend["line"].sum() * unit
    assert abs(np.log(with_it * means / spend)) < 0.6 * abs(np.log(without * means / spend))
    declared = Calendar(months=(0.6,) * 9 + (1.6,) * 3)
    known = ensemble.fit(shop, day, horizon_days=90, unit=unit, calendar=declared, beside=None)
    both = seasonal(known, declared, day, 90, "line", seen).factor
    assert abs(np.log(both * means / spend)) < abs(np.log(with_it * means / spend))
