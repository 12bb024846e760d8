"""Is the process there, and can it reach its database?"""

from time import perf_counter
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from app.access.schemas import Role
from app.api.answers import READ_PROBLEMS, Answer
from app.api.deps import Caller, Now, Parts, allowed
from app.api.problems import documented
from app.llm.rungs import RungState
from app.schema import Frozen

router = APIRouter(tags=["health"])


class Health(Frozen):
    """The process answers."""

    status: str = "ok"


class FoldLag(Frozen):
    """How far profiles are behind the log."""

    events: int
    """Log positions that are not folded yet."""
    seconds: float
    """How long the oldest of them has waited; 0 when there is none."""


class Readiness(Frozen):
    """The process can do its work."""

    status: str = "ready"
    database_ms: float
    """How long a trivial query took."""
    fold_lag: FoldLag
    """Of all workspaces together; no key is asked for here, so none is named."""
    rungs: tuple[RungState, ...] = ()
    """The language models: a model that is left alone takes nothing from readiness, the rung below it answers."""


@router.get("/healthz")
async def healthz() -> Health:
    """Answer as long as the process lives, also when every worker thread waits for a model."""
    return Health()


@router.get("/readyz", responses=documented(503))
def readyz(parts: Parts, now: Now) -> Readiness:
    """Answer 200 when the database answers, 503 otherwise."""
    start = perf_counter()
    try:
        with parts.database.read() as connection:
            connection.execute(text("select 1"))
        took = round((perf_counter() - start) * 1000, 3)
        lag = parts.pipeline.follower.lag_of_all(now=now)
    except SQLAlchemyError:
        raise HTTPException(503, "the database does not answer") from None
    return Readiness(
        database_ms=took, fold_lag=FoldLag(events=lag.events, seconds=lag.seconds), rungs=parts.pipeline.rungs.states()
    )


@router.get("/v1/lag", responses=READ_PROBLEMS)
def own_lag(viewer: Annotated[Caller, Depends(allowed(Role.VIEWER))]) -> Answer[FoldLag]:
    """How far the profiles of the key's own workspace are behind its log."""
    lag = viewer.pipeline.lag(viewer.workspace, now=viewer.now)
    return Answer(data=FoldLag(events=lag.events, seconds=lag.seconds), as_of=viewer.now)
