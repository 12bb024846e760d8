"""What visits were about: the last wishes, packed. A wish is the first touch of a topic within a visit.

A visit usually has one wish and sometimes strays to another; what follows on the same topic follows from the first.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from struct import Struct
from typing import Final, NamedTuple

import msgspec

from app.profile.memory.touches import Key

KEPT: Final = 96
"""Wishes that are remembered: about sixty visits. What is older lives on in the decayed weights."""
KEYS: Final = 40
"""Wishes whose events are remembered."""
CODES: Final = 256
"""Topics that can be told apart; further ones of one customer are not remembered as wishes."""
_MINUTE: Final = 60
_ROW: Final = Struct("<IBB")
_CODE: Final = 4
"""Where the topic stands in a row."""


class Wish(NamedTuple):
    """One topic of one visit."""

    minute: int
    """Minutes of UTC since 1970."""
    code: int
    """Place of the topic in the order in which the customer first touched topics."""
    visit: int
    """Number of the visit, modulo 256."""

    @property
    def at(self) -> datetime:
        """When it was first shown, to the minute."""
        return datetime.fromtimestamp(self.minute * _MINUTE, UTC)


_wish = partial(tuple.__new__, Wish)
"""`Wish._make` without the check of its length."""


class Wishes(msgspec.Struct, array_like=True, gc=False):
    """The last wishes, and those of the visit that goes on."""

    visit: int = 0
    here: list[int] = msgspec.field(default_factory=list)
    """Codes that the visit touched so far."""
    rows: bytes = b""
    keys: list[Key] = msgspec.field(default_factory=list)
    """Packed ids of the events behind the last rows, newest last."""
    total: int = 0
    """Wishes so far, those that are not remembered any more included."""


def wish(wishes: Wishes, code: int, at: datetime, visit: int, key: Key) -> None:
    """Take in the first touch of a topic within a visit, in place."""
    if code >= CODES:
        return
    if visit != wishes.visit:
        wishes.visit, wishes.here = visit, [code]
    else:
        wishes.here.append(code)
    wishes.total += 1
    row = _ROW.pack(max(int(at.timestamp()) // _MINUTE, 0), code, visit & 0xFF)
    wishes.rows = (wishes.rows + row)[-KEPT * _ROW.size :]
    wishes.keys.append(key)
    if len(wishes.keys) > KEYS:
        del wishes.keys[0]


def rows_of(packed: bytes) -> list[Wish]:
    """The wishes of a packed log, oldest first."""
    return [*map(_wish, _ROW.iter_unpack(packed))]


def keys_of(wishes: Wishes, code: int, since: int = 0, until: int | None = None) -> list[Key]:
    """Packed ids of the events behind the wishes for a topic from one place to another, newest last."""
    codes = codes_of(wishes.rows)
    first = len(codes) - len(wishes.keys)
    stop = len(codes) if until is None else until
    return [wishes.keys[i - first] for i in range(max(since, first), stop) if codes[i] == code]


def keys_by_code(wishes: Wishes) -> dict[int, list[Key]]:
    """Packed ids of the events behind all remembered wishes by topic, newest last."""
    found: dict[int, list[Key]] = {}
    for code, key in zip(codes_of(wishes.rows)[-len(wishes.keys) :], wishes.keys, strict=False):
        found.setdefault(code, []).append(key)
    return found


def codes_of(rows: bytes) -> bytes:
    """The topic of each wish of a packed log, oldest first."""
    return rows[_CODE :: _ROW.size]


def visits_of(rows: Sequence[Wish]) -> tuple[int, ...]:
    """[n] the visit of each wish, counted from 0."""
    number, found = -1, []
    for place, row in enumerate(rows):
        number += place == 0 or row.visit != rows[place - 1].visit
        found.append(number)
    return tuple(found)
