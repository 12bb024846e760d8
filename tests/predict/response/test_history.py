"""What earlier sends say: only what was known at the moment of a send."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.predict.response.history import NAMES, history
from app.predict.response.sends import Sends, arrivals

WORTH = np.array([1.0, 3.0])


def some_sends(seed: int, n: int = 60) -> Sends:
    random = np.random.default_rng(seed)
    time = np.sort(random.integers(0, 40, n).astype(float))
    answered = random.random(n) < 0.5
    return Sends(
        customer=random.integers(0, 8, n),
        time=time,
        action=random.integers(0, 2, n),
        actions=("a", "b"),
        reward=answered * 1.0,
        rewarded_at=np.where(answered, time + random.integers(0, 20, n), np.nan),
    )


def column(columns: np.ndarray, name: str) -> np.ndarray:
    return columns[:, NAMES.index(name)]


@given(st.integers(0, 10_000))
def test_the_counts_are_those_of_a_plain_loop(seed: int) -> None:
    sends = some_sends(seed)
    past = history(sends, arrivals(sends, until=100.0), WORTH)
    for row in range(len(sends.time)):
        earlier = (sends.customer == sends.customer[row]) & (sends.time < sends.time[row])
        assert column(past.columns, "sends_before")[row] == earlier.sum()
        assert column(past.columns, "rewards_seen")[row] == (earlier & (sends.rewarded_at < sends.time[row])).sum()


@given(st.integers(0, 10_000), st.integers(1, 40))
def test_nothing_later_than_a_send_is_read(seed: int, moment: int) -> None:
    sends = some_sends(seed)
    learned = arrivals(sends, until=100.0)
    later = (sends.time >= moment) | (sends.rewarded_at >= moment)
    changed = sends._replace(
        rewarded_at=np.where(later & (sends.rewarded_at >= moment), 500.0, sends.rewarded_at),
        action=np.where(sends.time >= moment, 0, sends.action),
    )
    rows = sends.time <= moment
    one, other = history(sends, learned, WORTH), history(changed, learned, WORTH)
    np.testing.assert_array_equal(one.columns[rows], other.columns[rows])


def test_who_answered_more_than_was_to_be_expected_stands_out() -> None:
    n = 40
    time = np.tile(np.arange(4.0), n // 4) * 10
    customer = np.repeat(np.arange(n // 4), 4)
    answered = customer < 5
    order = np.argsort(time, kind="stable")
    sends = Sends(
        customer[order],
        time[order],
        np.zeros(n, int),
        ("a",),
        answered[order] * 1.0,
        np.where(answered, time + 1, np.nan)[order],
    )
    past = history(sends, arrivals(sends, until=100.0), np.array([1.0]))
    last = sends.time == 30
    excess = column(past.columns, "rewards_excess")[last]
    assert (excess[sends.customer[last] < 5] > 1).all()
    assert (excess[sends.customer[last] >= 5] < -1).all()
    np.testing.assert_allclose(past.excess[:, 0], column(past.columns, "rewards_excess"))
