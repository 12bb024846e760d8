import random
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.profile.seen import Seen
from app.profile.signs.comparisons import standing
from app.profile.signs.course import Recorded, course
from app.profile.signs.days import Days, note
from app.profile.signs.measures import MEASURES
from tests.factories import SHANGHAI
from tests.factories_seen import NO_CONTEXT, a_seen, local_day, saying

EVER = 10**7


def a_life(seed: int, days: int = 200) -> list[Seen]:
    """Visits, searches and reviews of one customer, who cools down or does not."""
    dice = random.Random(seed)
    cools = dice.choice([60, 120, 500])
    life: list[Seen] = []
    for day in range(0, days, dice.choice([2, 5, 9])):
        cool = day > cools
        for page in range(dice.randint(1, 3 if cool else 7)):
            seconds = round(dice.lognormvariate(2.5 if cool else 3.5, 0.8), 1)
            life.append(a_seen("view", day + page / 1000, visit=day + 1, dwell_s=seconds))
        if dice.random() < 0.5:
            life.append(a_seen("search", day + 0.1, text=saying(broad=dice.random() < (0.7 if cool else 0.2))))
        if dice.random() < 0.2:
            life.append(
                a_seen("review", day + 0.2, text=saying(length=dice.randint(3, 120)), rating=dice.randint(1, 5))
            )
    return life


def noted(seen: list[Seen]) -> Days:
    days = Days()
    for one in seen:
        note(days, one, NO_CONTEXT)
    return days


def told(days: Days) -> dict[int, tuple[float, int]]:
    """measure -> (size, day on which it was raised) of what stands at the newest day."""
    return {
        MEASURES.index(one.measure): (
            one.size,
            datetime.fromtimestamp(one.raised_at, UTC).astimezone(SHANGHAI).toordinal(),
        )
        for one in standing(days)
    }


def newest(days: list[Days], before: int = EVER) -> list[dict[int, tuple[float, int]]]:
    """The same from the course of all."""
    found = course([Recorded(of, before) for of in days])
    told: list[dict[int, tuple[float, int]]] = [{} for _ in days]
    for who, measure, until, size, raised in zip(
        found.customer, found.measure, found.until, found.size, found.raised, strict=True
    ):
        if until > EVER:
            told[who][int(measure)] = (float(size), int(raised))
    return told


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=5))
def test_of_many_customers_at_once_is_told_what_is_told_of_each(seeds: list[int]) -> None:
    days = [noted(a_life(seed)) for seed in seeds]
    for together, alone in zip(newest(days), map(told, days), strict=True):
        assert together.keys() == alone.keys()
        for measure, (size, raised) in alone.items():
            assert together[measure] == (pytest.approx(size, rel=1e-9), raised)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.integers(30, 100))
def test_an_earlier_day_is_told_as_it_was_told_then(seed: int, day: int) -> None:
    life = a_life(seed, days=110)  # short enough that nothing is let go
    then = [one for one in life if one.day <= local_day(day)]
    assert newest([noted(life)], before=local_day(day) + 1) == [
        {measure: (pytest.approx(size, rel=1e-9), raised) for measure, (size, raised) in told(noted(then)).items()}
    ]


def test_somebody_stands_between_the_days_on_which_it_stood() -> None:
    found = course([Recorded(noted(a_life(3)), EVER), Recorded(Days(), EVER)])
    assert set(found.customer.tolist()) <= {0}
    assert (found.raised <= found.day).all()
    assert (found.day <= found.until).all()
