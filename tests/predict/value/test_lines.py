"""Lines on logarithms: they find what is there, go on beyond what they were taught, and say so without a fuss."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from app.predict.inputs.purchases import PurchaseDays, rfm
from app.predict.value.features import build, unit_of
from app.predict.value.intervals import fit_spend as fit_model
from app.predict.value.lines import Line, design, fit_chance, fit_spend, log_odds
from tests.factories_shops import FIRST_DAY

RNG = np.random.default_rng(3)
DESIGN = RNG.normal(0, 1, (4000, 2))
SPEND = np.where(RNG.random(4000) < 0.5, RNG.gamma(2.0, np.exp(0.8 * DESIGN[:, 0] + 1)), 0.0)
HAPPENED = (RNG.random(4000) < expit(1.2 * DESIGN[:, 1] - 0.5)).astype(np.float64)


def test_mean_spend_is_found_again() -> None:
    line = fit_spend(DESIGN, SPEND)
    _, own, other = line.weights
    assert own == pytest.approx(0.8, abs=0.08)
    assert other == pytest.approx(0, abs=0.08)
    assert np.exp(line.at(DESIGN)).mean() == pytest.approx(SPEND.mean(), rel=0.05)


def test_it_goes_on_beyond_what_was_taught() -> None:
    line = fit_spend(DESIGN, SPEND)
    beyond = np.exp(line.at(np.array([[3.0, 0.0], [6.0, 0.0]])))
    assert beyond[1] / beyond[0] == pytest.approx(np.exp(3 * 0.8), rel=0.25)


def test_money_in_another_unit_moves_only_the_level() -> None:
    one, other = fit_spend(DESIGN, SPEND), fit_spend(DESIGN, 100 * SPEND)
    np.testing.assert_allclose(other.at(DESIGN), one.at(DESIGN) + np.log(100), atol=1e-6)


def test_a_chance_is_found_again_and_its_level_is_that_of_the_lessons() -> None:
    line = fit_chance(DESIGN, HAPPENED)
    assert line.weights[2] == pytest.approx(1.2, abs=0.15)
    assert expit(line.at(DESIGN)).mean() == pytest.approx(HAPPENED.mean(), abs=0.002)


def test_a_few_lessons_carry_no_line_far_away() -> None:
    few = fit_chance(DESIGN[:5], np.array([1.0, 0, 1, 0, 1]))
    many = fit_chance(DESIGN, HAPPENED)
    assert np.abs(few.weights[1:]).max() < 10
    assert np.abs(many.weights[1:]).max() > 1


@settings(max_examples=20)
@given(st.integers(0, 9), st.sampled_from([1e-6, 1.0, 1e9]), st.floats(0.01, 0.99))
def test_no_lessons_make_a_line_that_is_not_a_number(seed: int, size: float, bought: float) -> None:
    rng = np.random.default_rng(seed)
    columns = np.column_stack([rng.normal(0, 1, 60), np.ones(60)])
    spend = np.where(rng.random(60) < bought, size * rng.pareto(0.7, 60), 0.0)
    spend[0] = size
    for line in (fit_spend(columns, spend), fit_chance(columns, (spend > 0).astype(np.float64))):
        assert np.isfinite(line.at(columns)).all()


def test_a_line_survives_being_kept() -> None:
    line = fit_spend(DESIGN, SPEND)
    assert msgspec.json.decode(msgspec.json.encode(line), type=Line) == line


def test_log_odds_stay_finite_at_certainty() -> None:
    found = log_odds(np.array([0.0, 0.25, 1.0]))
    assert np.isfinite(found).all()
    assert found[1] == pytest.approx(np.log(1 / 3))
    assert found[0] == pytest.approx(-found[2])


def test_the_design_is_finite_for_every_buyer(small: PurchaseDays) -> None:
    day = FIRST_DAY + 299
    model = fit_model(rfm(small, day))
    found = design(build(small, day, horizon_days=90, model=model, unit=unit_of(small), beside=None))
    assert len(found) == np.unique(small.customer).size
    assert np.isfinite(found).all()
