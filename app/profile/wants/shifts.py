"""Changes of what a customer wants: noticed in the fold from own visits alone, told in the light of others'.

The fold splits the wishes since the last change in two (splits.py), at most once a visit and only when one topic has
come up often lately. A change is accepted above a threshold and only a further one undoes it: noise does not flap.
Where the tastes and phases of other customers are known (likeness.py), they date and name the changes of the remembered
visits better (turns.py).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from math import exp
from typing import Final

import msgspec

from app.profile.memory.touches import Key, unpacked
from app.profile.schemas import InterestShift, ShiftKind
from app.profile.seen import Context, Seen
from app.profile.wants.interests import Interests
from app.profile.wants.likeness import Likeness
from app.profile.wants.risings import FEWEST, KEYS, emerging, faded, reason_of
from app.profile.wants.splits import Counts, best_split, counts_of, most
from app.profile.wants.turns import Change, changes
from app.profile.wants.wanted import Course, course_of, courses_of
from app.profile.wants.wishes import Wish, keys_of, rows_of
from app.text.taxonomy import Taxonomy

NOTICED: Final = 3.0
"""Log odds from which a change is believed: twenty to one."""
LEAST_CHANCE: Final = 0.3
"""Chance from which a change is told in the light of others: of just these topics, near that date (turns.py)."""
KEPT: Final = 8
"""Changes that are remembered."""
TOLD: Final = 24
"""Changes of all kinds that are told at a moment: more than a year of remembered visits shows."""
_SPAN: Final = 64
"""Wishes that are compared."""


class Found(msgspec.Struct, array_like=True, gc=False):
    """A change that was noticed. Minutes are of UTC since 1970."""

    before: str
    after: str
    kind: str
    since: int
    noticed_at: int
    odds: float
    counts: Counts
    keys: list[Key]


class Shifts(msgspec.Struct, array_like=True, gc=False):
    """The last changes, and what is needed to see the next one."""

    found: list[Found] = msgspec.field(default_factory=list)
    wishes: int = 0
    """Wishes seen so far ..."""
    since: int = 0
    """... and those of them that lie before the last change."""
    visit: int = 0
    """The visit that was looked at last."""


def note(shifts: Shifts, interests: Interests, seen: Seen, context: Context) -> Found | None:
    """Take in one wish after the interests did, in place; looks for a change at most once a visit and returns it."""
    shifts.wishes = interests.wishes.total
    if seen.visit == shifts.visit:
        return None
    shifts.visit = seen.visit
    return _look(shifts, interests, seen, context)


def _look(shifts: Shifts, interests: Interests, seen: Seen, context: Context) -> Found | None:
    kept = interests.wishes.rows
    codes = kept[4::6][-min(_SPAN, shifts.wishes - shifts.since) :]
    if not _worth_it(codes):
        return None
    rows = rows_of(kept)[-len(codes) :]
    split = best_split(rows, len(context.taxonomy.topics))
    if split is None or split.odds < NOTICED:
        return None
    before, after = most(rows[: split.place]), most(rows[split.place :])
    if before == after or sum(row.code == after for row in rows[split.place :]) < FEWEST:
        return None
    names, first = list(interests.topics), len(kept) // 6 - len(rows)
    season = context.taxonomy.in_season(names[after], rows[split.place].at.month)
    found = Found(
        before=names[before],
        after=names[after],
        kind=(ShiftKind.SEASONAL if season else ShiftKind.SHIFT).value,
        since=rows[split.place].minute,
        noticed_at=int(seen.event.occurred_at.timestamp()) // 60,
        odds=split.odds,
        counts=counts_of(rows[split.place :], rows[: split.place], after),
        keys=keys_of(interests.wishes, after, first + split.place)[-KEYS:],
    )
    shifts.found = [*shifts.found, found][-KEPT:]
    shifts.since = shifts.wishes - (len(rows) - split.place)
    return found


def _worth_it(codes: bytes) -> bool:
    """Cheap: the newest wish has come up often lately and seldom before."""
    if len(codes) <= 2 * FEWEST:
        return False
    newest, late = codes[-1], 2 * FEWEST
    lately = codes.count(newest, len(codes) - late)
    return lately >= FEWEST and 4 * (codes.count(newest) - lately) <= len(codes) - late


def view(
    shifts: Shifts, interests: Interests, as_of: datetime, taxonomy: Taxonomy, likeness: Likeness | None
) -> tuple[InterestShift, ...]:
    """The last changes."""
    course = course_of(tuple(interests.topics), interests.wishes.rows, likeness) if likeness is not None else None
    return _view(shifts, interests, as_of, taxonomy, (likeness, course))


def view_many(
    of: Sequence[tuple[Shifts, Interests]], as_of: datetime, taxonomy: Taxonomy, likeness: Likeness | None
) -> list[tuple[InterestShift, ...]]:
    """The last changes of many customers, in their order; they are read in the light of others all at once."""
    if likeness is None:
        return [view(shifts, interests, as_of, taxonomy, None) for shifts, interests in of]
    courses = courses_of([(tuple(interests.topics), interests.wishes.rows) for _, interests in of], likeness)
    return [
        _view(shifts, interests, as_of, taxonomy, (likeness, course))
        for (shifts, interests), course in zip(of, courses, strict=True)
    ]


_Light = tuple[Likeness | None, Course | None]


def _view(
    shifts: Shifts, interests: Interests, as_of: datetime, taxonomy: Taxonomy, light: _Light
) -> tuple[InterestShift, ...]:
    rows = rows_of(interests.wishes.rows)
    told = list(_changed(shifts, interests, rows, taxonomy, light))
    told += emerging(interests, rows, {shift.to_topic for shift in told})
    told += faded(interests, rows, as_of, taxonomy)
    return tuple(sorted(told, key=lambda shift: (shift.noticed_at, shift.since), reverse=True)[:TOLD])


def _changed(
    shifts: Shifts, interests: Interests, rows: Sequence[Wish], taxonomy: Taxonomy, light: _Light
) -> Iterator[InterestShift]:
    """Changes of the remembered visits in the light of others', and what was noticed before those."""
    likeness, course = light
    if likeness is None or course is None or not rows:
        yield from map(_told, shifts.found)
        return
    yield from (_told(found) for found in shifts.found if found.noticed_at < rows[0].minute)
    for change in changes(course, likeness, least=LEAST_CHANCE):
        yield _read(change, interests, rows, taxonomy)


def _told(found: Found) -> InterestShift:
    return InterestShift(
        from_topic=found.before,
        to_topic=found.after,
        kind=ShiftKind(found.kind),
        since=_moment(found.since),
        noticed_at=_moment(found.noticed_at),
        evidence=tuple(map(unpacked, found.keys)),
        reason=reason_of(found.counts),
        confidence=1.0 / (1.0 + exp(-found.odds)),
    )


def _read(change: Change, interests: Interests, rows: Sequence[Wish], taxonomy: Taxonomy) -> InterestShift:
    since, held = _moment(change.minute), interests.topics.get(change.after)
    code = held.code if held else -1
    season = taxonomy.in_season(change.after, since.month)
    keys = keys_of(interests.wishes, code, change.began, change.ended)
    return InterestShift(
        from_topic=change.before,
        to_topic=change.after,
        kind=ShiftKind.SEASONAL if season else ShiftKind.SHIFT,
        since=since,
        noticed_at=_moment(change.noticed),
        evidence=tuple(map(unpacked, keys[-KEYS:])),
        reason=reason_of(counts_of(rows[change.began : change.ended], rows[change.prior : change.began], code)),
        confidence=change.chance,
    )


def _moment(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)
