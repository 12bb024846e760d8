"""What the first answer of a process waits for, made ready beside the start of a server: models and libraries."""

from contextlib import suppress
from datetime import datetime

from app.access.schemas import Workspace
from app.errors import UnderstoryError
from app.pipeline import Pipeline


def warm(pipeline: Pipeline, workspace: Workspace, *, now: datetime) -> None:
    """Work out the moment that people will ask about first. Nothing is kept but in memory, and no fault is raised."""
    from app.assistant import graph  # noqa: F401 - loading it takes seconds, which the first question would wait

    with suppress(UnderstoryError):
        moment = pipeline.clock(workspace, now=now)
        pipeline.customers(workspace, as_of=moment, limit=1)
        pipeline.audiences.matrix(workspace, as_of=moment)
