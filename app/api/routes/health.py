"""Is the process there, and can it reach its database?"""

from time import perf_counter

from fastapi import APIRouter
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from app.api.deps import Now, Parts
from app.api.problems import documented
from app.schema import Frozen

router = APIRouter(tags=["health"])


class Health(Frozen):
    """The process answers."""

    status: str = "ok"


class FoldLag(Frozen):
    """How far a workspace's profiles are behind its log."""

    events: int
    """Log positions that are not folded yet."""
    seconds: float
    """How long the oldest of them has waited; 0 when there is none."""


class Readiness(Frozen):
    """The process can do its work."""

    status: str = "ready"
    database_ms: float
    """How long a trivial query took."""
    fold_lag: dict[str, FoldLag]
    """Workspace -> how far its profiles are behind its log."""


@router.get("/healthz")
def healthz() -> Health:
    """Answer as long as the process lives."""
    return Health()


@router.get("/readyz", responses=documented(503))
def readyz(parts: Parts, now: Now) -> Readiness:
    """Answer 200 when the database answers, 503 otherwise."""
    start = perf_counter()
    try:
        with parts.database.read() as connection:
            connection.execute(text("select 1"))
    except SQLAlchemyError:
        raise HTTPException(503, "the database does not answer") from None
    took = round((perf_counter() - start) * 1000, 3)
    shops = parts.pipeline.access.workspaces()
    lags = {shop.workspace_id: parts.pipeline.lag(shop, now=now) for shop in shops}
    return Readiness(
        database_ms=took, fold_lag={name: FoldLag(events=lag.events, seconds=lag.seconds) for name, lag in lags.items()}
    )
