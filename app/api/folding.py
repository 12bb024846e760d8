"""Folding after the acknowledgement: one run at a time, and no batch waits in a thread for another's."""

from threading import Lock

from app.access.schemas import Workspace
from app.pipeline import Pipeline


class Folding:
    """Bring profiles up to the log, workspace by workspace.

    What is asked for while a run is under way is done by that run. A failure loses nothing: the log has the events,
    and the next run, whoever asks for it, folds them.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        """Fold with `pipeline`."""
        self._pipeline = pipeline
        self._wanted: dict[str, Workspace] = {}
        self._running = Lock()

    def follow(self, workspace: Workspace) -> None:
        """Fold what this workspace's log has gained, here or in the run that is under way."""
        self._wanted[workspace.workspace_id] = workspace
        self._run()

    def follow_all(self) -> None:
        """Fold what every workspace's log has gained, as at a start: an earlier process may have left some."""
        self._wanted |= {workspace.workspace_id: workspace for workspace in self._pipeline.access.workspaces()}
        self._run()

    def _run(self) -> None:
        while self._wanted and self._running.acquire(blocking=False):
            try:
                while self._wanted:
                    self._fold(self._wanted.popitem()[1])
            finally:
                self._running.release()

    def _fold(self, workspace: Workspace) -> None:
        folded = False
        try:
            self._pipeline.catch_up(workspace)
            folded = True
        finally:
            if not folded:
                self._wanted.setdefault(workspace.workspace_id, workspace)
