from datetime import date

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from app.profile.sums.daily import REACH_DAYS, Count, Daily, add, within

TODAY = date(2026, 3, 1).toordinal()


def counted(days: list[int]) -> Daily:
    daily = Daily()
    for day in days:
        add(daily, day)
    return daily


@given(
    st.lists(st.integers(0, 700), max_size=120).map(sorted),
    st.integers(0, REACH_DAYS - 1),
    st.integers(0, REACH_DAYS - 1),
    st.integers(0, 30),
)
def test_any_stretch_within_reach_is_counted_exactly(ages: list[int], start: int, end: int, later: int) -> None:
    days = [TODAY + age for age in ages]
    today = (days[-1] if days else TODAY) + later
    first, last = today - max(start, end), today - min(start, end)
    inside = [day for day in days if first <= day <= last]
    assert within(counted(days), first, last) == Count(len(inside), len(set(inside)))


def test_a_count_does_not_grow_with_the_history() -> None:
    sizes = [len(msgspec.msgpack.encode(counted([TODAY + n for n in range(days)]))) for days in (400, 4000)]
    assert sizes[1] <= sizes[0] + 8


def test_days_before_the_count_of_days_began_break_nothing() -> None:
    assert within(counted([date(1899, 1, 1).toordinal(), TODAY]), TODAY, TODAY) == Count(1, 1)
