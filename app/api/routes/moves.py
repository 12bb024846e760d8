"""Who moved from one interest to another."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator

from app.access.schemas import Role
from app.api.answers import READ_PROBLEMS, Answer
from app.api.deps import Viewing, allowed, plain_text
from app.moves import MoveQuery
from app.profile.schemas import ShiftKind
from app.views import MoveList

router = APIRouter(
    prefix="/v1/shifts", tags=["customers"], dependencies=[Depends(allowed(Role.VIEWER))], responses=READ_PROBLEMS
)

MAX_ROWS = 1000
Topic = Annotated[str | None, Query(max_length=80), AfterValidator(lambda name: name and plain_text(name))]


@router.get("")
def moves(
    view: Viewing,
    from_topic: Annotated[Topic, Query(alias="from", description="Topic id, or its name in either language")] = None,
    to_topic: Annotated[Topic, Query(alias="to", description="Topic id, or its name in either language")] = None,
    kind: Annotated[ShiftKind | None, Query(description="Kind of change")] = None,
    within_days: Annotated[int, Query(ge=1, le=3660, description="Only changes that began so many days back")] = 30,
    limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = 50,
) -> Answer[MoveList]:
    """Customers whose interests changed, newest change first, each with its evidence, reason and confidence."""
    since = view.as_of - timedelta(days=within_days)
    wanted = MoveQuery(from_topic=from_topic, to_topic=to_topic, kind=kind, since=since)
    found = view.pipeline.moves.find(view.workspace, wanted, as_of=view.as_of, lang=view.lang, limit=limit)
    return Answer(data=found, as_of=view.as_of)
