"""Gamma-Gamma against published figures, simulation and hostile money."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from app.predict.inputs.purchases import rfm
from app.predict.value import gamma_gamma
from app.predict.value.gamma_gamma import GammaGamma


def test_the_published_estimates_of_the_cdnow_sample_are_found(cdnow_sample):
    table = rfm(cdnow_sample, (date(1997, 9, 30) - date(1970, 1, 1)).days)
    model = gamma_gamma.fit(table.frequency, table.monetary_value)
    assert model.p == pytest.approx(6.25, abs=0.01)
    assert model.q == pytest.approx(3.74, abs=0.01)
    assert model.gamma / 100 == pytest.approx(15.44, abs=0.05)


def test_the_fit_finds_the_parameters_that_made_the_shop(shop, money, first_day):
    table = rfm(shop, first_day + 299)
    model = gamma_gamma.fit(table.frequency, table.monetary_value)
    assert model.p == pytest.approx(money.p, rel=0.2)
    assert model.q == pytest.approx(money.q, rel=0.2)
    assert model.p * model.gamma / (model.q - 1) == pytest.approx(money.p * money.gamma / (money.q - 1), rel=0.05)


def test_the_gradient_is_the_slope_of_the_likelihood():
    x, m = np.array([1, 2, 2, 9]), np.array([0.5, 1.0, 3.0, 1.1])
    sums = float(x @ np.log(x * m)), float(np.log(m).sum())
    data = gamma_gamma._Data(x, m, np.bincount(x), *sums)
    at = np.log([2.0, 1.5, 3.0])
    slope = approx_fprime(at, lambda theta: gamma_gamma._loss(theta, data)[0])
    np.testing.assert_allclose(gamma_gamma._loss(at, data)[1], slope, rtol=1e-4, atol=1e-6)


@settings(deadline=None)
@given(st.integers(1, 300), st.floats(0, 1e9))
def test_the_expected_spend_lies_between_the_customers_own_mean_and_everybodys(x, own):
    model = GammaGamma(p=6.0, q=3.7, gamma=1500.0)
    everybody = model.p * model.gamma / (model.q - 1)
    found = float(gamma_gamma.expected_spend(model, np.array([x]), np.array([own]))[0])
    assert min(own, everybody) * (1 - 1e-9) <= found <= max(own, everybody) * (1 + 1e-9)


def test_a_one_time_buyer_is_expected_to_spend_like_everybody():
    model = GammaGamma(p=6.0, q=4.0, gamma=1500.0)
    assert gamma_gamma.expected_spend(model, np.array([0]), np.array([0.0])).tolist() == [3000.0]


@settings(max_examples=25, deadline=None)
@given(st.floats(0.3, 1.0), st.integers(0, 2**16))
def test_money_with_no_mean_still_gives_a_finite_expectation(tail, seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 8, 60)
    m = 100 * (1 + rng.pareto(tail, 60))
    model = gamma_gamma.fit(x, m)
    found = gamma_gamma.expected_spend(model, np.append(x, 0), np.append(m, 0.0))
    assert model.q > 1
    assert np.isfinite(found).all()
    assert (found > 0).all()
    assert found.max() <= m.max() * 1.01


def test_equal_amounts_are_expected_again():
    x, m = np.full(50, 3), np.full(50, 999.0)
    model = gamma_gamma.fit(x, m)
    assert gamma_gamma.expected_spend(model, x, m) == pytest.approx(999.0, rel=0.01)


def test_the_currency_unit_does_not_change_the_fit():
    rng = np.random.default_rng(5)
    x, m = rng.integers(1, 8, 200), rng.gamma(3, 10, 200)
    yuan, fen = gamma_gamma.fit(x, m), gamma_gamma.fit(x, m * 100)
    assert (fen.p, fen.q, fen.gamma / 100) == pytest.approx((yuan.p, yuan.q, yuan.gamma), rel=1e-6)
