"""A campaign's outcomes from a sending tool's report, sent as a file."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request

from app.access.schemas import Role
from app.api.answers import Answer
from app.api.bodies import expect_media, read_body
from app.api.deps import Caller, allowed
from app.api.problems import documented
from app.api.routes.knowledge import MAX_IMPORT, CampaignId, Words
from app.reporting import OutcomesTaken, Told, pairs_of

_ENDINGS = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/x-ndjson": ".jsonl",
    "application/vnd.apache.parquet": ".parquet",
}
_CONTENT = {media: {"schema": {"type": "string", "format": "binary"}} for media in _ENDINGS}
MAX_PAIRS = 50

router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"])
Pairs = Annotated[list[str] | None, Query(max_length=MAX_PAIRS)]


@router.post(
    "/{campaign_id:path}/outcomes",
    responses=documented(401, 403, 404, 413, 415, 422, 500),
    openapi_extra={"requestBody": {"required": True, "content": _CONTENT}},
)
async def post_outcomes(
    campaign_id: CampaignId,
    request: Request,
    editor: Annotated[Caller, Depends(allowed(Role.EDITOR))],
    mapped: Annotated[Pairs, Query(alias="map", description="COLUMN=FIELD, where a name says too little")] = None,
    arm: Annotated[Pairs, Query(description="NAME=ARM_ID, for an arm that the report calls otherwise")] = None,
    named: Annotated[Words, Query(description="What the report calls the campaign, if it holds several")] = "",
    unit: Annotated[Literal["major", "minor"], Query(description="Of amounts: yuan (major) or fen (minor)")] = "major",
) -> Answer[OutcomesTaken]:
    """Take outcomes from a report with a row for each recipient, or for each arm: all of it, or nothing.

    They are a new version of the campaign, which waits for an approval. A line that cannot be read is named.
    """
    expect_media(request, *_ENDINGS)
    media = request.headers["content-type"].partition(";")[0].strip().lower()
    content = await read_body(request, limit=MAX_IMPORT)
    told = Told(pairs_of(mapped, "map=COLUMN=FIELD"), pairs_of(arm, "arm=NAME=ARM_ID"), named, in_minor=unit == "minor")
    found = await run_in_threadpool(_take, editor, campaign_id, content, _ENDINGS[media], told)
    warnings = tuple(f"{warning.code}: {', '.join(warning.arms)}" for warning in found.warnings)
    return Answer(data=found, as_of=editor.now, warnings=warnings)


def _take(editor: Caller, campaign_id: str, content: bytes, ending: str, told: Told) -> OutcomesTaken:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"report{ending}"
        path.write_bytes(content)
        return editor.pipeline.reporting.take(
            editor.workspace, path, campaign_id, told, approved_by=None, by=f"key {editor.key_id}", now=editor.now
        )
