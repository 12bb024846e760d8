"""Past campaigns: read, bring in, decide on, take out. Running ones live under /v1/runs."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import AfterValidator, Field, ValidationError
from starlette.requests import Request

from app.access.schemas import Role
from app.api.answers import READ_PROBLEMS, Answer
from app.api.bodies import expect_media, read_body
from app.api.body_schema import takes
from app.api.deps import Body, Caller, Viewing, allowed, plain_text
from app.api.problems import documented
from app.api.strict_json import Json, loads
from app.errors import InvalidInput
from app.retrieval.knowledge.derived import detail_of
from app.retrieval.knowledge.faults import faults_of, schema_faults
from app.retrieval.knowledge.listing import CampaignRow, Wanted, found_among, row_of
from app.retrieval.knowledge.schemas import CaseDetail, CaseState, CaseVersion, Ruling, WantedRuling
from app.retrieval.knowledge_base import CaseFormat, written
from app.retrieval.schemas import Case, EvidenceKind, KnowledgeBaseReport, Objective
from app.schema import Frozen

MAX_IMPORT = 16 << 20
"""Bytes of one import, inflated."""
MAX_CASES = 5_000
"""Cases of one import."""
MAX_ROWS = 200
_SHOWN = 50
"""Faults that one answer names."""
_MEDIA: dict[CaseFormat, str] = {
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}

router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"])
Viewer = Annotated[Caller, Depends(allowed(Role.VIEWER))]
Editor = Annotated[Caller, Depends(allowed(Role.EDITOR))]
CampaignId = Annotated[str, Path(max_length=120), AfterValidator(plain_text)]
Words = Annotated[str, Query(max_length=100), AfterValidator(plain_text)]


class CampaignList(Frozen):
    """A page of past campaigns, the latest first."""

    total: int
    campaigns: tuple[CampaignRow, ...]
    status: Literal["ok", "no_past_outcomes"]
    """`no_past_outcomes` when the workspace has none at all: strategies then propose a first test with a holdout."""


class CampaignOut(Frozen):
    """One past campaign: as a row, as a case with what follows from its sums, and all its versions."""

    row: CampaignRow
    detail: CaseDetail
    versions: tuple[CaseVersion, ...]
    """Oldest first."""


class ImportWanted(Frozen):
    """Past campaigns with their outcomes. They wait until a person approves them."""

    cases: Annotated[tuple[Case, ...], Field(min_length=1, max_length=MAX_CASES)]


class ApprovalWanted(Frozen):
    """What a person decides on the newest version of a campaign."""

    ruling: Ruling
    by: Annotated[str, Field(pattern=r"\S", max_length=50)]
    """The person's name; the key is kept beside it."""
    version: Annotated[int, Field(ge=1)] | None = None
    """The version that was looked at: a newer one then refuses the decision (409)."""
    note: Annotated[str, Field(max_length=500)] = ""


async def large_json(request: Request) -> Json:
    """A body that may hold thousands of cases."""
    expect_media(request, "application/json")
    return loads(await read_body(request, limit=MAX_IMPORT))


@router.get("", responses=READ_PROBLEMS, dependencies=[Depends(allowed(Role.VIEWER))])
def campaigns(
    view: Viewing,
    state: Annotated[CaseState | None, Query(description="Where the newest version stands")] = None,
    objective: Objective | None = None,
    evidence_kind: EvidenceKind | None = None,
    search: Annotated[Words, Query(description="Part of an id, title, theme or topic, in either language")] = "",
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = 50,
) -> Answer[CampaignList]:
    """Past campaigns with what each arm measured and whether a person has approved them."""
    entries = view.pipeline.knowledge_base.entries(view.workspace.workspace_id)
    wanted = Wanted(state=state, objective=objective, evidence_kind=evidence_kind, search=search)
    found = list(found_among(entries, wanted, as_of=view.as_of))
    rows = tuple(row_of(one, view.lang) for one in found[offset : offset + limit])
    status: Literal["ok", "no_past_outcomes"] = "ok" if entries else "no_past_outcomes"
    return Answer(data=CampaignList(total=len(found), campaigns=rows, status=status), as_of=view.as_of)


