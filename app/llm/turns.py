"""A bounded queue before a model: so many calls at once, so many waiting, and no more."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import ModelUnavailable


class Turns:
    """Hands out turns; who does not fit is refused at once, who waits too long when the time is up."""

    def __init__(self, name: str, at_once: int, waiting: int) -> None:
        """`at_once` calls of the model in flight, and `waiting` for their turn."""
        self._name, self._at_once, self._waiting = name, at_once, waiting
        self._places = threading.BoundedSemaphore(at_once + waiting)
        self._turns = threading.BoundedSemaphore(at_once)

    @contextmanager
    def turn(self, seconds: float) -> Iterator[None]:
        """Hold a turn, after `seconds` of waiting at most. ModelUnavailable when there is none."""
        if not self._places.acquire(blocking=False):
            raise ModelUnavailable(
                f"{self._name} is busy: {self._at_once} calls are in flight and {self._waiting} wait; "
                "raise calls_at_once or calls_waiting in UNDERSTORY_MODELS if its server can take more"
            )
        try:
            if not self._turns.acquire(timeout=max(0.0, seconds)):
                raise ModelUnavailable(f"{self._name} is busy: no turn came within {seconds:.1f} s")
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._places.release()
