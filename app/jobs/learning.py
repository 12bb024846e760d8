"""Results enter the knowledge base by themselves, beside a server: whatever they are, and again when late events come.

It reads the log and writes a case now and then; where nothing was logged since its last turn it does nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Event, Thread

from app.access.schemas import Workspace
from app.errors import UnderstoryError
from app.pipeline import Pipeline

PAUSE_S = 600.0
"""Seconds between turns: a window closes once, and a refund an hour late is as good as one at once."""

Clock = Callable[[], datetime]


class Learning:
    """Learns from campaigns whose window has closed."""

    def __init__(self, pipeline: Pipeline, clock: Clock) -> None:
        """`clock` is the only one here."""
        self._pipeline, self._clock = pipeline, clock
        self._read: dict[str, int] = {}

    def turn(self) -> list[str]:
        """Learn what is due in every workspace; returns the campaigns that are new or were corrected."""
        return [campaign for workspace in self._pipeline.access.workspaces() for campaign in self._turn(workspace)]

    def run(self, stopped: Event, *, pause_s: float = PAUSE_S) -> None:
        """Turn after turn until `stopped`; one that fails is followed by the next."""
        while not stopped.wait(pause_s):
            with suppress(UnderstoryError):
                self.turn()

    def _turn(self, workspace: Workspace) -> list[str]:
        position = self._pipeline.log.position(workspace.workspace_id)
        if self._read.get(workspace.workspace_id) == position:
            return []
        found = self._pipeline.campaigns.measuring.learn_due(workspace, now=self._clock())
        self._read[workspace.workspace_id] = position
        return found


@contextmanager
def learning(pipeline: Pipeline, clock: Clock, *, pause_s: float = PAUSE_S) -> Iterator[Learning]:
    """Learn in the background as long as the block lasts; a turn that is under way is not waited for."""
    stopped, job = Event(), Learning(pipeline, clock)
    Thread(target=job.run, args=(stopped,), kwargs={"pause_s": pause_s}, daemon=True).start()
    try:
        yield job
    finally:
        stopped.set()
