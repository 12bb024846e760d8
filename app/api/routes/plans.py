"""Plans for a segment under a budget: draft, look, confirm, export. Drafting and confirming need an editor's key."""

import io
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import AfterValidator, Field, ValidationError

from app.access.schemas import Role
from app.api.answers import Answer
from app.api.body_schema import takes
from app.api.deps import Body, Caller, Folder, Viewing, allowed, plain_text
from app.api.problems import documented
from app.errors import InvalidInput
from app.loop.campaigning import MAX_REASON
from app.schema import Frozen
from app.strategy.audiences.schemas import ExportFormat
from app.strategy.batch.schemas import Plan, PlanPage, PlanWish
from app.strategy.running.files import write_messages
from app.strategy.running.schemas import HandOut, RunView

router = APIRouter(prefix="/v1/plans", tags=["plans"], responses=documented(401, 403, 404, 409, 422, 500))

MAX_ROWS = 1000
MEDIA: dict[ExportFormat, str] = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
Viewer = Annotated[Caller, Depends(allowed(Role.VIEWER))]
Editor = Annotated[Caller, Depends(allowed(Role.EDITOR))]
PlanId = Annotated[str, Path(max_length=120), AfterValidator(plain_text)]
Rows = Annotated[int, Query(ge=0, le=MAX_ROWS, description="Customers to list, best first")]


class Confirmation(Frozen):
    """What is said when a plan is confirmed."""

    reason: Annotated[str, Field(max_length=MAX_REASON)] = ""


@router.post("", status_code=201, dependencies=[Depends(allowed(Role.EDITOR))], openapi_extra=takes(PlanWish))
def draft(body: Body, view: Viewing, rows: Rows = 50) -> Answer[PlanPage]:
    """Who of a segment would get what under a budget, what it should bring, and what comparing can show.

    Nothing is logged or sent; the draft is kept, to be confirmed.
    """
    found = view.pipeline.planning.draft(view.workspace, _wish(body), now=view.now, lang=view.lang, rows=rows)
    return Answer(data=found, as_of=found.plan.as_of)


@router.get("")
def newest(viewer: Viewer) -> Answer[tuple[Plan, ...]]:
    """The plans that are kept, newest first."""
    return Answer(data=tuple(viewer.pipeline.planning.newest(viewer.workspace)), as_of=viewer.now)


@router.get("/{plan_id}")
def show(plan_id: PlanId, viewer: Viewer, rows: Rows = 50) -> Answer[PlanPage]:
    """One plan, drafted or confirmed."""
    found = viewer.pipeline.planning.show(viewer.workspace, plan_id, rows=rows)
    return Answer(data=found, as_of=found.plan.as_of)


@router.post("/{plan_id}/confirmation", status_code=201, openapi_extra=takes(Confirmation))
def confirm(plan_id: PlanId, body: Body, editor: Editor, folding: Folder) -> Answer[RunView]:
    """Make a draft a campaign: everybody is drawn, and every choice is logged with its propensity."""
    try:
        said = Confirmation.model_validate(body)
    except ValidationError:
        raise InvalidInput("body: send reason, or {}") from None
    made = editor.pipeline.planning.confirm(
        editor.workspace, plan_id, by=f"key {editor.key_id}", now=editor.now, reason=said.reason
    )
    folding.follow(editor.workspace)
    return Answer(data=made, as_of=editor.now)


@router.post(
    "/{plan_id}/export",
    response_model=Answer[HandOut],
    responses={200: {"content": {media: {} for media in MEDIA.values()}}},
)
def export(
    plan_id: PlanId,
    editor: Editor,
    folding: Folder,
    kind: Annotated[ExportFormat | None, Query(alias="format", description="A file instead of one object")] = None,
) -> Answer[HandOut] | Response:
    """The messages of a confirmed plan that were not handed out yet, for those who may be written to now.

    Each is handed out once: keep what is answered.
    """
    out = io.BytesIO()

    def sink(handed: HandOut) -> None:
        if kind is not None:
            write_messages(out, kind, handed, editor.workspace.currency)

    handed = editor.pipeline.planning.export(editor.workspace, plan_id, sink, now=editor.now)
    folding.follow(editor.workspace)
    if kind is None:
        return Answer(data=handed, as_of=editor.now)
    named = {"Content-Disposition": f'attachment; filename="{handed.campaign_id}.{kind}"'}
    return Response(out.getvalue(), media_type=MEDIA[kind], headers=named)


def _wish(body: object) -> PlanWish:
    try:
        return PlanWish.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise InvalidInput(
            f"{where}: {first['msg']}; send segment and budget_minor, and if you like channels, limits, holdout_share "
            "and window_days"
        ) from None
