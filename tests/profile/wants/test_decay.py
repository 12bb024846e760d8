"""Half-lives that are known are found again; little data stays near what all share."""

import numpy as np
import pytest

from app.profile.wants.decay import (
    SPREAD,
    Cases,
    Touch,
    cases,
    grid,
    log_likelihood,
    per_topic,
    reciprocal_rank,
    shared,
)

GRID = grid(1, 512, per_doubling=4)


def shoppers(half_lives: dict[int, float], *, customers: int, days: int, seed: int) -> list[list[Touch]]:
    """Customers who choose among all topics by Luce's rule on weights that fade at these half-lives."""
    random = np.random.default_rng(seed)
    return [_shopper(half_lives, days, random) for _ in range(customers)]


def _shopper(half_lives: dict[int, float], days: int, random: np.random.Generator) -> list[Touch]:
    keys = list(half_lives)
    fade = np.exp2(-1 / np.array(list(half_lives.values())))
    touches, weight = [Touch(0.0, key, 1.0, True) for key in keys], np.ones(len(keys))
    for day in range(1, days):
        weight = weight * fade
        if random.random() < 0.3:
            i = int(random.choice(len(keys), p=weight / weight.sum()))
            touches.append(Touch(float(day), keys[i], 1.0, True))
            weight[i] += 1
    return touches


def test_the_half_life_that_all_share_is_found_again() -> None:
    for days in (8.0, 60.0):
        found = shared(cases(shoppers(dict.fromkeys(range(5), days), customers=200, days=150, seed=1), GRID))
        assert found.low < days < found.high
        assert found.high / found.low < 3


def test_each_topic_s_own_half_life_is_found_again() -> None:
    true = {0: 6.0, 1: 6.0, 2: 20.0, 3: 20.0, 4: 80.0}
    found = per_topic(cases(shoppers(true, customers=500, days=150, seed=2), GRID))
    for key, days in true.items():
        assert found[key].days == pytest.approx(days, rel=0.25), key
    assert found[0].high < found[2].low < found[2].high < found[4].low


def test_a_topic_with_few_cases_stays_near_the_shared_half_life() -> None:
    many = shoppers(dict.fromkeys(range(4), 20.0), customers=300, days=150, seed=3)
    few = [Touch(float(day), key, 1.0, True) for day, key in ((0, 9), (0, 1), (1, 9), (2, 1))]
    found = cases([*many, few], GRID)
    everybody, rare = shared(found), per_topic(found)[9]
    assert rare.n == 1
    assert rare.days == pytest.approx(everybody.days, rel=0.15)
    assert np.log(rare.high / rare.low) == pytest.approx(2 * 1.96 * SPREAD, rel=0.15)


def test_ranking_prefers_the_half_life_that_puts_the_choice_first() -> None:
    long_ago = [Touch(0.0, 1, 1.0, False), Touch(0.0, 1, 1.0, False), Touch(9.0, 2, 1.0, False)]
    recent = reciprocal_rank(cases([[*long_ago, Touch(10.0, 2, 1.0, True)]], GRID))
    old = reciprocal_rank(cases([[*long_ago, Touch(10.0, 1, 1.0, True)]], GRID))
    assert (recent[0], recent[-1]) == (1.0, 0.5)
    assert (old[0], old[-1]) == (0.5, 1.0)


def test_equal_weights_share_their_ranks() -> None:
    touches = [Touch(0.0, key, 1.0, False) for key in (1, 2, 3)] + [Touch(1.0, 2, 1.0, True)]
    assert reciprocal_rank(cases([touches], GRID)).tolist() == [0.5] * len(GRID)


def test_a_case_needs_a_choice_between_things_known_before() -> None:
    only_one = [Touch(0.0, 1, 1.0, True), Touch(5.0, 1, 1.0, True)]
    new_one = [Touch(0.0, 1, 1.0, True), Touch(0.0, 2, 1.0, True), Touch(5.0, 3, 1.0, True)]
    assert len(cases([only_one, new_one, []], GRID)) == 0


def test_what_happens_at_one_moment_does_not_explain_itself() -> None:
    before = [Touch(0.0, 1, 1.0, False), Touch(0.0, 2, 1.0, False)]
    found = cases([[*before, Touch(3.0, 1, 5.0, False), Touch(3.0, 1, 1.0, True)]], GRID)
    assert found.weight[0].tolist() == found.weight[1].tolist()


def test_what_was_chosen_once_is_no_option_any_more() -> None:
    touches = [Touch(0.0, key, 1.0, False) for key in (1, 2, 3)] + [Touch(day, 1, 1.0, True) for day in (1.0, 2.0)]
    assert len(cases([touches], GRID, once=True)) == 1
    assert len(cases([touches], GRID)) == 2


def test_weights_are_those_of_plain_decay() -> None:
    touches = [
        Touch(0.0, 1, 2.0, False),
        Touch(1.0, 2, 1.0, False),
        Touch(4.0, 1, -0.5, False),
        Touch(8.0, 1, 1.0, True),
    ]
    found: Cases = cases([touches], np.array([2.0, 4.0]))
    plain = [[2 * 2 ** (-8 / h) - 0.5 * 2 ** (-4 / h), 2 ** (-7 / h)] for h in (2.0, 4.0)]
    assert np.allclose(found.weight.T, plain)
    assert log_likelihood(found)[0] < log_likelihood(found)[1]
