"""A drift check stays quiet where nothing changed, and speaks within two months where something did."""

from functools import cache

import numpy as np
import pytest

from app.predict.inputs.purchases import PurchaseDays, rfm
from app.predict.kept import drift
from app.predict.kept.measuring import Forecast
from app.predict.value.intervals import fit_spend, spend

DAY, WINDOW, HORIZON = 400, 90, 90


@cache
def steady(seed: int, *, customers: int = 1500, rate: float = 1.0, basket: float = 1.0) -> PurchaseDays:
    """New customers come all the time and buy at their own rates; after `DAY` rates and baskets are multiplied."""
    random = np.random.default_rng(seed)
    own = random.gamma(0.8, 1 / 25, customers)
    worth = random.gamma(4, 900, customers)
    rows: list[tuple[str, int, int]] = []
    for i, start in enumerate(random.uniform(0, DAY + 60, customers)):
        at = start
        while at < DAY + 60:
            late = at > DAY
            if at == start or not late or random.random() < min(rate, 1):
                rows.append((f"c{i}", int(at), int(random.gamma(5) * worth[i] / 5 * (basket if late else 1)) + 1))
            if random.random() < 0.12:
                break
            at += random.exponential(1 / own[i])
    names, days, amounts = zip(*rows, strict=True)
    return PurchaseDays.from_rows(names, days, amounts)


def checked(purchases: PurchaseDays, day: int) -> drift.DriftCheck:
    """Fit at `DAY`, ask on `day`."""
    known = purchases.until(DAY)
    table = rfm(known, DAY)
    found = spend(fit_spend(table), table, HORIZON)
    forecast = Forecast(table.customer, found.mean, found.median, found.q10, found.q90, 1 - found.p_purchase)
    kept = drift.shape(known, day=DAY, window_days=WINDOW)
    passed = drift.since(purchases.until(day), forecast, fitted_day=DAY, horizon_days=HORIZON, day=day)
    return drift.conclude(drift.shifts(kept, purchases.until(day), day=day), passed)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("days", [30, 60])
def test_a_shop_that_goes_on_as_before_raises_no_alarm(seed: int, days: int) -> None:
    assert checked(steady(seed), DAY + days).verdict != "shifted"


@pytest.mark.parametrize("seed", range(3))
def test_purchases_that_halve_are_found_within_two_months(seed: int) -> None:
    found = checked(steady(seed, rate=0.5), DAY + 60)
    assert found.verdict == "shifted"
    assert found.since is not None
    assert found.since.buyers.verdict == "shifted"
    assert (found.since.buyers.low or 0) > drift.BUYERS_BAND[1]


@pytest.mark.parametrize("seed", range(3))
def test_baskets_that_halve_are_found_within_two_months(seed: int) -> None:
    found = checked(steady(seed, basket=0.5), DAY + 60)
    assert found.verdict == "shifted"
    moved = {shift.feature: shift for shift in found.shifts}
    assert moved["spend_per_day"].verdict == "shifted"
    assert moved["purchase_days"].verdict == "stable"


def test_the_same_population_has_an_index_of_nothing() -> None:
    kept = drift.shape(steady(0), day=DAY, window_days=WINDOW)
    assert all(shift.psi == 0 for shift in drift.shifts(kept, steady(0), day=DAY))


def test_the_index_is_that_of_its_definition() -> None:
    """Two classes of 300 and 100 buyers against 100 and 300; half a customer is added to each class."""

    def baskets(low: int, high: int) -> PurchaseDays:
        amounts = [100] * low + [900] * high
        return PurchaseDays.from_rows([f"c{i:03}" for i in range(400)], [10] * 400, amounts)

    kept = drift.shape(baskets(300, 100), day=10, window_days=90)
    found = {shift.feature: shift for shift in drift.shifts(kept, baskets(100, 300), day=10)}
    p, q = 300.5 / 401, 100.5 / 401
    assert found["spend_per_day"].psi == pytest.approx(2 * (p - q) * np.log(p / q), abs=1e-6)
    assert found["spend_per_day"].verdict == "shifted"
    assert found["days_since_last"].psi == 0


def test_sampling_noise_keeps_within_its_bound() -> None:
    """Halves of one population, drawn by lot: the index exceeds its 99.9% bound hardly ever, its median is near."""
    random = np.random.default_rng(5)
    indices = []
    for _ in range(200):
        amounts = random.lognormal(8, 1, (2, 400)).astype(int)
        shops = [PurchaseDays.from_rows([f"c{i:03}" for i in range(400)], [10] * 400, half) for half in amounts]
        found = drift.shifts(drift.shape(shops[0], day=10, window_days=90), shops[1], day=10)
        indices += [shift for shift in found if shift.feature == "spend_per_day"]
    assert sum(shift.psi > shift.noise for shift in indices) <= 2
    assert np.median([shift.psi for shift in indices]) == pytest.approx(8.34 * (2 / 400), rel=0.3)  # median of chi2(9)


def test_few_buyers_or_few_days_are_no_answer() -> None:
    few = PurchaseDays.from_rows([f"c{i}" for i in range(50)], [10] * 50, [100] * 50)
    kept = drift.shape(few, day=10, window_days=90)
    assert {shift.verdict for shift in drift.shifts(kept, few, day=10)} == {"unknown"}
    column = np.full(50, 10.0)
    forecast = Forecast(np.arange(50), column, column, column, column, column / 20)
    assert drift.since(few, forecast, fitted_day=10, horizon_days=90, day=40) is None
    assert drift.conclude(drift.shifts(kept, few, day=10), None).verdict == "unknown"


def test_an_empty_shop_has_a_shape() -> None:
    nobody = PurchaseDays.from_rows([], [], [])
    assert drift.shape(nobody, day=10, window_days=90).buyers == 0


def test_nobody_buying_where_many_were_expected_is_a_shift() -> None:
    purchases = PurchaseDays.from_rows([f"c{i:03}" for i in range(200)], [10] * 200, [100] * 200)
    column = np.full(200, 50.0)
    forecast = Forecast(np.arange(200), column, column, column, column, np.full(200, 0.5))
    found = drift.since(purchases, forecast, fitted_day=10, horizon_days=30, day=40)
    assert found is not None
    assert found.buyers == drift.Ratio(value=None, low=None, high=None, verdict="shifted")
