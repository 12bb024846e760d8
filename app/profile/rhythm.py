"""Rhythm: at which hours and on which weekdays a customer comes, and how many days lie between."""

from collections.abc import Mapping
from itertools import repeat

import msgspec

from app.profile.schemas import Rhythm
from app.profile.seen import Context, Seen
from app.profile.sums.purchases import usual_gap

LEAST_VISITS = 5
"""Fewer visits than that make no habit."""

_HOURS, _WEEKDAYS = 24, 7


class Rhythms(msgspec.Struct, array_like=True, gc=False):
    """Counts of visit beginnings, and of gaps between local days with one."""

    grid: dict[int, int] = msgspec.field(default_factory=dict)
    """24 * weekday + hour -> visits that began then; at most 168 entries."""
    last_day: int = 0
    gaps: dict[int, int] = msgspec.field(default_factory=dict)
    """Days between days with a visit -> how often; k distinct gaps need a history of k^2 / 2 days."""


def note(rhythms: Rhythms, seen: Seen, context: Context) -> None:
    """Take in one event, in place."""
    if not seen.fresh:
        return
    slot = _HOURS * seen.local.weekday() + seen.local.hour
    rhythms.grid[slot] = rhythms.grid.get(slot, 0) + 1
    if rhythms.last_day and seen.day > rhythms.last_day:
        gap = seen.day - rhythms.last_day
        rhythms.gaps[gap] = rhythms.gaps.get(gap, 0) + 1
    rhythms.last_day = max(rhythms.last_day, seen.day)


def view(rhythms: Rhythms, purchase_gaps: Mapping[int, int], timezone: str) -> Rhythm:
    """The rhythm; `purchase_gaps` holds how often each gap between purchase days occurred."""
    slots = [*map(rhythms.grid.get, range(_HOURS * _WEEKDAYS), repeat(0))]
    hours = [sum(slots[hour::_HOURS]) for hour in range(_HOURS)]
    weekdays = [sum(slots[_HOURS * day : _HOURS * (day + 1)]) for day in range(_WEEKDAYS)]
    habitual = sum(hours) >= LEAST_VISITS
    return Rhythm(
        timezone=timezone,
        hours=tuple(hours),
        weekdays=tuple(weekdays),
        usual_hour=_usual_hour(hours) if habitual else None,
        usual_weekday=weekdays.index(max(weekdays)) if habitual else None,
        visit_gap_days=usual_gap(rhythms.gaps),
        purchase_gap_days=usual_gap(purchase_gaps),
    )


def _usual_hour(hours: list[int]) -> int:
    """The middle of the three neighbouring hours with most visits; among equals the fullest, then the earliest."""
    around = map(sum, zip(hours[-1:] + hours[:-1], hours, hours[1:] + hours[:1], strict=True))
    return -max(zip(around, hours, range(0, -_HOURS, -1), strict=True))[2]
