"""Catalogue entries as they are posted: a JSON list in, all of its items or all of its faults out. Pure."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from app.errors import InvalidInput
from app.events.intake import MAX_MINOR, MAX_NAME
from app.events.schemas import Item
from app.events.timestamps import EARLIEST, parse_moment


class ItemIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One product as it is posted. Amounts in minor units (fen, pence, cents)."""

    item_id: str
    title: str
    category_path: list[str] | str | None = None
    """`["a", "b"]`, `a > b` or `a/b`."""
    brand: str | None = None
    price: int | None = None
    cost: int | None = None
    currency: str | None = None
    """The workspace's when absent; no other is taken."""
    valid_from: str | int | float | None = None
    """From when this holds, not later than now; since ever when absent."""


class ItemFault(NamedTuple):
    """What is wrong with one item of the list; 0 is the first."""

    place: int
    reason: str


class ReadItems(NamedTuple):
    """The items of a list, and what was wrong with the others."""

    items: tuple[Item, ...]
    faults: tuple[ItemFault, ...]


def read_posted_items(raw: Sequence[Any], *, currency: str, zone: ZoneInfo, now: datetime) -> ReadItems:
    """Read every item, so that one answer names every fault."""
    items: list[Item] = []
    faults: list[ItemFault] = []
    seen: dict[tuple[str, datetime], int] = {}
    for index, values in enumerate(raw):
        try:
            item = _item(values, currency, zone, now)
            if (first := seen.setdefault((item.item_id, item.valid_from), index)) != index:
                raise InvalidInput(f"item_id: the same item and valid_from as item {first}")
            items.append(item)
        except (InvalidInput, msgspec.ValidationError) as error:
            faults.append(ItemFault(index, str(error)))
    return ReadItems(tuple(items), tuple(faults))


def category_path(text: str) -> tuple[str, ...]:
    """`a > b > c` or `a/b/c` as a path."""
    return tuple(part.strip() for part in re.split(r"[>/]", text) if part.strip())


def plausible_start(moment: datetime, *, now: datetime) -> datetime:
    """The moment itself; InvalidInput when no catalogue entry can begin then.

    One that begins later is refused: profiles are folded with what the catalogue holds, not with what it will hold.
    """
    if moment < EARLIEST:
        raise InvalidInput(f"valid_from out of range: {moment.isoformat()} (use {EARLIEST.year} or later)")
    if moment > now:
        raise InvalidInput(f"valid_from lies in the future: {moment.isoformat()}; send this entry once it holds")
    return moment


def _item(values: Any, currency: str, zone: ZoneInfo, now: datetime) -> Item:
    posted = msgspec.convert(values, ItemIn)
    since = EARLIEST
    if posted.valid_from is not None:
        since = plausible_start(parse_moment(posted.valid_from, zone=zone), now=now)
    if (posted.currency or currency) != currency:
        raise InvalidInput(f"currency: this workspace keeps {currency}")
    path = posted.category_path or ()
    return Item(
        item_id=_name(posted.item_id, "item_id"),
        title=_name(posted.title, "title"),
        category_path=category_path(path) if isinstance(path, str) else tuple(_name(p, "category_path") for p in path),
        brand=_name(posted.brand, "brand") if posted.brand else None,
        price=_amount(posted.price, "price"),
        cost=_amount(posted.cost, "cost"),
        currency=currency,
        valid_from=since,
    )


def _name(text: str, field: str) -> str:
    if not text.strip() or len(text) > MAX_NAME or not text.isprintable():
        raise InvalidInput(f"{field}: use 1 to {MAX_NAME} printable characters")
    return text.strip()


def _amount(minor: int | None, field: str) -> int | None:
    if minor is not None and not 0 <= minor <= MAX_MINOR:
        raise InvalidInput(f"{field}: use 0 to {MAX_MINOR} minor units")
    return minor
