"""Writes about a call that its caller waits for only briefly: a long import must not hold up an answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from app.errors import Busy, StorageFull

PATIENCE_S = 1.0
"""Seconds that a caller waits; the write goes on without it."""


class Aside:
    """Runs writes one after the other on a thread of its own, which exists from the first write on."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model-notes")

    def write(self, work: Callable[[], None]) -> None:
        """Have `work` done; normally it is when this returns. What the database does not take is left undone."""
        done = self._worker.submit(_undone_when_busy, work)
        wait([done], timeout=PATIENCE_S)
        if done.done():
            done.result()

    def close(self) -> None:
        """Wait for what is still to be written, and end the thread."""
        self._worker.shutdown()


def _undone_when_busy(work: Callable[[], None]) -> None:
    try:
        work()
    except (Busy, StorageFull):
        return
