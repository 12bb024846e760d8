"""Is the process there, and can it reach its database?"""

from time import perf_counter

from fastapi import APIRouter
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from app.api.deps import Parts
from app.api.problems import documented
from app.schema import Frozen

router = APIRouter(tags=["health"])


class Health(Frozen):
    """The process answers."""

    status: str = "ok"


class Readiness(Frozen):
    """The process can do its work."""

    status: str = "ready"
    database_ms: float
    """How long a trivial query took."""
    fold_lag: dict[str, int]
    """Workspace -> log positions that profiles are behind the log."""


@router.get("/healthz")
def healthz() -> Health:
    """Answer as long as the process lives."""
    return Health()


@router.get("/readyz", responses=documented(503))
def readyz(parts: Parts) -> Readiness:
    """Answer 200 when the database answers, 503 otherwise."""
    start = perf_counter()
    try:
        with parts.database.read() as connection:
            connection.execute(text("select 1"))
    except SQLAlchemyError:
        raise HTTPException(503, "the database does not answer") from None
    took = round((perf_counter() - start) * 1000, 3)
    lag = {shop.workspace_id: parts.pipeline.lag(shop) for shop in parts.pipeline.access.workspaces()}
    return Readiness(database_ms=took, fold_lag=lag)
