from hypothesis import given
from hypothesis import strategies as st

from app.profile.signs.silences import LEAST_GAPS, LONGEST, Gaps, long_silence

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
