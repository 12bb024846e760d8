"""The predictive distribution against a simulation of the same posterior."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.predict.inputs.purchases import Floats, RfmTable, rfm
from app.predict.value.bg_nbd import BgNbd
from app.predict.value.gamma_gamma import GammaGamma
from app.predict.value.intervals import SpendModel, spend

RETAIL = SpendModel(BgNbd(0.25, 33.0, 0.72, 2.2), GammaGamma(6.3, 3.6, 1500.0))
LOYAL = SpendModel(BgNbd(0.7, 66.0, 1e-5, 4000.0), GammaGamma(2.4, 3.3, 38_000.0))
ROWS = [
    (0, 0, 200, 0.0),
    (1, 10, 200, 2500.0),
    (3, 190, 200, 900.0),
    (20, 195, 200, 4100.0),
    (5, 60, 250, 0.0),
]


def table(rows: list[tuple[int, int, int, float]]) -> RfmTable:
    x, recency, age, money = (np.array(column) for column in zip(*rows, strict=True))
    zero = np.zeros(len(rows), np.int64)
    return RfmTable(np.arange(len(rows)), x, recency, age, money.astype(float), zero, recency)


def simulated(model: SpendModel, row: tuple[int, int, int, float], horizon: int, draws: int) -> Floats:
    """Spend drawn step by step: alive or gone, rate and dropout, count, spend rate, spend."""
    (r, alpha, a, b), (p_spend, q, gamma) = model
    x, recency, age, money = row
    rng = np.random.default_rng(11)
    odds_gone = (x > 0) * a / max(b + x - 1, 1e-9) * ((alpha + age) / (alpha + recency)) ** (r + x)
    alive = rng.random(draws) < 1 / (1 + odds_gone)
    bought = rng.poisson(rng.gamma(r + x, 1 / (alpha + age), draws) * horizon)
    leaves_after = rng.geometric(np.maximum(rng.beta(a, b + x, draws), 1e-12))
    count = np.where(alive, np.minimum(bought, leaves_after), 0)
    nu = rng.gamma(q + p_spend * x, 1 / (gamma + x * money), draws)
    return np.where(count > 0, rng.gamma(np.maximum(p_spend * count, 1e-9)) / nu, 0.0)


@pytest.mark.parametrize("model", [RETAIL, LOYAL], ids=["leaving", "loyal"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"x={row[0]}")
def test_quantiles_and_mean_are_those_of_the_simulated_posterior(model, row):
    found = spend(model, table([row]), 120)
    draws = simulated(model, row, 120, 200_000)
    assert found.p_purchase[0] == pytest.approx((draws > 0).mean(), abs=0.005)
    assert found.mean[0] == pytest.approx(draws.mean(), abs=5 * draws.std() / draws.size**0.5)
    for share, value in ((0.1, found.q10), (0.5, found.median), (0.9, found.q90)):
        below, above = (draws < value[0] - 1e-9).mean(), (draws <= value[0] + 1e-9).mean()
        assert below - 0.005 <= share <= above + 0.005


def test_a_customers_numbers_do_not_depend_on_who_else_is_asked_for():
    rows = [*ROWS, (3, 3, 3, 500.0), (0, 0, 0, 0.0)]
    together = spend(RETAIL, table(rows), 90)
    for i, row in enumerate(rows):
        alone = spend(RETAIL, table([row]), 90)
        np.testing.assert_allclose([c[0] for c in alone], [c[i] for c in together], rtol=1e-12)


def test_who_has_the_same_history_gets_the_same_count_and_money_only_scales():
    found = spend(RETAIL, table([(3, 100, 200, 1000.0), (3, 100, 200, 2000.0)]), 90)
    rates = RETAIL.money.gamma + 3 * np.array([1000.0, 2000.0])
    for column in (found.mean, found.q90):
        assert column[1] / column[0] == pytest.approx(rates[1] / rates[0])


def test_a_chance_below_a_tenth_gives_an_interval_of_nothing():
    found = spend(RETAIL, table([(0, 0, 2000, 0.0)]), 30)
    assert found.p_purchase[0] < 0.1
    assert [float(column[0]) for column in (found.q10, found.median, found.q90)] == [0, 0, 0]
    assert found.mean[0] > 0


@settings(max_examples=30, deadline=None)
@given(
    counts=st.builds(BgNbd, st.floats(0.01, 50), st.floats(0.5, 500), st.floats(1e-5, 50), st.floats(0.05, 50)),
    money=st.builds(GammaGamma, st.floats(0.1, 500), st.floats(1.5, 50), st.floats(1, 1e6)),
    horizon=st.integers(1, 400),
)
def test_quantiles_are_ordered_and_finite_for_any_parameters(counts, money, horizon):
    found = spend(SpendModel(counts, money), table(ROWS), horizon)
    assert np.isfinite(np.array(found)).all()
    assert (found.q10 >= 0).all()
    assert (found.q10 <= found.median).all()
    assert (found.median <= found.q90).all()


def test_predictions_add_up_on_the_shop_that_the_model_made(shop, truth, money, first_day):
    found = spend(SpendModel(truth, money), rfm(shop, first_day + 199), 100)
    later = shop.amount[shop.day > first_day + 199].sum()
    assert found.mean.sum() == pytest.approx(later, rel=0.1)
