import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.profile.signs.silences import LEAST_GAPS, LONGEST, Gaps, long_silence, long_silences

RAISED = 1.2


def gaps_of(days: list[int]) -> Gaps:
    return Gaps(len(days), sum(days), sum(day * day for day in days), max(days, default=0))


@given(st.lists(st.integers(1, 100), min_size=LEAST_GAPS, max_size=30), st.integers(0, 2_000))
def test_a_silence_becomes_long_on_one_day_and_stays_so(days: list[int], silent: int) -> None:
    found = long_silence(gaps_of(days), silent, raised=RAISED)
    always = long_silence(gaps_of(days), 10**6, raised=RAISED)
    assert always is not None
    assert (found is not None) == (silent >= always.after_days)
    assert always.after_days >= LONGEST * max(days)
    if found is not None:
        assert found.after_days == always.after_days
        assert found.size >= RAISED
        assert abs(found.usual - sum(days) / len(days)) < 1e-9


def test_few_gaps_are_no_habit() -> None:
    assert long_silence(gaps_of([3] * (LEAST_GAPS - 1)), 1_000, raised=RAISED) is None


def test_who_stays_away_as_long_as_before_is_not_silent() -> None:
    assert long_silence(gaps_of([5, 6, 30, 5]), 30, raised=RAISED) is None


@given(st.lists(st.lists(st.integers(1, 60), min_size=0, max_size=15), min_size=1, max_size=4))
def test_of_many_customers_at_once_the_same_silences_are_long(lives: list[list[int]]) -> None:
    days = [np.cumsum([100, *gaps]) for gaps in lives]
    customer = np.repeat(np.arange(len(days)), [len(of) for of in days])
    found = long_silences(customer, np.concatenate(days), raised=RAISED)
    expected = [gaps_of(gaps[:known]) for gaps in lives for known in range(len(gaps) + 1)]
    for place, gaps in enumerate(expected):
        alone = long_silence(gaps, 10**6, raised=RAISED)
        assert (found.gaps[place] > 0) == (alone is not None)
        if alone is not None:
            assert found.after_days[place] == alone.after_days
            assert found.usual[place] == pytest.approx(alone.usual)
            assert (10**6 - found.usual[place]) / found.error[place] == pytest.approx(alone.size)
