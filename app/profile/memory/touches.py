"""What was done to one item within a visit, packed small: a few numbers and the event that says most."""

from operator import itemgetter
from typing import Final

import msgspec

from app.events.schemas import Event, EventKind


class Did:
    """What was done to an item, as bits: the higher, the more it says."""

    VIEWED: Final = 1
    FROM_RECOMMENDATION: Final = 2
    HESITATED: Final = 4
    """Zoomed into its pictures, or lingered on them."""
    SHARED: Final = 8
    FAVOURITED: Final = 16
    CARTED: Final = 32
    TAKEN_OUT: Final = 64
    BOUGHT: Final = 128


Key = bytes
"""A packed event id."""


class Touch(msgspec.Struct, array_like=True, gc=False):
    """One item in one visit."""

    item: str = ""
    did: int = 0
    """Bits of `Did`."""
    views: int = 0
    dwell: int = 0
    """Seconds on its page, all views together."""
    zooms: int = 0
    quantity: int = 0
    paid: int = 0
    """Minor units of the lines that bought it."""
    key: Key = b""
    """The event that says most of it; small when the visit is over."""


DONE: Final[dict[str, int]] = {
    EventKind.VIEW.value: Did.VIEWED,
    EventKind.MEDIA.value: Did.HESITATED,
    EventKind.SHARE.value: Did.SHARED,
    EventKind.FAVOURITE.value: Did.FAVOURITED,
    EventKind.CART_ADD.value: Did.CARTED,
    EventKind.CART_REMOVE.value: Did.TAKEN_OUT,
    EventKind.ORDER.value: Did.BOUGHT,
}
"""Kinds that do something to an item, and what they do."""
LONGEST_DWELL: Final = 3600
"""Seconds: a page left open over night is no attention."""
_SOMETHING_ELSE: Final = ~Did.FROM_RECOMMENDATION
_VIEWED, _RECOMMENDED, _HESITATED = Did.VIEWED, Did.FROM_RECOMMENDATION, Did.HESITATED
_CARTED, _BOUGHT = Did.CARTED, Did.BOUGHT


def weight(touch: Touch) -> int:
    """How much it says: what was done, then how long it was looked at, then what was paid."""
    return (touch.did & _SOMETHING_ELSE) * 100_000 + min(touch.dwell, 9_999) * 10 + min(touch.paid // 1000, 9)


def touched(touch: Touch, event: Event, did: int) -> None:
    """Take in one act on the item, in place; `did` is what its kind does (`DONE`)."""
    if did == _VIEWED:
        touch.views += 1
        said = event.properties
        if "dwell_s" in said:
            touch.dwell += _whole(said["dwell_s"], 0, LONGEST_DWELL)
        if said.get("referrer") == "recommended":
            touch.did |= _RECOMMENDED
    elif did == _HESITATED:
        if event.properties.get("action") == "swipe":
            return
        touch.zooms += _whole(event.properties.get("count"), 1, 99)
    elif did == _BOUGHT:
        touch.quantity += _whole(event.properties.get("quantity"), 1, 1_000_000)
        touch.paid += event.money.amount_minor if event.money else 0
    elif did == _CARTED:
        touch.did &= ~Did.TAKEN_OUT
    if did >= touch.did & _SOMETHING_ELSE:
        touch.key = noted(event.event_id)
    touch.did |= did


def _whole(value: object, otherwise: int, most: int) -> int:
    """A count from a source, which may be missing or nonsense; at most `most`."""
    if (type(value) is int or type(value) is float) and 0 < value < 1e12:
        return int(value) if value < most else most
    return otherwise


_UUID_LENGTH: Final = 36
_GROUPS: Final = itemgetter(slice(0, 8), slice(8, 12), slice(12, 16), slice(16, 20), slice(20, 32))
_UUID_BYTES: Final = 16
_APART: Final = b"~" * _UUID_BYTES
"""Begins the key of an id that is no UUID, so that no such key has the length of one that is."""


def packed(event_id: str) -> Key:
    """An event id in 16 bytes where it is a UUID, as all ids that we make are."""
    if len(event_id) == _UUID_LENGTH and event_id.islower() and event_id[8:24:5] == "----":
        try:
            raw = bytes.fromhex(event_id.replace("-", ""))
        except ValueError:
            raw = b""
        if len(raw) == _UUID_BYTES:
            return raw
    return _APART + event_id.encode() if event_id else b""


def unpacked(key: Key) -> str:
    """The id that `packed` was given."""
    if len(key) != _UUID_BYTES:
        return key[_UUID_BYTES:].decode()
    return "-".join(_GROUPS(key.hex()))


def noted(event_id: str) -> Key:
    """A key at once, for one that another will soon replace; `kept` makes it small."""
    return _APART + event_id.encode()


def kept(key: Key) -> Key:
    """A key as `packed` makes it."""
    return packed(unpacked(key)) if len(key) == _UUID_BYTES + _UUID_LENGTH else key
