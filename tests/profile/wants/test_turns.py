from itertools import pairwise

import numpy as np
import pytest

from app.profile.wants.hidden import Journey
from app.profile.wants.likeness import Likeness, fit
from app.profile.wants.turns import WITHIN, Change, changes
from app.profile.wants.wanted import course_of, courses_of
from app.profile.wants.wishes import Wishes, wish
from tests.factories import START

TOPICS = ("books", "garden", "pets", "skincare", "travel")
DAY = 1440
ORIGIN = int(START.timestamp()) // 60


def a_life(taste: int, turns_to: int, *, turn: int, visits: int = 24, every: int = 4) -> list[tuple[int, int]]:
    """(day, topic) of each visit."""
    return [(every * v, turns_to if v >= turn else taste) for v in range(visits)]


def packed(life: list[tuple[int, int]]) -> bytes:
    wishes = Wishes()
    for visit, (day, topic) in enumerate(life, start=1):
        wish(wishes, topic, START.fromtimestamp((ORIGIN + day * DAY) * 60, START.tzinfo), visit, b"")
    return wishes.rows


@pytest.fixture(scope="module")
def shop() -> Likeness:
    random = np.random.default_rng(3)
    lives = []
    for n in range(90):
        life = a_life(n % 2, 4 if n % 3 == 0 else n % 2, turn=int(random.integers(8, 18)))
        stray = [int(random.integers(5)) if random.random() < 0.15 else topic for _, topic in life]
        lives.append(Journey(tuple(stray), tuple(range(24)), tuple(day * DAY for day, _ in life)))
    found = fit(lives, TOPICS)
    assert found is not None
    return found


def told(shop: Likeness, life: list[tuple[int, int]]) -> list[Change]:
    return changes(course_of(TOPICS, packed(life), shop), shop, least=0.3)


def test_a_turn_lies_between_the_last_of_the_old_visits_and_the_first_of_the_new(shop: Likeness) -> None:
    (change,) = told(shop, a_life(0, 4, turn=14))
    assert (change.before, change.after) == ("books", "travel")
    assert 13 * 4 * DAY < change.minute - ORIGIN <= 14 * 4 * DAY
    assert (change.prior, change.began, change.ended) == (0, 14, 24)
    assert change.minute <= change.noticed
    assert change.chance > 0.9


def test_in_a_long_silence_the_turn_is_dated_to_its_middle_and_is_less_sure(shop: Likeness) -> None:
    life = [(day + 60 * (topic == 4), topic) for day, topic in a_life(0, 4, turn=14)]
    (change,) = told(shop, life)
    first, last = 13 * 4, 14 * 4 + 60
    assert (change.minute - ORIGIN) / DAY == pytest.approx((first + last) / 2, abs=1)
    assert change.chance == pytest.approx(2 * WITHIN / (last - first), abs=0.05)


def test_nobody_turned_who_stayed(shop: Likeness) -> None:
    assert told(shop, a_life(0, 0, turn=0)) == []
    assert told(shop, a_life(0, 0, turn=0, visits=1)) == []
    assert changes(course_of((), b"", shop), shop, least=0.3) == []


def test_one_story_is_told_of_the_same_days(shop: Likeness) -> None:
    """Whatever the visits were about; and each one ends no earlier than something has shown it."""
    random = np.random.default_rng(8)
    for _ in range(20):
        topics = random.integers(5, size=40)
        course = course_of(TOPICS, packed([(3 * n, int(t)) for n, t in enumerate(topics)]), shop)
        found = changes(course, shop, least=0.05)
        for a, b in pairwise(found):
            assert a.began < b.began
        for change in found:
            assert TOPICS.index(change.after) in topics[change.began : change.ended]
            assert change.prior < change.began < change.ended


def test_many_are_read_as_each_one_is(shop: Likeness) -> None:
    lives = [packed(a_life(n % 2, 4, turn=8 + n, visits=12 + n)) for n in range(6)]
    known = [(TOPICS, b""), *((TOPICS, rows) for rows in lives)]
    for course, (names, rows) in zip(courses_of(known, shop), known, strict=True):
        alone = course_of(names, rows, shop)
        assert course.smoothed == pytest.approx(alone.smoothed, abs=1e-4)
        assert [c[:7] for c in changes(course, shop, least=0.3)] == [c[:7] for c in changes(alone, shop, least=0.3)]
