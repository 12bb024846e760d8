"""Whom to reach today, and taking somebody off the queue."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Query
from pydantic import AfterValidator, Field, ValidationError

from app.access.schemas import Role
from app.acting import MAX_LINE
from app.api.answers import READ_PROBLEMS, Answer
from app.api.body_schema import takes
from app.api.deps import Body, Caller, CustomerRef, Folder, Viewing, allowed, plain_text
from app.api.problems import documented
from app.errors import InvalidInput
from app.events.timestamps import parse_as_of
from app.schema import Frozen
from app.strategy.acting.contacts import LONGEST_SNOOZE_DAYS
from app.strategy.acting.schemas import ActingStanding, Queue, TakenOff

router = APIRouter(prefix="/v1", tags=["queue"], responses=READ_PROBLEMS)

MAX_ROWS = 1000
MAX_TEAM = 80
Editor = Annotated[Caller, Depends(allowed(Role.EDITOR))]
TeamName = Annotated[str, Query(max_length=MAX_TEAM, description="As the policy names it"), AfterValidator(plain_text)]
Line = Annotated[str, Field(min_length=1, max_length=MAX_LINE)]


class Snooze(Frozen):
    """Not now, because."""

    days: Annotated[int, Field(ge=1, le=LONGEST_SNOOZE_DAYS)]
    """Off the queue for so long."""
    reason: Line
    """Kept in the log."""


@router.get("/queue", dependencies=[Depends(allowed(Role.VIEWER))])
def queue(
    view: Viewing,
    day: Annotated[date | None, Query(description="A day in the workspace's zone: its end")] = None,
    team: TeamName = "",
    waiting: Annotated[int, Query(ge=0, le=MAX_ROWS, description="Rows of those who wait")] = 100,
) -> Answer[Queue]:
    """Whom to reach on a day, the largest expected gain first, within each team's capacity; and who waits and why."""
    as_of = parse_as_of(day.isoformat(), view.workspace.zone) if day else view.as_of
    found = view.pipeline.acting.queue(view.workspace, as_of=as_of, lang=view.lang, team=team, most_waiting=waiting)
    return Answer(data=found, as_of=as_of)


@router.get("/customers/{customer_id}/acting", dependencies=[Depends(allowed(Role.VIEWER))])
def standing(customer_id: CustomerRef, view: Viewing) -> Answer[ActingStanding]:
    """Which level of contact pays for one customer, from which risk each would, and what stands in the way."""
    found = view.pipeline.acting.standing(view.workspace, customer_id, as_of=view.as_of, lang=view.lang)
    return Answer(data=found, as_of=view.as_of)


@router.post("/queue/{customer_id}/done", status_code=201, responses=documented(409))
def done(
    customer_id: CustomerRef, editor: Editor, after: BackgroundTasks, folding: Folder, team: TeamName = ""
) -> Answer[TakenOff]:
    """Note that somebody was contacted. 409 when they are not on the queue, or must not be contacted now."""
    pipeline, by = editor.pipeline, f"key {editor.key_id}"
    found = pipeline.acting.done(editor.workspace, customer_id, by=by, now=editor.now, team=team)
    after.add_task(folding.follow, editor.workspace)
    return Answer(data=found, as_of=editor.now)


@router.post("/queue/{customer_id}/snooze", status_code=201, responses=documented(409), openapi_extra=takes(Snooze))
def snooze(
    customer_id: CustomerRef, body: Body, editor: Editor, after: BackgroundTasks, folding: Folder, team: TeamName = ""
) -> Answer[TakenOff]:
    """Put somebody off for some days, because. 409 when they are not on the queue."""
    said, pipeline, by = _snooze(body), editor.pipeline, f"key {editor.key_id}"
    found = pipeline.acting.later(
        editor.workspace, customer_id, days=said.days, reason=said.reason, by=by, now=editor.now, team=team
    )
    after.add_task(folding.follow, editor.workspace)
    return Answer(data=found, as_of=editor.now)


def _snooze(body: object) -> Snooze:
    try:
        return Snooze.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise InvalidInput(f"{where}: {first['msg']}; send days and reason") from None
