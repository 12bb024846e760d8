"""When a model is left alone, and when it is tried again."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.errors import ModelUnavailable
from app.llm.breaker import Breaker, Entry

FULL_S = 8.0


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("m-1", limit=3, pause_s=4.0, clock=clock)


def fail(breaker: Breaker, times: int = 1, *, slow: bool = False) -> None:
    for _ in range(times):
        breaker.failed(breaker.enter(FULL_S), "HTTP 500", at_once=slow)


def answer(breaker: Breaker, took_s: float = 0.5) -> None:
    breaker.answered(breaker.enter(FULL_S), took_s)
    breaker.used()


def test_quick_failures_in_a_row_open_it_and_the_reason_says_why(breaker: Breaker) -> None:
    fail(breaker, 2)
    assert breaker.state().state == "closed"
    fail(breaker)
    with pytest.raises(ModelUnavailable, match=r"m-1 is left alone after failures \(HTTP 500\), tried again in 4 s"):
        breaker.enter(FULL_S)
    with pytest.raises(ModelUnavailable):
        breaker.require_closed()
    assert breaker.state().model_dump() == {
        "state": "open", "last_error": "HTTP 500", "failures": 3, "retry_in_s": 4.0,
    }  # fmt: skip


def test_an_answer_between_failures_keeps_it_closed(breaker: Breaker) -> None:
    for _ in range(5):
        fail(breaker, 2)
        answer(breaker)
    assert breaker.state().state == "closed"


def test_one_call_that_ran_into_its_deadline_opens_it(breaker: Breaker) -> None:
    fail(breaker, slow=True)
    assert breaker.state().state == "open"


def test_after_the_pause_one_call_tries_and_the_others_are_refused_until_it_has_an_answer(
    breaker: Breaker, clock: Clock
) -> None:
    fail(breaker, slow=True)
    clock.now += 4
    assert breaker.state().state == "half-open"
    probe = breaker.enter(FULL_S)
    assert probe.probe
    for _ in range(3):
        with pytest.raises(ModelUnavailable):
            breaker.enter(FULL_S)
    breaker.answered(probe, 0.4)
    assert not breaker.enter(FULL_S).probe
    assert breaker.state().state == "closed"


def test_of_fifty_callers_at_once_one_is_the_probe(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, slow=True)
    clock.now += 4
    together = threading.Barrier(50)

    def call(_: int) -> Entry | None:
        together.wait()
        try:
            return breaker.enter(FULL_S)
        except ModelUnavailable:
            return None

    with ThreadPoolExecutor(50) as pool:
        entered = [entry for entry in pool.map(call, range(50)) if entry is not None]
    assert [entry.probe for entry in entered] == [True]


def test_a_probe_that_fails_starts_the_pause_anew(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 4
    fail(breaker)
    clock.now += 3.9
    assert breaker.state().state == "open"
    clock.now += 0.1
    answer(breaker)
    assert breaker.state().state == "closed"


def test_a_probe_without_a_verdict_lets_the_next_call_try(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 4
    breaker.left(breaker.enter(FULL_S))
    assert breaker.enter(FULL_S).probe


def test_calls_that_began_before_it_opened_neither_end_a_probe_nor_prolong_the_pause(
    breaker: Breaker, clock: Clock
) -> None:
    late, later = breaker.enter(FULL_S), breaker.enter(FULL_S)
    fail(breaker, 3)
    clock.now += 3
    breaker.failed(late, "HTTP 500", at_once=True)
    clock.now += 1
    probe = breaker.enter(FULL_S)
    breaker.failed(later, "HTTP 500", at_once=True)
    with pytest.raises(ModelUnavailable):
        breaker.enter(FULL_S)
    breaker.answered(probe, 0.1)
    assert breaker.state().state == "closed"


def test_a_probe_waits_for_a_few_times_what_answers_took_and_not_for_the_whole_deadline(
    breaker: Breaker, clock: Clock
) -> None:
    answer(breaker, took_s=1.0)
    fail(breaker, slow=True)
    clock.now += 4
    assert breaker.enter(FULL_S).seconds == 3.0


def test_without_any_answer_yet_a_probe_has_all_the_time_that_its_caller_has(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, slow=True)
    clock.now += 4
    assert breaker.enter(5.0).seconds == 5.0


def test_several_calls_that_hang_open_it_before_the_first_deadline_when_answers_used_to_be_quick(
    breaker: Breaker, clock: Clock
) -> None:
    answer(breaker, took_s=0.5)
    first, _, _ = (breaker.enter(FULL_S) for _ in range(3))
    clock.now += 3
    breaker.require_closed()
    clock.now += 0.1
    with pytest.raises(ModelUnavailable, match="several calls at once"):
        breaker.require_closed()
    breaker.answered(first, 3.2)
    breaker.require_closed()


def test_where_answers_take_long_calls_in_flight_say_nothing_yet(breaker: Breaker, clock: Clock) -> None:
    answer(breaker, took_s=2.5)
    for _ in range(9):
        breaker.enter(FULL_S)
    clock.now += 7
    breaker.require_closed()


def test_answers_that_cannot_be_read_open_it_although_calls_come_back(breaker: Breaker) -> None:
    for _ in range(3):
        breaker.answered(breaker.enter(FULL_S), 0.1)
        breaker.unusable("unusable answer")
    assert breaker.state().state == "open"


def test_after_unusable_answers_one_more_opens_it_again_and_a_usable_one_is_forgiven(
    breaker: Breaker, clock: Clock
) -> None:
    for _ in range(3):
        breaker.unusable("unusable answer")
    clock.now += 4
    breaker.answered(breaker.enter(FULL_S), 0.1)
    breaker.unusable("unusable answer")
    assert breaker.state().state == "open"
    clock.now += 4
    answer(breaker)
    breaker.unusable("unusable answer")
    assert breaker.state().state == "closed"
