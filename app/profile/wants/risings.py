"""Interests that come up and interests that are forgotten, as they are told at a moment."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from app.profile.memory.touches import Key, unpacked
from app.profile.schemas import InterestShift, ShiftKind, ShiftReason
from app.profile.wants.interests import FORGOTTEN_AFTER, Interests, forgotten
from app.profile.wants.splits import Counts, counts_of
from app.profile.wants.wishes import Wish, keys_of
from app.text.taxonomy import Taxonomy

FEWEST: Final = 3
"""Visits for a topic without which nothing has changed."""
KEYS: Final = 4
"""Events that a change is shown with."""
_KNOWN_VISITS: Final = 8
"""Visits after which a topic that never came up is new; it emerges when it has a part in as many of the next ones."""


def emerging(interests: Interests, rows: Sequence[Wish], told: set[str | None]) -> Iterator[InterestShift]:
    """Topics that came up for the first time after some visits and then several times.

    None once wishes are no longer remembered from the beginning: what is new cannot be told then.
    """
    if interests.wishes.total != len(rows):
        return
    names = list(interests.topics)
    visits = [place for place, row in enumerate(rows) if place == 0 or row.visit != rows[place - 1].visit]
    firsts = {row.code: place for place, row in zip(range(len(rows) - 1, -1, -1), reversed(rows), strict=True)}
    for code, first in sorted(firsts.items()):
        number = bisect_right(visits, first) - 1
        if number < _KNOWN_VISITS or names[code] in told:
            continue
        end = [*visits, len(rows)][min(number + _KNOWN_VISITS, len(visits))]
        counts = counts_of(rows[first:end], rows[:first], code)
        if counts.visits_to < FEWEST:
            continue
        third = [row for row in rows[first:end] if row.code == code][FEWEST - 1]
        yield InterestShift(
            from_topic=None,
            to_topic=names[code],
            kind=ShiftKind.EMERGING,
            since=rows[first].at,
            noticed_at=third.at,
            evidence=tuple(map(unpacked, keys_of(interests.wishes, code, first, end)[-KEYS:])),
            reason=reason_of(counts),
            confidence=counts.visits_to / (counts.visits_to + 1),
        )


def faded(interests: Interests, rows: Sequence[Wish], as_of: datetime, taxonomy: Taxonomy) -> Iterator[InterestShift]:
    """Interests that are forgotten now, and those that had been when they came back."""
    for topic, held in interests.topics.items():
        since = forgotten(held, as_of, taxonomy.half_life_days(topic), taxonomy.forget_below)
        if since is not None and _countable(since, interests, rows):
            yield _fading(topic, since, held.key, interests, rows)
    for past in interests.faded:
        if _countable(past.since, interests, rows):
            yield _fading(past.topic, past.since, past.key, interests, rows)


def _countable(since: datetime, interests: Interests, rows: Sequence[Wish]) -> bool:
    """Whether the visits since a moment are all remembered, and some before it; what cannot be counted is not told."""
    return interests.wishes.total == len(rows) or rows[0].at <= since


def _fading(topic: str, since: datetime, key: Key, interests: Interests, rows: Sequence[Wish]) -> InterestShift:
    minute = since.timestamp() / 60
    after, before = ([row for row in rows if (row.minute >= minute) is later] for later in (True, False))
    return InterestShift(
        from_topic=topic,
        to_topic=None,
        kind=ShiftKind.FADING,
        since=since,
        noticed_at=since + FORGOTTEN_AFTER,
        evidence=(unpacked(key),) if key else (),
        reason=reason_of(counts_of(after, before, interests.topics[topic].code)),
        confidence=1.0,
    )


def reason_of(counts: Counts) -> ShiftReason:
    """The counts as they are sent."""
    return ShiftReason(**counts._asdict())
