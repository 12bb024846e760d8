from itertools import pairwise
from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from app.profile.rhythm import LEAST_VISITS, Rhythms, note, view
from app.profile.schemas import Rhythm
from tests.factories_seen import NO_CONTEXT, a_seen

NOON = 12
"""START is noon of a Thursday in Shanghai."""
THURSDAY = 3


def rhythm(*days: float, purchase_gaps: dict[int, int] | None = None) -> Rhythm:
    rhythms = Rhythms()
    for day in days:
        note(rhythms, a_seen("session", day, fresh=True), NO_CONTEXT)
        note(rhythms, a_seen("view", day + 0.01), NO_CONTEXT)
    return view(rhythms, purchase_gaps or {}, "Asia/Shanghai")


@given(st.lists(st.integers(0, 24 * 300), min_size=1, max_size=50))
def test_visits_are_counted_by_their_beginning_and_gaps_between_days(hours: list[int]) -> None:
    found = rhythm(*(hour / 24 for hour in sorted(hours)))
    assert sum(found.hours) == sum(found.weekdays) == len(hours)
    days = sorted({(hour + NOON) // 24 for hour in hours})
    gaps = [later - earlier for earlier, later in pairwise(days)]
    assert found.visit_gap_days == (float(median(gaps)) if gaps else None)


def test_the_usual_hour_lies_where_three_neighbouring_hours_hold_most() -> None:
    found = rhythm(*(day + hour / 24 for day, hour in enumerate([8, 9, 10, 9, 0, 0])))
    assert found.usual_hour == (NOON + 9) % 24


def test_round_midnight_hours_are_neighbours() -> None:
    found = rhythm(*(day + hour / 24 for day, hour in enumerate([11, 12, 12, 13, 5, 4])))
    assert found.usual_hour == 0


def test_the_usual_weekday_is_the_commonest() -> None:
    assert rhythm(0, 7, 14, 15, 21).usual_weekday == THURSDAY


def test_few_visits_make_no_habit() -> None:
    found = rhythm(*range(LEAST_VISITS - 1))
    assert (found.usual_hour, found.usual_weekday) == (None, None)
    assert rhythm(*range(LEAST_VISITS)).usual_hour == NOON


def test_the_purchase_gap_is_the_median_of_the_gaps_given() -> None:
    assert rhythm(0, purchase_gaps={10: 1, 30: 2}).purchase_gap_days == 30.0
    assert rhythm(0).purchase_gap_days is None
