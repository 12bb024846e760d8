"""So many at once, so many waiting, and no more."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.errors import ModelUnavailable
from app.llm.turns import Turns


def test_who_does_not_fit_is_refused_at_once_and_the_others_get_their_turn() -> None:
    turns, inside, leave = Turns("m-1", 1, 1), threading.Event(), threading.Event()

    def hold() -> str:
        with turns.turn(10):
            inside.set()
            leave.wait(10)
        return "had a turn"

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(hold)
        assert inside.wait(10)
        second = pool.submit(hold)
        refused = _refusal(turns)
        leave.set()
        assert (first.result(), second.result()) == ("had a turn", "had a turn")
    assert "1 calls are in flight and 1 wait" in refused
    with turns.turn(0):
        pass


def test_who_waits_longer_than_there_is_time_is_refused_and_leaves_no_trace() -> None:
    turns = Turns("m-1", 1, 1)
    with turns.turn(1):
        for _ in range(3):
            with pytest.raises(ModelUnavailable, match="no turn came"), turns.turn(0.01):
                pass
    with turns.turn(0), pytest.raises(ModelUnavailable), turns.turn(0):
        pass


def _refusal(turns: Turns) -> str:
    """What is said once the queue is full, which the second caller makes it."""
    while True:
        try:
            with turns.turn(0.001):
                raise AssertionError("there was a turn")
        except ModelUnavailable as error:
            if "in flight" in str(error):
                return str(error)
