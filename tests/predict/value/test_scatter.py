"""Quantiles of spend against draws from the model that the module states."""

import msgspec
import numpy as np
import pytest

from app.predict.inputs.purchases import Floats
from app.predict.value.scatter import SHARES, Scatter, learn, spread

RNG = np.random.default_rng(4)
MEAN = RNG.gamma(3.0, 30.0, 60_000)


def drawn(p_zero: float, mean: float, doubt: float, errors: Floats, size: int = 400_000) -> Floats:
    """Spend step by step: how far the level moves, whether they buy, and for how much."""
    rng = np.random.default_rng(8)
    moved = np.exp(doubt * rng.normal(size=size))
    zero = p_zero**moved
    level = mean * moved * (1 - p_zero) / (1 - zero)
    return np.where(rng.random(size) < zero, 0.0, level * rng.choice(errors, size))


@pytest.fixture(scope="module")
def errors() -> Floats:
    """What buyers spend beside what is expected: their mean is 1."""
    found = np.random.default_rng(6).gamma(1.5, 1.0, MEAN.size)
    return found / found.mean()


@pytest.fixture(scope="module")
def learned(errors: Floats) -> Scatter:
    return learn(MEAN, MEAN * errors)


@pytest.mark.parametrize("doubt", [0.0, 0.15, 0.6])
@pytest.mark.parametrize("p_zero", [0.02, 0.3, 0.65, 0.85, 0.97])
def test_quantiles_are_those_of_draws(learned: Scatter, errors: Floats, p_zero: float, doubt: float) -> None:
    found = spread(learned, np.array([p_zero]), np.array([90.0]), doubt=doubt)
    spend = drawn(p_zero, 90.0, doubt, errors)
    for share, value in zip(SHARES, found[:3], strict=True):
        assert (spend < value[0] - 1e-9).mean() - 0.015 <= share <= (spend <= value[0] + 1e-9).mean() + 0.015


@pytest.mark.parametrize("p_zero", [0.0, 0.02, 0.3, 0.65, 0.97])
def test_the_expected_error_is_that_of_draws(learned: Scatter, errors: Floats, p_zero: float) -> None:
    found = spread(learned, np.array([p_zero]), np.array([90.0]), doubt=0.0)
    spend = drawn(p_zero, 90.0, 0.0, errors) if p_zero else 90.0 * errors
    assert found.error[0] == pytest.approx(np.abs(spend - spend.mean()).mean(), rel=0.03)


def test_a_tenth_of_what_taught_lies_above_q90(errors: Floats, learned: Scatter) -> None:
    spend, sure = MEAN * errors, np.zeros(MEAN.size)
    found = spread(learned, sure, MEAN, doubt=0.0)
    assert (spend > found.q90).mean() == pytest.approx(0.1, abs=0.01)
    assert (spend < found.q10).mean() == pytest.approx(0.1, abs=0.01)
    assert (spend < found.median).mean() == pytest.approx(0.5, abs=0.01)


def test_each_level_has_an_interval_of_its_own() -> None:
    wide = np.where(np.median(MEAN) > MEAN, 1.5, 0.1)
    spend = MEAN * np.exp(wide * RNG.normal(0, 1, MEAN.size))
    found = spread(learn(MEAN, spend), np.zeros(2), np.quantile(MEAN, [0.1, 0.9]), doubt=0.0)
    low, high = found.q90 / found.q10
    assert low > 4 * high


def test_the_less_is_known_of_the_level_the_wider_the_interval(learned: Scatter) -> None:
    p_zero, mean = np.array([0.1, 0.4]), np.array([50.0, 90.0])
    widths = [
        found.q90 - found.q10 for found in (spread(learned, p_zero, mean, doubt=doubt) for doubt in (0.0, 0.3, 0.6))
    ]
    assert (widths[0] < widths[1]).all()
    assert (widths[1] < widths[2]).all()


@pytest.mark.parametrize("doubt", [0.0, 0.17, 1.0])
def test_quantiles_are_in_order_and_never_negative(learned: Scatter, doubt: float) -> None:
    p_zero = np.concatenate([RNG.random(3000), RNG.beta(0.05, 0.05, 3000)])
    mean = np.concatenate([[0.0, 1e-300, 1e12], np.exp(RNG.normal(4, 6, 5997))])
    found = spread(learned, p_zero, mean, doubt=doubt)
    assert np.isfinite(np.array(found)).all()
    assert (found.q10 >= 0).all()
    assert (found.q10 <= found.median).all()
    assert (found.median <= found.q90).all()


def test_a_customer_reads_the_same_alone_as_among_others(learned: Scatter) -> None:
    p_zero, mean = RNG.random(20), np.exp(RNG.normal(4, 2, 20))
    together = np.array(spread(learned, p_zero, mean, doubt=0.2))
    for i in (0, 7, 19):
        alone = spread(learned, p_zero[i : i + 1], mean[i : i + 1], doubt=0.2)
        np.testing.assert_array_equal(np.array(alone)[:, 0], together[:, i])


def test_who_is_likelier_to_buy_is_told_no_less(learned: Scatter) -> None:
    """At the same spend if they buy, and the level known."""
    found = spread(learned, np.linspace(1, 0, 500), np.full(500, 90.0), doubt=0.0)
    for column in (found.q10, found.median, found.q90):
        assert (np.diff(column) >= -1e-9).all()


@pytest.mark.parametrize(("p_zero", "zeros"), [(0.05, 0), (0.3, 1), (0.7, 2), (0.95, 3)])
def test_whoever_most_likely_buys_nothing_is_told_nothing(learned: Scatter, p_zero: float, zeros: int) -> None:
    found = spread(learned, np.array([p_zero]), np.array([50.0]), doubt=0.0)
    assert sum(float(column[0]) == 0 for column in found[:3]) == zeros


@pytest.mark.parametrize("buyers", [1, 2, 30])
def test_few_buyers_are_enough(buyers: int) -> None:
    scatter = learn(MEAN[:buyers], MEAN[:buyers] * 2)
    assert len(scatter.levels) == 1
    found = spread(scatter, np.full(3, 0.2), np.array([0.0, 5.0, 1e9]), doubt=0.3)
    assert np.isfinite(np.array(found)).all()


def test_the_level_of_the_teachers_does_not_matter(errors: Floats, learned: Scatter) -> None:
    other = learn(MEAN, 7 * MEAN * errors)
    np.testing.assert_allclose(np.array(other.distances), np.array(learned.distances), rtol=1e-9)


def test_what_was_learned_survives_being_kept(learned: Scatter) -> None:
    assert msgspec.json.decode(msgspec.json.encode(learned), type=Scatter) == learned
