"""Folding after the acknowledgement: one run at a time, and no batch waits in a thread for another's."""

from threading import Lock

from app.access.schemas import Workspace
from app.pipeline import Pipeline


class Folding:
    """Bring profiles up to the log, workspace by workspace.

    What is asked for while a run is under way is done by that run. A failure loses nothing: the log has the events,
    and the next batch, or the next start, folds them.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        """Fold with `pipeline`."""
        self._pipeline = pipeline
        self._wanted: dict[str, Workspace] = {}
        self._running = Lock()

    def follow(self, workspace: Workspace) -> None:
        """Fold what this workspace's log has gained, here or in the run that is under way."""
        self._wanted[workspace.workspace_id] = workspace
        while self._wanted and self._running.acquire(blocking=False):
            try:
                while self._wanted:
                    self._pipeline.catch_up(self._wanted.popitem()[1])
            finally:
                self._running.release()
