"""Triggered reflection beside a server: in a thread of its own, a bounded number of customers a turn.

Taking events in and folding them never wait for it: it only reads what was folded, and writes a few events in one
short transaction. What it cannot do now (the database is busy or full) it leaves to `understory reflect`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Event, Thread

from app.access.schemas import Workspace
from app.errors import UnderstoryError
from app.pipeline import Pipeline
from app.profile.schemas import UpdateMode

AT_ONCE = 20
"""Customers of one workspace in one turn."""
PAUSE_S = 5.0
"""Seconds between turns: a visit is mostly over its first page by then, and one reflection sees more of it."""

Clock = Callable[[], datetime]


class Reflections:
    """Reflects upon customers whose profiles have moved enough since they were last reflected upon."""

    def __init__(self, pipeline: Pipeline, clock: Clock) -> None:
        """`clock` is the only one here."""
        self._pipeline, self._clock = pipeline, clock

    def turn(self) -> int:
        """Reflect upon the next few of every workspace; returns how many reflections were written."""
        return sum(self._turn(workspace) for workspace in self._pipeline.access.workspaces())

    def run(self, stopped: Event, *, pause_s: float = PAUSE_S) -> None:
        """Turn after turn until `stopped`; one that fails is followed by the next."""
        while not stopped.wait(pause_s):
            with suppress(UnderstoryError):
                self.turn()

    def _turn(self, workspace: Workspace) -> int:
        moved, made = self._pipeline.follower.moved, 0
        for customer_id in moved.take(workspace.workspace_id, limit=AT_ONCE):
            made += self._reflect(workspace, customer_id)
        if made:
            self._pipeline.catch_up(workspace)
        return made

    def _reflect(self, workspace: Workspace, customer_id: str) -> bool:
        try:
            found = self._pipeline.reflecting.reflect(
                workspace, customer_id, trigger=UpdateMode.TRIGGERED, now=self._clock()
            )
        except UnderstoryError:
            return False
        return found.event_id is not None


@contextmanager
def reflecting(pipeline: Pipeline, clock: Clock, *, pause_s: float = PAUSE_S) -> Iterator[Reflections]:
    """Reflect in the background as long as the block lasts; a turn that is under way is not waited for."""
    stopped, reflections = Event(), Reflections(pipeline, clock)
    Thread(target=reflections.run, args=(stopped,), kwargs={"pause_s": pause_s}, daemon=True).start()
    try:
        yield reflections
    finally:
        stopped.set()