@router.get(
    "/export",
    responses=READ_PROBLEMS | {200: {"content": {media: {} for media in _MEDIA.values()}}},
    response_class=Response,
)
def export(
    viewer: Viewer,
    form: Annotated[CaseFormat, Query(alias="format")] = "jsonl",
    approved: Annotated[bool, Query(description="Only what is approved, as it is retrieved")] = False,
) -> Response:
    """The workspace's campaigns as a file, the newest version of each."""
    known, name = viewer.pipeline.knowledge_base, viewer.workspace.workspace_id
    cases = known.cases(name) if approved else [entry.case for entry in known.entries(name)]
    disposition = {"Content-Disposition": f'attachment; filename="campaigns-{name}.{form}"'}
    return Response(written(cases, form), media_type=_MEDIA[form], headers=disposition)


@router.post("/import", responses=documented(401, 403, 413, 415, 422, 500), openapi_extra=takes(ImportWanted))
def import_campaigns(editor: Editor, body: Annotated[Json, Depends(large_json)]) -> Answer[KnowledgeBaseReport]:
    """Add campaigns, or new versions of them: all, or none when one is at fault. The same twice changes nothing."""
    cases = _cases(body)
    report = editor.pipeline.knowledge_base.import_cases(
        editor.workspace.workspace_id, cases, approved_by=None, by=f"key {editor.key_id}", now=editor.now
    )
    return Answer(data=report, as_of=editor.now)


@router.post(
    "/{campaign_id:path}/approval",
    responses=documented(401, 403, 404, 409, 422, 500),
    openapi_extra=takes(ApprovalWanted),
)
def approval(campaign_id: CampaignId, editor: Editor, body: Body) -> Answer[CaseVersion]:
    """Approve or reject the newest version of a campaign. Only approved ones are retrieved and cited."""
    try:
        wanted = ApprovalWanted.model_validate(body)
    except ValidationError as error:
        raise RequestValidationError([e | {"loc": ("body", *e["loc"])} for e in error.errors()]) from None
    known, name = editor.pipeline.knowledge_base, editor.workspace.workspace_id
    known.rule(
        name,
        [WantedRuling(campaign_id=campaign_id, version=wanted.version)],
        wanted.ruling,
        by=f"{wanted.by.strip()}, key {editor.key_id}",
        now=editor.now,
        note=wanted.note,
    )
    return Answer(data=known.entry(name, campaign_id).version, as_of=editor.now)


@router.get("/{campaign_id:path}", responses=READ_PROBLEMS, dependencies=[Depends(allowed(Role.VIEWER))])
def campaign(
    campaign_id: CampaignId,
    view: Viewing,
    version: Annotated[int | None, Query(ge=1, description="An earlier version; the newest when absent")] = None,
) -> Answer[CampaignOut]:
    """One campaign with lift and interval for each arm and segment, and the history of its versions."""
    known, name = view.pipeline.knowledge_base, view.workspace.workspace_id
    entry = known.entry_of(name, campaign_id, version) if version else known.entry(name, campaign_id)
    detail = detail_of(entry, as_of=view.as_of)
    shown = CampaignOut(row=row_of(detail, view.lang), detail=detail, versions=known.history(name, campaign_id))
    return Answer(data=shown, as_of=view.as_of)


def _cases(body: Json) -> list[Case]:
    posted = body.get("cases") if isinstance(body, dict) and body.keys() == {"cases"} else body
    if not isinstance(posted, list) or not 0 < len(posted) <= MAX_CASES:
        raise InvalidInput(f'the body must be {{"cases": [...]}} with 1 to {MAX_CASES} cases')
    cases: list[Case] = []
    faults: list[dict[str, Any]] = []
    for place, each in enumerate(posted):
        try:
            cases.append(Case.model_validate(each))
            found = faults_of(cases[-1])
        except ValidationError as error:
            found = list(schema_faults(error))
        faults += [{"loc": ("body", "cases", place, fault.field), "msg": fault.remedy} for fault in found]
    if faults:
        raise RequestValidationError(faults[:_SHOWN])
    return cases
