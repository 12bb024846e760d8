"""Leaves a model alone that fails, so that the next rung answers at once, and finds out soon when it is well again.

Ours, because the common library holds its lock during a call, lets all callers probe at once, and goes by the wall
clock.
"""

import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Final, Literal, NamedTuple

from app.errors import ModelUnavailable
from app.schema import Frozen

State = Literal["closed", "open", "half-open"]

_LEAST_PROBE_S: Final = 2.0
_LEAST_HANG_S: Final = 3.0
_USUAL_PATIENCE: Final = 3.0
"""So many times what the slowest answer of late took is long: for a probe, so that a black hole costs its caller
little, and for calls in flight, so that new ones need not wait for the first deadline."""
_HANGS: Final = "several calls at once have no answer"
_FORGETS: Final = 0.8
"""How fast a slow answer is forgotten, a call."""


class BreakerState(Frozen):
    """How a model does, for people."""

    state: State = "closed"
    last_error: str | None = None
    """Of the last call that failed; it names no address and no key."""
    failures: int = 0
    """Failures in a row."""
    retry_in_s: float = 0.0
    """Until one call tries the model again."""


class Entry(NamedTuple):
    """Leave to ask the model once; whoever got it says how that ended."""

    seconds: float
    """How long the call may take."""
    number: int = 0
    probe: bool = False


class Breaker:
    """Open after one call that ran into its deadline, after `limit` failures in a row, or while `limit` calls hang.

    After a pause one call at a time tries the model; its answer closes the breaker.
    """

    def __init__(self, name: str, *, limit: int, pause_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`pause_s` lie between opening and a probe; `clock` counts seconds and never goes back."""
        self._name, self._limit, self._pause_s, self._clock = name, limit, pause_s, clock
        self._lock = threading.Lock()
        self._failed = self._unusable = 0
        self._slowest_s = 0.0
        self._last_error: str | None = None
        self._opened_at: float | None = None
        self._probing = False
        self._numbers = count()
        self._inside: dict[int, float] = {}

    def require_closed(self) -> None:
        """ModelUnavailable while the model is left alone; starts no probe."""
        with self._lock:
            self._refuse_if_open()

    def enter(self, seconds: float) -> Entry:
        """Leave for a call that has `seconds`; ModelUnavailable while open. Ends in `answered`, `failed` or `left`."""
        with self._lock:
            self._refuse_if_open()
            number = next(self._numbers)
            self._inside[number] = self._clock()
            if self._opened_at is None:
                return Entry(seconds, number)
            self._probing = True
            usual_s = max(_LEAST_PROBE_S, _USUAL_PATIENCE * self._slowest_s)
            return Entry(min(seconds, usual_s) if self._slowest_s else seconds, number, probe=True)

    def answered(self, entry: Entry, took_s: float) -> None:
        """The call came back with an answer, whatever is in it."""
        with self._lock:
            if self._opened_at is not None:
                self._unusable = min(self._unusable, self._limit - 1)
            self._end(entry)
            self._failed, self._opened_at = 0, None
            self._slowest_s = max(took_s, self._slowest_s * _FORGETS)

    def failed(self, entry: Entry, error: str, *, at_once: bool) -> None:
        """The call failed; `at_once` when one such failure is enough."""
        with self._lock:
            self._end(entry)
            self._failed, self._last_error = self._failed + 1, error
            if entry.probe or (self._opened_at is None and (at_once or self._failed >= self._limit)):
                self._opened_at = self._clock()

    def left(self, entry: Entry) -> None:
        """The call ended without a verdict on the model."""
        with self._lock:
            self._end(entry)

    def used(self) -> None:
        """An answer could be read."""
        with self._lock:
            self._unusable = 0

    def unusable(self, error: str) -> None:
        """An answer came, and could not be read."""
        with self._lock:
            self._unusable, self._last_error = self._unusable + 1, error
            if self._opened_at is None and self._unusable >= self._limit:
                self._opened_at = self._clock()

    def state(self) -> BreakerState:
        """How the model does now."""
        with self._lock:
            self._open_if_calls_hang()
            wait_s = self._wait_s()
            name: State = "closed" if self._opened_at is None else "open" if wait_s > 0 else "half-open"
            failures = max(self._failed, self._unusable)
            return BreakerState(state=name, last_error=self._last_error, failures=failures, retry_in_s=round(wait_s, 1))

    def _open_if_calls_hang(self) -> None:
        """Known to answer soon, and now several calls have waited for long: nobody else has to."""
        if self._opened_at is not None or not self._slowest_s:
            return
        long_ago = self._clock() - max(_LEAST_HANG_S, _USUAL_PATIENCE * self._slowest_s)
        if sum(since < long_ago for since in self._inside.values()) >= self._limit:
            self._opened_at, self._last_error = self._clock(), _HANGS

    def _end(self, entry: Entry) -> None:
        self._inside.pop(entry.number, None)
        if entry.probe:
            self._probing = False

    def _refuse_if_open(self) -> None:
        self._open_if_calls_hang()
        wait_s = self._wait_s()
        if wait_s > 0 or self._probing:
            when = f"in {wait_s:.0f} s" if wait_s >= 1 else "now"
            raise ModelUnavailable(
                f"{self._name} is left alone after failures ({self._last_error}), tried again {when}"
            )

    def _wait_s(self) -> float:
        return 0.0 if self._opened_at is None else max(0.0, self._opened_at + self._pause_s - self._clock())
