"""Take events in: durable before they are acknowledged, folded into profiles after."""

from typing import Any

import msgspec
from fastapi import APIRouter, BackgroundTasks, Depends

from app.access.schemas import Role
from app.api.answers import Answer
from app.api.deps import Body, Folder, Sender, allowed
from app.api.events_body import MAX_EVENTS, Batch, Receipt, read_batch, receipt
from app.api.problems import documented

router = APIRouter(tags=["events"], dependencies=[Depends(allowed(Role.INGEST))])


def _body_schema() -> dict[str, Any]:
    _refs, parts = msgspec.json.schema_components([Batch], ref_template="#/$defs/{name}")
    batch = {**parts["Batch"], "additionalProperties": False}
    batch["properties"]["events"] = {"type": "array", "minItems": 1, "maxItems": MAX_EVENTS, "items": parts["EventIn"]}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": batch}}}}


@router.post("/v1/events", responses=documented(401, 403, 413, 415, 422, 500), openapi_extra=_body_schema())
def post_events(sender: Sender, body: Body, after: BackgroundTasks, folding: Folder) -> Answer[Receipt]:
    """Log up to 500 events of one source in one transaction.

    When this answers, every accepted event survives a crash. Resending is safe: a known message is a duplicate.
    """
    batch = read_batch(body)
    intake = sender.pipeline.intake(sender.workspace, batch.source, now=sender.now)
    report = sender.pipeline.ingest(sender.workspace, batch.source, batch.records, now=sender.now, intake=intake)
    after.add_task(folding.follow, sender.workspace)
    return Answer(data=receipt(report, batch, intake), as_of=sender.now)
