"""Which items a customer buys again: how often each of the last bought ones was, exactly or not at all."""

import zlib
from typing import Final

import msgspec

MOST_ITEMS: Final = 48
"""Items that are kept apart: those bought last."""
_FILTER_BITS: Final = 2048


class Ware(msgspec.Struct, array_like=True, gc=False):
    """One item that was bought."""

    orders: int
    """Distinct orders that contain it."""
    days: int
    """Local days on which it was bought."""
    last_day: int
    start: int
    """First line of the last such order, counted over all order lines; 0 where the order is not known."""
    line: int
    """The last line that bought it, counted likewise."""
    sure: bool
    """Both counts hold for all time."""


class Wares(msgspec.Struct, array_like=True, gc=False):
    """The items bought last, and a filter of those that were let go."""

    items: dict[str, Ware] = msgspec.field(default_factory=dict)
    """By item id, bought last last."""
    gone: bytes = b""
    """Bloom filter over the items that were let go; whatever it may hold is not counted for sure."""


def bought(wares: Wares, item_id: str, day: int, *, line: int, start: int) -> None:
    """Take in one order line, in place; `start` is the first line of its order, 0 where that is not known."""
    ware = wares.items.pop(item_id, None)
    if ware is None:
        wares.items[item_id] = Ware(1, 1, day, start, line, bool(start) and not _may_be_gone(wares, item_id))
        if len(wares.items) > MOST_ITEMS:
            _let_go(wares)
        return
    wares.items[item_id] = ware
    if start != ware.start:
        # An order that was there when the item was bought last, in another one, may have had it before that.
        ware.sure = ware.sure and start > ware.line
        ware.orders += 1
    ware.start, ware.line = start, line
    if ware.last_day != day:
        ware.days += 1
        ware.last_day = day


def _let_go(wares: Wares) -> None:
    item_id = next(iter(wares.items))
    del wares.items[item_id]
    bits = int.from_bytes(wares.gone, "little")
    for place in _places(item_id):
        bits |= 1 << place
    wares.gone = bits.to_bytes(_FILTER_BITS // 8, "little")


def _may_be_gone(wares: Wares, item_id: str) -> bool:
    gone = wares.gone
    return bool(gone) and all(gone[place >> 3] >> (place & 7) & 1 for place in _places(item_id))


def _places(item_id: str) -> tuple[int, int]:
    """Two bits of the filter."""
    mixed = zlib.crc32(item_id.encode())
    return mixed % _FILTER_BITS, (mixed >> 16) % _FILTER_BITS
