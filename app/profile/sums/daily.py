"""Counts per local day over a bounded stretch: cheap to add to, exact over any of its days."""

import struct
from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec

REACH_DAYS: Final = 180
"""Days that can be asked for, the newest one included."""
_EPOCH: Final = date(1970, 1, 1).toordinal()
_LAST: Final = 65_535
_DAY: Final = struct.Struct("<H")
_TOTAL: Final = struct.Struct("<I")


class Daily(msgspec.Struct, array_like=True, gc=False):
    """How often something happened, as a running total at the end of each day."""

    day: int = 0
    """The newest day, counted from 1970."""
    total: int = 0
    """All that was counted, the newest day included."""
    days: bytes = b""
    """The days before it with any, u16; one of them may be out of reach."""
    totals: bytes = b""
    """All that was counted at the end of each of them, u32."""


class Count(NamedTuple):
    """What happened within some days."""

    times: int
    days: int
    """Days with any."""


def add(daily: Daily, local_day: int) -> None:
    """Count once more on a local day (its ordinal), which is not before any other."""
    day = local_day - _EPOCH
    if day != daily.day and (day := _stored(day)) != daily.day:
        if daily.total:
            daily.days += _DAY.pack(daily.day)
            daily.totals += _TOTAL.pack(daily.total)
            _let_go(daily, day - REACH_DAYS)
        daily.day = day
    daily.total += 1


def within(daily: Daily, first: int, last: int) -> Count:
    """What was counted on the local days from first to last, both included and none of them out of reach."""
    return between(daily, (first, last + 1))[0]


def between(daily: Daily, borders: Sequence[int]) -> list[Count]:
    """What was counted from each of these ascending local days until the day before the next."""
    size = len(daily.days) // _DAY.size
    days = (*struct.unpack(f"<{size}H", daily.days), daily.day)
    totals = (0, *struct.unpack(f"<{size}I", daily.totals), daily.total)
    places = [bisect_left(days, border - _EPOCH) for border in borders]
    return [Count(totals[last] - totals[first], last - first) for first, last in pairwise(places)]


def since(daily: Daily, first: int) -> bool:
    """Whether anything happened on this local day or later."""
    return daily.day >= first - _EPOCH


def _let_go(daily: Daily, out_of_reach: int) -> None:
    """Forget days at or before this one but for the last, whose total says where the next one began."""
    gone, kept = 0, len(daily.days) // _DAY.size
    while gone + 1 < kept and _DAY.unpack_from(daily.days, (gone + 1) * _DAY.size)[0] <= out_of_reach:
        gone += 1
    if gone:
        daily.days, daily.totals = daily.days[gone * _DAY.size :], daily.totals[gone * _TOTAL.size :]


def _stored(day: int) -> int:
    return min(max(day, 0), _LAST)
