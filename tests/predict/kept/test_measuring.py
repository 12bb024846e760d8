"""Figures of a fit on days that it had not seen, with intervals, and never a look ahead."""

import numpy as np
import pytest

from app.predict.inputs.purchases import PurchaseDays, missing_for_fit, rfm, spend_between
from app.predict.kept.measuring import LEVELS, Forecast, look_back
from app.predict.value.intervals import fit_spend, spend


def oracle(purchases: PurchaseDays, last: int) -> Forecast:
    """Everyone's spend of the 90 days up to `last`, told exactly."""
    table = rfm(purchases, last - 90)
    spent, days = spend_between(purchases, table.customer, last - 90, last)
    return Forecast(table.customer, spent, spent, spent, spent, (days == 0).astype(np.float64))


def parametric(purchases: PurchaseDays, cut: int, horizon: int) -> Forecast | None:
    table = rfm(purchases.until(cut), cut)
    if missing_for_fit(purchases.until(cut), table, cut):
        return None
    found = spend(fit_spend(table), table, horizon)
    return Forecast(table.customer, found.mean, found.median, found.q10, found.q90, 1 - found.p_purchase)


def test_a_perfect_forecast_scores_perfectly(shop: PurchaseDays, first_day: int) -> None:
    last = first_day + 299
    found = look_back(shop, lambda cut, days: oracle(shop, last), as_of_day=last, horizon_days=90, minor_units=100)
    assert found is not None
    figures = found.figures
    assert {name: figures[name].value for name in ("spearman", "gini", "level", "auc", "mae", "brier")} == {
        "spearman": 1.0, "gini": 1.0, "level": 1.0, "auc": 1.0, "mae": 0.0, "brier": 0.0
    }  # fmt: skip


def test_the_model_that_made_the_shop_is_found_calibrated(shop: PurchaseDays, first_day: int) -> None:
    last = first_day + 299
    found = look_back(
        shop, lambda cut, days: parametric(shop, cut, days), as_of_day=last, horizon_days=90, minor_units=100
    )
    assert found is not None
    assert (found.horizon_days, (found.cut.toordinal() - 719163)) == (90, last - 90)
    for name, ideal in (("level", 1.0), ("pit_above_q90", 0.1)):
        figure = found.figures[name]
        assert figure.low is not None
        assert figure.high is not None
        assert figure.low < ideal < figure.high
    assert len(found.levels) == LEVELS
    assert sum(row.n for row in found.levels) == found.customers
    assert [row.predicted for row in found.levels] == sorted(row.predicted for row in found.levels)


def test_a_learner_is_asked_for_an_earlier_day_and_days_after_the_last_change_nothing(
    shop: PurchaseDays, first_day: int
) -> None:
    asked: list[tuple[int, int]] = []

    def learner(cut: int, days: int) -> Forecast | None:
        asked.append((cut, days))
        return parametric(shop, cut, days)

    last = first_day + 200
    found = look_back(shop, learner, as_of_day=last, horizon_days=90, minor_units=100)
    assert asked == [(last - 90, 90)]
    again = look_back(shop.until(last), learner, as_of_day=last, horizon_days=90, minor_units=100)
    assert found == again


def test_a_long_horizon_shrinks_to_half_of_the_history(shop: PurchaseDays, first_day: int) -> None:
    found = look_back(
        shop, lambda cut, days: parametric(shop, cut, days), as_of_day=first_day + 299, horizon_days=365,
        minor_units=100,
    )  # fmt: skip
    assert found is not None
    assert found.horizon_days == 149


def test_too_short_a_history_or_too_few_customers_give_no_figures(shop: PurchaseDays, first_day: int) -> None:
    def unasked(cut: int, days: int) -> Forecast | None:
        raise AssertionError("nothing is fitted on a history that is too short")

    assert look_back(shop, unasked, as_of_day=first_day + 50, horizon_days=90, minor_units=100) is None
    few = PurchaseDays.from_rows(["a", "a"], [0, 200], [10, 10])
    assert look_back(few, lambda c, d: parametric(few, c, d), as_of_day=200, horizon_days=90, minor_units=1) is None


@pytest.mark.parametrize("unit", [1, 100])
def test_amounts_are_told_in_major_units(shop: PurchaseDays, first_day: int, unit: int) -> None:
    found = look_back(
        shop, lambda cut, days: parametric(shop, cut, days), as_of_day=first_day + 299, horizon_days=90,
        minor_units=unit,
    )  # fmt: skip
    assert found is not None
    assert (found.figures["mae"].value or 0) * unit == pytest.approx(3306, abs=30)
