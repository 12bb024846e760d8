"""BG/NBD against published figures, closed forms and simulation."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from scipy.special import hyp2f1

from app.predict.inputs.purchases import Histories, rfm
from app.predict.value import bg_nbd
from app.predict.value.bg_nbd import BgNbd

MODELS = st.builds(BgNbd, r=st.floats(0.05, 5), alpha=st.floats(1, 200), a=st.floats(1e-4, 5), b=st.floats(0.05, 20))


def histories(*rows: tuple[int, int, int]) -> Histories:
    return Histories(*np.array(rows, np.int64).T)


SOME = histories((0, 0, 0), (0, 0, 200), (1, 1, 200), (1, 200, 200), (7, 150, 200), (60, 199, 200))


def test_the_published_estimates_of_the_cdnow_sample_are_found(cdnow_sample):
    seen = rfm(cdnow_sample, (date(1997, 9, 30) - date(1970, 1, 1)).days).histories
    model = bg_nbd.fit(seen)
    assert model.r == pytest.approx(0.243, abs=0.001)
    assert model.alpha / 7 == pytest.approx(4.414, abs=0.005)
    assert model.a == pytest.approx(0.793, abs=0.001)
    assert model.b == pytest.approx(2.426, abs=0.002)
    in_weeks = bg_nbd.log_likelihood(model, seen) + seen.frequency.sum() * np.log(7)
    assert in_weeks == pytest.approx(-9582.43, abs=0.01)


def test_the_fit_finds_the_parameters_that_made_the_shop(shop, truth, first_day):
    seen = rfm(shop, first_day + 299).histories
    model = bg_nbd.fit(seen)
    assert np.log(model.r / truth.r) == pytest.approx(0, abs=0.15)
    assert np.log(model.alpha / truth.alpha) == pytest.approx(0, abs=0.25)
    assert model.a / (model.a + model.b) == pytest.approx(truth.a / (truth.a + truth.b), abs=0.05)
    assert bg_nbd.log_likelihood(model, seen) >= bg_nbd.log_likelihood(truth, seen)


@pytest.mark.parametrize(
    "truth", [BgNbd(0.8, 70, 0.8, 2.5), BgNbd(0.3, 3.5, 2, 2), BgNbd(1, 2, 0.1, 5)], ids=["weeks", "days", "hours"]
)
def test_weeks_only_lead_to_the_maximum_on_days(truth):
    rng = np.random.default_rng(3)
    rate, leaves = rng.gamma(truth.r, 1 / truth.alpha, 2000), rng.beta(truth.a, truth.b, 2000)
    age, alive_for = rng.integers(180, 540, 2000), rng.geometric(leaves)
    last = np.minimum(age, alive_for / rate).astype(np.int64)
    x = np.minimum(rng.poisson(rate * last), last)
    seen = Histories(x, np.where(x > 0, last, 0), age)
    model = bg_nbd.fit(seen)
    at = bg_nbd.log_likelihood(model, seen)
    for i, value in enumerate(model):
        for factor in (0.999, 1.001):
            beside = BgNbd(*(factor * v if i == j else v for j, v in enumerate(model)))
            assert bg_nbd.log_likelihood(beside, seen) < at, (i, value)


def test_the_gradient_is_the_slope_of_the_likelihood():
    data = bg_nbd._compress(SOME)
    at = np.log([0.3, 20.0, 0.6, 3.0])
    slope = approx_fprime(at, lambda theta: bg_nbd._loss(theta, data)[0])
    np.testing.assert_allclose(bg_nbd._loss(at, data)[1], slope, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("horizon", [1, 90, 365])
def test_expected_purchases_equal_equation_10_of_the_paper(horizon):
    model = BgNbd(0.243, 30.9, 0.793, 2.426)
    x, age = SOME.frequency, model.alpha + SOME.T
    series = hyp2f1(model.r + x, model.b + x, model.a + model.b + x - 1, horizon / (age + horizon))
    if_alive = 1 - (age / (age + horizon)) ** (model.r + x) * series
    paper = (model.a + model.b + x - 1) / (model.a - 1) * if_alive * bg_nbd.p_alive(model, SOME)
    np.testing.assert_allclose(bg_nbd.expected_purchases(model, SOME, horizon), paper, rtol=1e-9)


def test_expected_purchases_of_one_do_not_depend_on_who_else_is_asked_for():
    together = bg_nbd.expected_purchases(BgNbd(0.5, 30, 0.8, 2), SOME, 90)
    alone = [
        bg_nbd.expected_purchases(BgNbd(0.5, 30, 0.8, 2), histories(row), 90)[0] for row in zip(*SOME, strict=True)
    ]
    np.testing.assert_allclose(together, alone, rtol=1e-12)


def test_expected_purchases_are_smooth_where_the_papers_formula_divides_by_zero():
    below, at, above = (bg_nbd.expected_purchases(BgNbd(0.5, 30, a, 2), SOME, 90) for a in (1 - 1e-6, 1.0, 1 + 1e-6))
    np.testing.assert_allclose(below, at, rtol=1e-5)
    np.testing.assert_allclose(above, at, rtol=1e-5)


@settings(deadline=None)
@given(MODELS, st.integers(1, 400))
def test_the_distribution_of_counts_agrees_with_its_mean_and_its_zero(model, horizon):
    alive = bg_nbd.p_alive(model, SOME)
    survival = alive[:, None] * bg_nbd.survival_if_alive(model, SOME, horizon, 200)
    expected = bg_nbd.expected_purchases(model, SOME, horizon)
    short = survival[:, -1] < 1e-9
    np.testing.assert_allclose(survival.sum(axis=1)[short], expected[short], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(survival[:, 0], bg_nbd.p_purchase(model, SOME, horizon), atol=1e-9)
    assert (np.diff(survival, axis=1) <= 1e-12).all()


@settings(deadline=None)
@given(MODELS, st.integers(1, 30), st.integers(1, 300), st.integers(0, 300), st.integers(0, 300))
def test_a_longer_silence_never_raises_the_chance_to_buy(model, x, recency, silence, more):
    days = recency + x
    short, long = histories((x, days, days + silence)), histories((x, days, days + silence + more))
    earlier = histories((x, max(days - more, x), days + silence))
    chance = bg_nbd.p_purchase(model, histories((x, days, days + silence)), 90)
    assert bg_nbd.p_purchase(model, long, 90) <= chance + 1e-12
    assert bg_nbd.p_purchase(model, earlier, 90) <= chance + 1e-12
    assert bg_nbd.expected_purchases(model, long, 90) <= bg_nbd.expected_purchases(model, short, 90) + 1e-9


@settings(deadline=None)
@given(MODELS)
def test_someone_who_bought_once_is_alive_because_leaving_follows_a_repeat_purchase(model):
    assert bg_nbd.p_alive(model, histories((0, 0, 0), (0, 0, 500))).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    "rows",
    [
        [(0, 0, 300)] * 99 + [(1, 10, 300)],
        [(40, 280, 287)] * 50,
        [(5, 5, 500)] * 50,
        [(200, 200, 200)] * 50,
    ],
    ids=["hardly anybody returns", "all alike", "all gone", "every day"],
)
def test_degenerate_shops_give_finite_parameters(rows):
    seen = histories(*rows)
    model = bg_nbd.fit(seen)
    assert all(np.isfinite(value) and value > 0 for value in model)
    assert np.isfinite(bg_nbd.expected_purchases(model, seen, 90)).all()
    assert ((bg_nbd.p_purchase(model, seen, 90) >= 0) & (bg_nbd.p_purchase(model, seen, 90) <= 1)).all()
