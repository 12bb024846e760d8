from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.outliers import AT_LEAST, LEAST, beyond, bounds_of


def test_a_wide_price_range_is_usual_and_an_error_of_unit_is_not() -> None:
    prices = {round(100 * exp(step / 10)): 3 for step in range(30)}
    bounds = bounds_of(prices)
    assert bounds is not None
    assert beyond(prices, bounds) == 0
    assert beyond({**prices, 100 * 10**7: 2}, bounds) == 2


def test_of_customers_who_mostly_buy_one_those_who_buy_three_are_usual() -> None:
    bounds = bounds_of({1: 900, 2: 80, 3: 20, 500: 1})
    assert bounds is not None
    assert beyond({1: 900, 2: 80, 3: 20, 500: 1}, bounds) == 1
    assert bounds.high == pytest.approx(AT_LEAST)


def test_constant_values_have_bounds_around_them() -> None:
    assert bounds_of({1_000: 50}) == pytest.approx((200, 5_000))


def test_too_few_values_are_not_judged() -> None:
    assert bounds_of({10: LEAST - 1}) is None
    assert bounds_of({0: 1_000, -5: 3}) is None


@given(st.dictionaries(st.integers(1, 10**13), st.integers(1, 50), min_size=1, max_size=60))
def test_never_more_than_half_lies_beyond(counts: dict[int, int]) -> None:
    bounds = bounds_of(counts)
    if bounds:
        assert 2 * beyond(counts, bounds) <= sum(counts.values())
        assert log(bounds.low) < log(bounds.high)
