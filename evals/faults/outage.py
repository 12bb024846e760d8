"""One outage: the server fails in one way, readers go on asking, then it is well again."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from app.errors import ModelUnavailable
from evals.faults.readers import QUESTIONS, Heard, Readers
from evals.faults.server import FaultServer

PATIENCE_S: Final = 60.0
"""After this nobody waits any more for the breaker to open or to close."""
_GAP_S: Final = 0.05


class Outage(NamedTuple):
    """What readers saw of one outage."""

    fault: str
    at_once: int
    """Readers at the same time."""
    heard: tuple[Heard, ...]
    """Every answer during the outage."""
    opened_s: float
    """From the first fault until the model was left alone; PATIENCE_S when it never was."""
    while_open_s: float
    """How long the next story took."""
    recovered_s: float
    """From the server's being well until the model spoke again."""


def outage(readers: Readers, server: FaultServer, fault: str, *, at_once: int, lasts_s: float = 0.0) -> Outage:
    """Live through one outage, from well to well; it `lasts_s` longer than it takes to be noticed."""
    _wait_for_large(readers, server)
    server.behave(fault)
    opened_s, heard = _until_open(readers, at_once)
    heard += (while_open := [readers.ask(question) for question in QUESTIONS])
    with _traffic(readers, heard.append):
        time.sleep(lasts_s)
        server.behave("well")
        recovered_s = _seconds_until(lambda: any(one.rung == "large" for one in heard[-3:]), started=time.monotonic())
    return Outage(fault, at_once, tuple(heard), opened_s, while_open[0].seconds, recovered_s)


def _until_open(readers: Readers, at_once: int) -> tuple[float, list[Heard]]:
    """Ask until the model is left alone; the answers meanwhile."""
    heard: list[Heard] = []
    started = time.monotonic()
    asking = threading.Thread(target=lambda: heard.extend(_ask_on(readers, at_once, started)))
    asking.start()
    opened_s = _seconds_until(lambda: not _closed(readers), started=started)
    asking.join()
    return opened_s, heard


def _ask_on(readers: Readers, at_once: int, started: float) -> Iterator[Heard]:
    while _closed(readers) and time.monotonic() - started < PATIENCE_S:
        yield from readers.ask_together(at_once) if at_once > 1 else [readers.ask()]


def _closed(readers: Readers) -> bool:
    return all(state.state == "closed" for state in readers.app.pipeline.rungs.states())


@contextmanager
def _traffic(readers: Readers, note: Callable[[Heard], None]) -> Iterator[None]:
    """One reader after the other, until the block ends."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(_GAP_S):
            note(readers.ask())

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _seconds_until(true: Callable[[], bool], *, started: float) -> float:
    while not true():
        if time.monotonic() - started > PATIENCE_S:
            return PATIENCE_S
        time.sleep(0.01)
    return time.monotonic() - started


def _wait_for_large(readers: Readers, server: FaultServer) -> None:
    server.behave("well")
    ends = time.monotonic() + PATIENCE_S
    while readers.ask().rung != "large":
        if time.monotonic() > ends:
            raise ModelUnavailable("the server is well and yet its model was not heard; see --json of a single story")
