import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.predict.intent import habits
from app.predict.intent.baskets import Baskets
from tests.factories_intent import DAY, a_shop


def test_tea_has_a_rhythm_of_thirty_days_and_books_have_none() -> None:
    baskets, _ = a_shop()
    found = habits.learn(baskets, DAY)
    tea, books = found.names.index("tea"), found.names.index("books")
    assert found.every[tea] == pytest.approx(30, abs=6)
    assert found.steadiness[tea] > 3 * found.steadiness[books]


def test_popularity_is_a_distribution_and_follows_the_times() -> None:
    rows = [(who, 10, "tea", 1) for who in range(20)] + [(who, 400, "toys", 1) for who in range(20)]
    who, day, category, amount = zip(*rows, strict=True)
    baskets = Baskets.from_columns(who, day, category, amount)
    then, now = habits.learn(baskets, 10), habits.learn(baskets, 400)
    assert then.popularity.sum() == pytest.approx(1)
    assert now.follows.sum(axis=1) == pytest.approx(np.ones(3))
    toys = now.names.index("toys")
    assert then.popularity[toys] < 0.1 < 0.9 < now.popularity[toys]


def test_habits_read_nothing_later() -> None:
    baskets, _ = a_shop()
    before, after = habits.learn(baskets.until(DAY - 90), DAY - 90), habits.learn(baskets, DAY - 90)
    assert np.array_equal(before.popularity, after.popularity)
    assert np.array_equal(before.follows, after.follows)
    assert np.array_equal(before.every, after.every)


def test_without_a_rhythm_nothing_is_ever_due() -> None:
    elapsed = np.array([0.0, 10, 100, 1000])
    assert habits.due(elapsed, np.full(4, 30.0), np.ones(4)) == pytest.approx(np.zeros(4), abs=1e-9)


@given(st.floats(0, 900), st.floats(1, 400), st.floats(1, 12))
def test_due_is_bounded_and_rises_until_twice_the_rhythm(elapsed: float, every: float, steadiness: float) -> None:
    at = np.array([elapsed, elapsed + 5])
    found = habits.due(at, np.full(2, every), np.full(2, steadiness))
    assert (np.abs(found) <= 3).all()
    assert found[1] >= found[0] - 1e-6


def test_own_gaps_outweigh_the_shops_the_more_of_them_there_are() -> None:
    few = habits.own_every(np.array([0]), np.array([60]), np.array([2]), np.array([20.0]))
    many = habits.own_every(np.array([0]), np.array([600]), np.array([11]), np.array([20.0]))
    assert 20 < few[0] < many[0] < 60
