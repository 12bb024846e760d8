"""The product catalogue in the database: what an item is called, where it belongs, what it costs, from when."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Row, String, Table, Text, func, insert, select

from app.database.engine import metadata
from app.database.types import UtcTime
from app.events.schemas import Item
from app.events.timestamps import EARLIEST

_CHUNK = 500

items = Table(
    "items",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("item_id", String, primary_key=True),
    Column("valid_from", UtcTime, primary_key=True),
    Column("title", Text, nullable=False),
    Column("category_path", Text, nullable=False),
    Column("brand", String),
    Column("price", BigInteger),
    Column("cost", BigInteger),
    Column("currency", String, nullable=False),
)


class Changes(NamedTuple):
    """What a list of entries made of the catalogue."""

    entries: int
    """How many are new or different."""
    named: bool
    """Whether an item is new, or has another title or place in its newest version: those are what topics rest on."""
    priced_from: datetime | None
    """The earliest moment, of those that entries name, from which a price is another than was known; None for none."""


def put(connection: Connection, workspace_id: str, entries: Sequence[Item]) -> Changes:
    """Add or replace catalogue entries inside the caller's transaction."""
    known = _versions(connection, workspace_id, sorted({item.item_id for item in entries}))
    wanted = {(item.item_id, item.valid_from): item for item in entries}
    changed = [item for key, item in wanted.items() if known.get(key) != item]
    for item in changed:
        if (item.item_id, item.valid_from) in known:
            key = (items.c.workspace_id == workspace_id, items.c.item_id == item.item_id)
            connection.execute(items.delete().where(*key, items.c.valid_from == item.valid_from))
    if changed:
        connection.execute(insert(items), [_to_item_row(workspace_id, item) for item in changed])
    by_item: dict[str, list[Item]] = {}
    for (item_id, _), item in sorted(known.items()):
        by_item.setdefault(item_id, []).append(item)
    dated = [item for item in changed if item.valid_from > EARLIEST]
    priced = [i.valid_from for i in dated if i.price != _price(by_item.get(i.item_id, ()), i.valid_from)]
    return Changes(len(changed), _names(known) != _names(known | wanted), min(priced, default=None))


def find(connection: Connection, workspace_id: str, wanted: set[str], until: datetime) -> dict[str, Item]:
    """The wanted items as they stood at `until`, by id."""
    ids = sorted(wanted)
    found: dict[str, Item] = {}
    for start in range(0, len(ids), _CHUNK):
        rows = connection.execute(
            select(items)
            .where(items.c.workspace_id == workspace_id, items.c.item_id.in_(ids[start : start + _CHUNK]))
            .where(items.c.valid_from <= until)
            .order_by(items.c.valid_from)
        )
        for row in rows:
            older = found.get(row.item_id)
            past = () if older is None else (*older.earlier, (older.valid_from, older.price))
            found[row.item_id] = msgspec.structs.replace(_to_item(row), earlier=past)
    return found


def listed(connection: Connection, workspace_id: str, until: datetime, *, after: str, limit: int) -> list[Item]:
    """The items behind the id `after`, by id, each as it stood at `until`."""
    later = items.alias()
    newest = (
        select(func.max(later.c.valid_from))
        .where(later.c.workspace_id == workspace_id, later.c.item_id == items.c.item_id, later.c.valid_from <= until)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(items)
        .where(items.c.workspace_id == workspace_id, items.c.item_id > after, items.c.valid_from == newest)
        .order_by(items.c.item_id)
        .limit(limit)
    )
    return [_to_item(row) for row in rows]


def state(connection: Connection, workspace_id: str) -> tuple[int, int, int, datetime | None]:
    """What differs when entries were added or another price or cost was put: for readers that keep a digest of all."""
    sums = (func.coalesce(func.sum(column), 0) for column in (items.c.price, items.c.cost))
    newest = func.max(items.c.valid_from)
    found = select(func.count(), *sums, newest).where(items.c.workspace_id == workspace_id)
    count, prices, costs, at = connection.execute(found).one()
    return int(count), int(prices), int(costs), at


_Versions = dict[tuple[str, datetime], Item]


def _versions(connection: Connection, workspace_id: str, ids: Sequence[str]) -> _Versions:
    found: _Versions = {}
    for start in range(0, len(ids), _CHUNK):
        some = (items.c.workspace_id == workspace_id, items.c.item_id.in_(ids[start : start + _CHUNK]))
        rows = connection.execute(select(items).where(*some))
        found |= {(row.item_id, row.valid_from): _to_item(row) for row in rows}
    return found


def _price(versions: Iterable[Item], moment: datetime) -> int | None:
    """The price at a moment, from versions in order of time."""
    held = [item.price for item in versions if item.valid_from <= moment]
    return held[-1] if held else None


def _names(versions: _Versions) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Title and place of each item in its newest version."""
    return {
        item_id: (versions[item_id, at].title, versions[item_id, at].category_path) for item_id, at in sorted(versions)
    }


def _to_item_row(workspace_id: str, item: Item) -> dict[str, object]:
    row = msgspec.structs.asdict(item)
    return row | {"workspace_id": workspace_id, "category_path": msgspec.json.encode(item.category_path).decode()}


def _to_item(row: Row[Any]) -> Item:
    return Item(
        item_id=row.item_id,
        title=row.title,
        category_path=tuple(msgspec.json.decode(row.category_path)),
        brand=row.brand,
        price=row.price,
        cost=row.cost,
        currency=row.currency,
        valid_from=row.valid_from,
    )
