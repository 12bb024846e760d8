"""How long rewards take: what has not come yet is no refusal."""

import numpy as np
import pytest

from app.predict.response.sends import Sends, arrivals


def sends_of(times: list[float], delays: list[float], actions: list[int] | None = None) -> Sends:
    """One customer each; a delay of NaN is no answer."""
    time = np.array(times)
    return Sends(
        customer=np.arange(len(times)),
        time=time,
        action=np.array(actions or [0] * len(times)),
        actions=("a", "b"),
        reward=np.where(np.isnan(delays), 0.0, 2.0),
        rewarded_at=time + np.array(delays),
    )


def test_without_open_sends_the_chance_is_the_share_that_was_answered() -> None:
    found = arrivals(sends_of([0.0] * 4, [1.0, 3.0, np.nan, np.nan]), until=100.0)
    assert found.chance[0] == pytest.approx(0.5)
    assert found.share(np.zeros(4, int), np.array([0.5, 1.0, 2.9, 3.0])).tolist() == pytest.approx([0, 0.5, 0.5, 1])


def test_young_sends_do_not_lower_the_chance() -> None:
    """Half of the old sends were answered after five days; those of yesterday cannot have been."""
    old = sends_of([0.0] * 1000 + [99.5] * 1000, [5.0, np.nan] * 1000)
    assert arrivals(old, until=100.0).chance[0] == pytest.approx(0.5, abs=0.02)


def test_an_action_without_answers_has_nothing_to_wait_for() -> None:
    found = arrivals(sends_of([0.0, 0.0], [np.nan, 2.0], [0, 1]), until=10.0)
    assert found.chance.tolist() == [0.0, 1.0]
    assert found.share(np.array([0]), np.array([0.1])).tolist() == [1.0]


def test_sends_are_ripe_once_every_action_has_had_half_of_its_answers() -> None:
    sends = sends_of([0.0] * 200 + [90.0] * 200, ([1.0] * 50 + [30.0] * 50) * 4, ([0] * 50 + [1] * 50) * 4)
    found = arrivals(sends, until=100.0)
    assert found.oldest_open(sends, 100.0, 0.5) == pytest.approx(70.0)


def test_answers_after_the_moment_are_not_read() -> None:
    sends = sends_of([0.0] * 10, [5.0] * 5 + [50.0] * 5)
    later = sends._replace(rewarded_at=np.where(sends.rewarded_at > 20, 999.0, sends.rewarded_at))
    one, other = arrivals(sends, until=20.0), arrivals(later, until=20.0)
    assert one.chance.tolist() == other.chance.tolist()
