import math

import pytest

from app.strategy.batch.comparing import compare
from app.strategy.batch.totals import Z90, Share, together
from app.strategy.power import power_of, sample_size


def test_shared_errors_add_up_and_do_not_average_out() -> None:
    shares = [Share("spring", 10, 10 - Z90, 10 + Z90)] * 100
    found = together(shares)
    assert (found.mean, found.high - found.mean) == (pytest.approx(1000), pytest.approx(100 * Z90))


def test_errors_of_different_campaigns_are_independent() -> None:
    found = together([Share("spring", 10, 10 - Z90, 10 + Z90)] * 3 + [Share("autumn", 5, 5 - Z90, 5 + Z90)] * 4)
    assert found.mean == pytest.approx(50)
    assert found.mean - found.low == pytest.approx(Z90 * math.hypot(3, 4))


def test_nothing_brings_nothing_surely() -> None:
    found = together([])
    assert (found.mean, found.low, found.high) == (0, 0, 0)


@pytest.mark.parametrize(("baseline", "effect"), [(0.1, 0.02), (0.4, 0.08), (0.9, 0.05)])
def test_the_sample_size_has_the_power_that_it_promises(baseline: float, effect: float) -> None:
    n = sample_size(baseline, effect)
    assert power_of(baseline, effect, n) >= 0.8 > power_of(baseline, effect, n - 1)


def test_unequal_groups_are_worth_their_harmonic_mean() -> None:
    found = compare(0.3, 0.2, given=900, held=100)
    assert found.effective == 180
    assert found.power == power_of(0.3, 0.06, 180)
    assert found.detectable is not None
    assert sample_size(0.3, found.detectable) <= 180


def test_without_a_group_to_compare_with_nothing_can_be_shown() -> None:
    found = compare(0.3, 0.2, given=900, held=0)
    assert (found.effective, found.power, found.detectable) == (0, 0.0, None)
