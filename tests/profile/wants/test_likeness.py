import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.profile.wants.hidden import Journey, journeys, moved, read
from app.profile.wants.likeness import Likeness, fit, unlearned

TOPICS = ("books", "garden", "pets", "skincare", "travel")
DAY = 1440


def a_life(random: np.random.Generator, taste: int, *, turns_to: int | None = None, visits: int = 24) -> Journey:
    """A visit every four days, mostly about one topic; the last third about another one."""
    turn = visits * 2 // 3
    wanted = [turns_to if turns_to is not None and v >= turn else taste for v in range(visits)]
    topics = tuple(int(random.integers(5)) if random.random() < 0.15 else topic for topic in wanted)
    return Journey(topics, tuple(range(visits)), tuple(4 * DAY * v for v in range(visits)))


@pytest.fixture(scope="module")
def shop() -> Likeness:
    random = np.random.default_rng(5)
    lives = [a_life(random, n % 2, turns_to=4 if n % 3 == 0 else None) for n in range(90)]
    found = fit(lives, TOPICS)
    assert found is not None
    return found


def test_too_few_customers_are_compared_with_nobody() -> None:
    random = np.random.default_rng(1)
    assert fit([a_life(random, 0) for _ in range(10)], TOPICS) is None


def test_a_newcomer_is_taken_to_want_what_those_like_them_want(shop: Likeness) -> None:
    prior = shop.prior({"garden": 2.0})
    assert sum(prior.values()) == pytest.approx(1)
    assert max(prior, key=lambda topic: prior[topic]) == "garden"
    assert shop.segment({"garden": 2.0}).startswith("garden")


def test_nobody_known_is_taken_to_want_what_all_want(shop: Likeness) -> None:
    prior = shop.prior({})
    assert min(prior["books"], prior["garden"]) > max(prior["pets"], prior["skincare"])


def test_a_turn_that_others_took_is_read_as_a_phase(shop: Likeness) -> None:
    life = a_life(np.random.default_rng(9), 0, turns_to=4)
    _, found = shop.read(life)
    about_travel = shop.chain.topics.argmax(axis=1) == TOPICS.index("travel")
    assert found.smoothed[0, -1, about_travel].sum() > 0.8 > 0.2 > found.smoothed[0, 0, about_travel].sum()


def test_phases_that_nobody_goes_through_are_dropped(shop: Likeness) -> None:
    assert 1 < len(shop.chain.rate) < len(unlearned(len(TOPICS)).rate)
    assert shop.chain.moves.sum(axis=1) == pytest.approx(1)


def test_the_same_lives_give_the_same_likeness_whatever_was_asked_before() -> None:
    lives = [a_life(np.random.default_rng(n), n % 2) for n in range(40)]
    first, second = fit(lives, TOPICS), fit(lives, TOPICS)
    assert first is not None
    assert second is not None
    assert first.tastes.tobytes() == second.tastes.tobytes()


@pytest.mark.parametrize(("topics", "about"), [(1, 1), (5, 1), (30, 2)])
def test_lives_that_never_touch_most_topics_are_learned_from_all_the_same(topics: int, about: int) -> None:
    lives = [Journey((n % about,) * 4, (0, 1, 1, 2), (0, DAY, DAY, DAY)) for n in range(40)]
    found = fit(lives, [f"t{n}" for n in range(topics)])
    assert found is not None
    taste, reading = found.read(lives[0])
    assert taste.sum() == pytest.approx(1)
    assert np.isfinite(reading.smoothed).all()


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0, 90)), min_size=1, max_size=30))
def test_chances_are_chances(steps: list[tuple[int, float]]) -> None:
    minutes = np.cumsum([round(days * DAY) for _, days in steps])
    life = Journey(tuple(t for t, _ in steps), tuple(range(len(steps))), tuple(int(m) for m in minutes))
    of, chain = journeys([life]), unlearned(5)
    found = read(of, chain, np.full((1, 5), 0.2))
    moves = moved(found.filtered[0], found.smoothed[0], of.gap[0], chain)
    assert moves.min() >= 0
    assert moves.sum(axis=2)[1:] == pytest.approx(np.minimum(moves.sum(axis=2)[1:], found.smoothed[0, :-1]), abs=1e-4)
    assert moves.sum(axis=1)[1:] == pytest.approx(np.minimum(moves.sum(axis=1)[1:], found.smoothed[0, 1:]), abs=1e-4)
    assert found.filtered.sum(axis=2) == pytest.approx(np.ones((1, len(steps))), rel=1e-4)
    assert found.smoothed.sum(axis=2) == pytest.approx(np.ones((1, len(steps))), rel=1e-4)
    assert found.smoothed[0, -1] == pytest.approx(found.filtered[0, -1], rel=1e-4)


def test_a_journey_is_read_the_same_alone_and_among_others() -> None:
    random = np.random.default_rng(2)
    lives = [a_life(random, 0, visits=12), a_life(random, 1, visits=6)]
    taste, chain = np.full((2, 5), 0.2), unlearned(5)
    together, alone = read(journeys(lives), chain, taste), read(journeys(lives[1:]), chain, taste[:1])
    assert together.smoothed[1, :6] == pytest.approx(alone.smoothed[0], rel=1e-4)
