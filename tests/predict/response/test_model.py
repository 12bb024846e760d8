"""What each action brings with whom: learned where there is something to learn, the action's rate elsewhere."""

import numpy as np
import pytest

from app.predict.response.model import MIN_SENDS, expected, learn
from app.predict.response.sends import Sends


def sends_with(chance: np.ndarray, seed: int = 1, worth: tuple[float, float] = (1.0, 1.0)) -> tuple[Sends, np.ndarray]:
    """4,000 sends to as many customers; `chance[kind, action]` is the chance of an answer a day later."""
    random, n = np.random.default_rng(seed), 4000
    kind, action = random.integers(0, 2, n), random.integers(0, 2, n)
    answered = random.random(n) < chance[kind, action]
    time = np.sort(random.uniform(0, 100, n))
    reward = answered * np.array(worth)[action]
    return Sends(np.arange(n), time, action, ("a", "b"), reward, np.where(answered, time + 1, np.nan)), kind


def test_it_learns_which_action_suits_whom() -> None:
    sends, kind = sends_with(np.array([[0.6, 0.2], [0.2, 0.6]]))
    found, past = learn(sends, kind[:, None].astype(float), until=80.0)
    rows = np.flatnonzero(sends.time >= 80)
    best = expected(found, kind[:, None].astype(float), past, rows).argmax(axis=1)
    assert (best == kind[rows]).mean() > 0.98
    assert found.weight > 0


def test_the_expectation_is_chance_times_worth() -> None:
    sends, kind = sends_with(np.array([[0.5, 0.3], [0.5, 0.3]]), worth=(2.0, 10.0))
    found, past = learn(sends, np.zeros((len(kind), 0)), until=100.0)
    values = expected(found, np.zeros((len(kind), 0)), past, np.arange(100))
    assert values.mean(axis=0).tolist() == pytest.approx([1.0, 3.0], rel=0.1)


def test_where_customers_are_alike_the_trees_are_not_believed_much() -> None:
    sends, _ = sends_with(np.array([[0.5, 0.3], [0.5, 0.3]]))
    noise = np.random.default_rng(3).normal(size=(len(sends.time), 5))
    found, past = learn(sends, noise, until=100.0)
    values = expected(found, noise, past, np.arange(500))
    assert values.std(axis=0).max() < 0.05


def test_few_sends_give_everybody_the_same() -> None:
    sends, kind = sends_with(np.array([[0.9, 0.1], [0.1, 0.9]]))
    few = Sends(*(column[: MIN_SENDS - 1] if isinstance(column, np.ndarray) else column for column in sends))
    context = kind[: MIN_SENDS - 1, None].astype(float)
    found, past = learn(few, context, until=200.0)
    assert found.trees == ""
    assert np.ptp(expected(found, context, past, np.arange(10)), axis=0).max() < 1e-12


def test_the_same_sends_give_the_same_model() -> None:
    sends, kind = sends_with(np.array([[0.6, 0.2], [0.2, 0.6]]))
    context = kind[:, None].astype(float)
    one, other = learn(sends, context, until=90.0)[0], learn(sends, context, until=90.0)[0]
    assert one.trees == other.trees
    assert one.weight == other.weight
