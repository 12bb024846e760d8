"""The product catalogue as a source: put a list of items, read what is known."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, BackgroundTasks, Depends, Query
from fastapi.exceptions import RequestValidationError

from app.access.schemas import Role
from app.api.answers import READ_PROBLEMS, Answer
from app.api.deps import Body, Folder, Sender, Viewing, allowed
from app.api.problems import documented
from app.api.strict_json import Json
from app.errors import InvalidInput
from app.events.schemas import Item
from app.events.sources.items import ItemIn, read_posted_items
from app.schema import Frozen

MAX_ITEMS = 2_000
"""Items of one call."""
_SHOWN = 50
"""Faults that one answer names."""

router = APIRouter(tags=["items"])


class ItemsReceipt(Frozen):
    """What became of a list; when it arrives, all of it is on disk."""

    items: int
    changed: int
    """New, or different from what was known."""


class ItemOut(Frozen):
    """One product as it stood at the moment of the answer. Amounts in minor units."""

    item_id: str
    title: str
    category_path: tuple[str, ...]
    brand: str | None
    price: int | None
    cost: int | None
    """Null when it is unknown: margins then rest on an assumption."""
    currency: str
    valid_from: datetime


class ItemList(Frozen):
    """A page of the catalogue, by item id."""

    items: tuple[ItemOut, ...]
    next: str | None
    """What to send as `after` for the next page; null on the last."""


ItemsAnswer = Answer[ItemList]


def _body_schema() -> dict[str, Any]:
    _, parts = msgspec.json.schema_components([ItemIn])
    several = {"type": "array", "minItems": 1, "maxItems": MAX_ITEMS, "items": parts["ItemIn"]}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": several}}}}


@router.put("/v1/items", responses=documented(401, 403, 413, 415, 422, 500), openapi_extra=_body_schema())
@router.post("/v1/items", responses=documented(401, 403, 413, 415, 422, 500), openapi_extra=_body_schema())
def put_items(sender: Sender, body: Body, after: BackgroundTasks, folding: Folder) -> Answer[ItemsReceipt]:
    """Add or replace up to 2,000 items: all of them, or none when one is at fault.

    An item with a later `valid_from` is a new version; with the same one it replaces what was there. One that holds
    only from a later time than now is refused.
    """
    posted = _listed(body)
    shop = sender.workspace
    read = read_posted_items(posted, currency=shop.currency, zone=shop.zone, now=sender.now)
    if read.faults:
        raise RequestValidationError([{"loc": ("body", f.place), "msg": f.reason} for f in read.faults[:_SHOWN]])
    changed = sender.pipeline.put_items(sender.workspace, read.items)
    after.add_task(folding.follow, sender.workspace)
    return Answer(data=ItemsReceipt(items=len(posted), changed=changed), as_of=sender.now)


@router.get("/v1/items", responses=READ_PROBLEMS, dependencies=[Depends(allowed(Role.VIEWER))])
def get_items(
    asked: Viewing,
    after: Annotated[str, Query(max_length=500, description="Item id behind which the page begins")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ItemsAnswer:
    """The catalogue as it stood at `as_of`."""
    found = asked.pipeline.items(asked.workspace, until=asked.as_of, after=after, limit=limit + 1)
    page = found[:limit]
    return ItemsAnswer(
        data=ItemList(items=tuple(map(_shown, page)), next=page[-1].item_id if len(found) > limit else None),
        as_of=asked.as_of,
    )


def _listed(body: Json) -> list[Json]:
    several = body.get("items") if isinstance(body, dict) and body.keys() == {"items"} else body
    if not isinstance(several, list) or not 0 < len(several) <= MAX_ITEMS:
        raise InvalidInput(f"the body must be a list of 1 to {MAX_ITEMS} items")
    return several


def _shown(item: Item) -> ItemOut:
    return ItemOut.model_validate({name: getattr(item, name) for name in ItemOut.model_fields})
