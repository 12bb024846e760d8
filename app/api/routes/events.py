"""Take events in: durable before they are acknowledged, folded into profiles after."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, BackgroundTasks, Depends, Query

from app.access.schemas import Role
from app.api.answers import Answer
from app.api.deps import Body, Folder, Sender, allowed
from app.api.events_body import MAX_EVENTS, Batch, Receipt, read_batch, receipt
from app.api.problems import documented

router = APIRouter(tags=["events"], dependencies=[Depends(allowed(Role.INGEST))])

Posted = Answer[Receipt]


def _body_schema() -> dict[str, Any]:
    _refs, parts = msgspec.json.schema_components([Batch], ref_template="#/$defs/{name}")
    batch = {**parts["Batch"], "additionalProperties": False}
    batch["properties"]["events"] = {"type": "array", "minItems": 1, "maxItems": MAX_EVENTS, "items": parts["EventIn"]}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": batch}}}}


@router.post("/v1/events", responses=documented(401, 403, 413, 415, 422, 500), openapi_extra=_body_schema())
def post_events(
    sender: Sender,
    body: Body,
    after: BackgroundTasks,
    folding: Folder,
    verdicts: Annotated[bool, Query(description="Also say what became of each event")] = False,
) -> Posted:
    """Log up to 500 events of one source in one transaction.

    When this answers, every accepted event survives a crash. Resending is safe: a known message is a duplicate.
    """
    batch = read_batch(body)
    taken = sender.pipeline.take(sender.workspace, batch.source, batch.records, now=sender.now)
    after.add_task(folding.follow, sender.workspace)
    return Posted(data=receipt(taken, batch, verdicts=verdicts), as_of=sender.now)
