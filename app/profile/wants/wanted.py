"""What somebody wants now, as the wishes of their visits say in the light of others'."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from app.profile.wants.hidden import MINUTES_A_DAY, Floats, Journey, journeys
from app.profile.wants.likeness import OWN, Likeness
from app.profile.wants.wishes import rows_of, visits_of

_KEPT: Final = 4096
"""Customers whose reading is at hand: several views ask for the same one."""
_TOGETHER: Final = 256
"""Customers who are read at once."""


class Wanted(NamedTuple):
    """What is wanted at a moment."""

    shares: dict[str, float]
    """By topic, summing to one."""
    own_weight: float
    """Own wishes against what the kind of customer says."""
    segment: str


class Course(NamedTuple):
    """The phases that one customer went through, as far as V visits tell."""

    journey: Journey
    visits: int
    filtered: Floats
    """[V, F] chance of each phase by what was seen until then ..."""
    smoothed: Floats
    """[V, F] ... and by all that was seen."""
    shares: Floats
    """[F, T] what is wanted in each phase."""
    own_wishes: int
    segment: str


def journey_of(names: Sequence[str], rows: bytes, topics: Sequence[str]) -> Journey:
    """The wishes that a state remembers, numbered as in `topics`; names: its topics in order of their codes."""
    place = {topic: number for number, topic in enumerate(topics)}
    codes = [place.get(name, -1) for name in names]
    known = [row for row in rows_of(rows) if codes[row.code] >= 0]
    return Journey(tuple(codes[row.code] for row in known), visits_of(known), tuple(row.minute for row in known))


def wanted(names: Sequence[str], rows: bytes, likeness: Likeness, as_of: datetime) -> Wanted:
    """Shares of present interest: each phase's, weighed by how likely it still goes on at `as_of`."""
    return wanted_now(course_of(tuple(names), rows, likeness), likeness, as_of)


def wanted_now(found: Course, likeness: Likeness, as_of: datetime) -> Wanted:
    """The same for a course that is known already."""
    if not found.visits:
        shares = likeness.chain.first @ found.shares
    else:
        days = max(as_of.timestamp() / 60 - found.journey.minutes[-1], 0.0) / MINUTES_A_DAY
        last, stay = found.filtered[-1], np.exp(-days * likeness.chain.rate)
        shares = (last * stay + (last * (1 - stay)) @ likeness.chain.moves) @ found.shares
    named = {topic: float(share) for topic, share in zip(likeness.topics, shares / shares.sum(), strict=True)}
    return Wanted(named, found.own_wishes / (found.own_wishes + OWN), found.segment)


@lru_cache(maxsize=_KEPT)
def course_of(names: tuple[str, ...], rows: bytes, likeness: Likeness) -> Course:
    """The reading of one customer; worked out once however often it is looked at."""
    journey = journey_of(names, rows, likeness.topics)
    taste, found = likeness.read(journey)
    return _course(journey, taste, found.filtered[0], found.smoothed[0], likeness)


def courses_of(known: Sequence[tuple[tuple[str, ...], bytes]], likeness: Likeness) -> list[Course]:
    """The readings of many, (names, rows) each, in their order; several times as fast as one by one."""
    lives = [journey_of(names, rows, likeness.topics) for names, rows in known]
    longest = sorted((n for n, life in enumerate(lives) if life.topics), key=lambda n: -lives[n].visits[-1])
    found = {n: course_of(*known[n], likeness) for n, life in enumerate(lives) if not life.topics}
    for start in range(0, len(longest), _TOGETHER):
        some = longest[start : start + _TOGETHER]
        taste, read = likeness.read_all(journeys([lives[n] for n in some]))
        for row, n in enumerate(some):
            visits = lives[n].visits[-1] + 1
            found[n] = _course(lives[n], taste[row], read.filtered[row, :visits], read.smoothed[row, :visits], likeness)
    return [found[n] for n in range(len(lives))]


def _course(journey: Journey, taste: Floats, filtered: Floats, smoothed: Floats, likeness: Likeness) -> Course:
    chain = likeness.chain
    shares = (1 - chain.pull)[:, None] * taste + chain.pull[:, None] * chain.topics
    counts = {topic: float(journey.topics.count(place)) for place, topic in enumerate(likeness.topics)}
    return Course(journey, len(filtered), filtered, smoothed, shares, len(journey.topics), likeness.segment(counts))
