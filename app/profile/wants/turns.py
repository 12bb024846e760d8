"""When somebody turned from one thing to another, as the wishes of their visits say in the light of others'.

With the chance of each move between phases since the visit before (hidden.py), summed over phases in which the same
topic is wanted most and spread evenly over the gap between the visits, m(x, y, t) is the density of a turn from topic x
to y and

    M(x, y, t) = the integral of m(x, y, u) over |u - t| <= WITHIN

the chance that it lies near t. Told are the (x, y, t) of the largest M, one story of the same days.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from app.profile.wants.hidden import LEAST_GAP, MINUTES_A_DAY, Chain, Floats, Ints, Journey, moved
from app.profile.wants.likeness import Likeness
from app.profile.wants.wanted import Course

WITHIN: Final = 10.0
"""Days: as near as the visits of a week or two can tell."""
_LIKELY: Final = 0.5
_AS_GOOD: Final = 0.001
"""Share by which a time may be worse than the best one and still do."""


class Change(NamedTuple):
    """Something else is wanted most from a moment on. Places count the remembered wishes."""

    before: str
    after: str
    minute: int
    """When it began; never within a visit."""
    noticed: int
    """Minute of the visit from which it was likelier than not."""
    began: int
    """Place of the first wish since ..."""
    ended: int
    """... of the first after the next change, or after the visit that first showed what is new if that is later ..."""
    prior: int
    """... and of the first since the change before."""
    chance: float
    """That just this changed, within so many days of the moment."""


class _Turn(NamedTuple):
    chance: float
    before: int
    after: int
    day: float


class _Visits(NamedTuple):
    """V visits."""

    place: Ints
    """[V] of the first wish."""
    first: Ints
    """[V] minute of the first wish ..."""
    last: Ints
    """[V] ... and of the last one."""
    wishes: int


def changes(found: Course, likeness: Likeness, *, least: float) -> list[Change]:
    """The changes of what was wanted most that happened with at least this chance, oldest first."""
    if found.visits <= 1:
        return []
    visits = _visits(found.journey)
    tops = found.shares.argmax(axis=1)
    turned = _turned(found, visits, likeness.chain, tops)
    surest: dict[int, _Turn] = {}
    for turn in _stories(turned, visits.first / MINUTES_A_DAY, least):
        surest.setdefault(_visit_from(turn.day, visits), turn)
    starts = [0, *sorted(surest), found.visits]
    filtered = found.filtered @ np.eye(len(likeness.topics))[tops]
    return [
        _change(surest[edges[1]], visits, filtered, edges, likeness.topics, shown)
        for edges in zip(starts, starts[1:], starts[2:], strict=False)
        if (shown := _shown(surest[edges[1]].after, found.journey, int(visits.place[edges[1]]))) is not None
    ]


def _shown(topic: int, journey: Journey, began: int) -> int | None:
    """The visit that first shows the topic from a place on; None where none does, so that there is nothing to tell."""
    later = journey.topics[began:]
    return journey.visits[began + later.index(topic)] if topic in later else None


def _visits(journey: Journey) -> _Visits:
    visit = np.array(journey.visits)
    place, minutes = np.flatnonzero(np.diff(visit, prepend=-1)), np.array(journey.minutes)
    return _Visits(place, minutes[place], minutes[np.append(place[1:], len(visit)) - 1], len(visit))


def _turned(found: Course, visits: _Visits, chain: Chain, tops: Ints) -> Floats:
    """[V, T, T] chance of each turn since the visit before."""
    gap = np.maximum(np.diff(visits.first, prepend=visits.first[0]) / MINUTES_A_DAY, LEAST_GAP)
    about = np.eye(found.shares.shape[1])[tops]
    turned = np.asarray(about.T @ moved(found.filtered, found.smoothed, gap, chain) @ about)
    diagonal = np.arange(turned.shape[1])
    turned[:, diagonal, diagonal] = 0.0
    return turned


def _stories(turned: Floats, days: Floats, least: float) -> Iterator[_Turn]:
    """The likeliest turn, then the likeliest of other days, and so on."""
    pairs = np.argwhere(turned.sum(axis=0) >= least)
    if not len(pairs):
        return
    times = np.arange(days[0], days[-1] + 1.0)
    near = np.array([_near(turned[:, before, after], days, times) for before, after in pairs])
    while near.max() >= least:
        pair = int(near.max(axis=1).argmax())
        before, after = (int(topic) for topic in pairs[pair])
        day = _dated(near[pair], times, turned[:, before, after], days)
        yield _Turn(min(float(near[pair].max()), 1.0), before, after, day)
        near[:, np.abs(times - day) <= WITHIN] = 0.0
        near[pair, np.abs(times - day) <= 2 * WITHIN] = 0.0


def _dated(near: Floats, times: Floats, chance: Floats, days: Floats) -> float:
    """The median of what lies near the best times, or the one of them that is nearest to it."""
    worse = np.flatnonzero(near < near.max() * (1 - _AS_GOOD))
    place = np.searchsorted(worse, near.argmax())
    first = times[worse[place - 1] + 1] if place else times[0]
    last = times[worse[place] - 1] if place < len(worse) else times[-1]
    summed, middle = np.cumsum(chance), (first + last) / 2
    low, high = np.interp([middle - WITHIN, middle + WITHIN], days, summed)
    median = np.interp((low + high) / 2, summed, days)
    return float(np.clip(median, first, last))


def _near(chance: Floats, days: Floats, times: Floats) -> Floats:
    """M at each of the times."""
    summed = np.cumsum(chance)
    return np.asarray(np.interp(times + WITHIN, days, summed) - np.interp(times - WITHIN, days, summed, left=0.0))


def _visit_from(day: float, visits: _Visits) -> int:
    """The first visit that is not over by then; never the very first, for before it nothing is known."""
    return max(min(int(np.searchsorted(visits.last, day * MINUTES_A_DAY)), len(visits.last) - 1), 1)


def _change(
    turn: _Turn, visits: _Visits, filtered: Floats, edges: tuple[int, int, int], topics: Sequence[str], shown: int
) -> Change:
    """`filtered` [V, T] is the chance, as seen at each visit, that a topic is wanted most."""
    prior, start, stop = edges
    sure = np.flatnonzero(filtered[start:stop, turn.after] >= _LIKELY)
    noticed = start + int(sure[0]) if len(sure) else max(stop - 1, start)
    return Change(
        before=topics[turn.before],
        after=topics[turn.after],
        minute=int(np.clip(int(turn.day * MINUTES_A_DAY), visits.last[start - 1] + 1, visits.first[start])),
        noticed=int(visits.first[noticed]),
        began=int(visits.place[start]),
        ended=int(np.append(visits.place, visits.wishes)[max(stop, shown + 1)]),
        prior=int(visits.place[prior]),
        chance=turn.chance,
    )
