"""The steps from a typical customer to this one, without a browser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.console.why_panel import bars
from app.predict.schemas import Contribution, Explanation


def numbers(typical: int, amounts: list[int]) -> Explanation:
    shares = tuple(
        Contribution(group="often", factor=1.0, amount_minor=one, odds_factor=1.0, no_purchase_points=0.0)
        for one in amounts
    )
    value = typical + sum(amounts)
    return Explanation(
        horizon_days=90, currency="CNY", typical_value_minor=typical, value_minor=value, contributions=shares
    )


@given(st.integers(0, 10**9), st.lists(st.integers(-(10**9), 10**9), max_size=9))
def test_every_bar_lies_within_the_track(typical: int, amounts: list[int]) -> None:
    found = bars(numbers(typical, amounts))
    assert len(found) == len(amounts) + 2
    for bar in found:
        assert bar.left >= 0
        assert bar.width >= 0
        assert bar.left + bar.width <= 1 + 1e-9


def test_each_step_begins_where_the_last_one_ended() -> None:
    whole, up, down, value = bars(numbers(100, [300, -200]))
    assert (whole.left, whole.width, whole.tone) == (0, 0.25, "whole")
    assert (up.left, up.width, up.tone) == (0.25, 0.75, "up")
    assert (down.left, down.width, down.tone) == (0.5, 0.5, "down")
    assert (value.left, value.width) == (0, pytest.approx(0.5))
