"""Which claims a conclusion may stand on: the newest changes, and words that may have to do with them.

All of it goes by closed fields: a predicate, a direction, a reading, a topic, a rating, a date. What a text says beyond
that changes neither the choice nor the order.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from app.narrative.schemas import Claim, Predicate

_NEW = timedelta(days=90)
"""A change is news for so long."""
_NEAR = timedelta(days=60)
"""Words that lie further from a change have nothing to do with it."""
_POOR = 2
_MOST_CHANGES = 2
_UNHAPPY = frozenset({"dissatisfaction", "harsher_support", "poorer_reviews", "shorter_reviews", "rarer_visits"})
"""Signs that a complaint may have to do with."""


TELLING = frozenset(
    {
        Predicate.INTEREST_SHIFT,
        Predicate.SIGNAL,
        Predicate.ORDER_COUNT_CHANGE,
        Predicate.TOPIC_CHANGE,
        Predicate.INTENT,
        Predicate.REVIEWED,
    }
)
"""What a conclusion may tell."""


_PRICE = "minding_the_price"


class Material(NamedTuple):
    """What a conclusion is made of."""

    changes: tuple[Claim, ...]
    """The newest first."""
    words: tuple[Claim, ...]
    """Readings and complaints near to these; the one that fits best first."""

    @property
    def claims(self) -> tuple[Claim, ...]:
        """All of it."""
        return (*self.changes, *self.words)


def material_of(claims: Sequence[Claim], topics: Mapping[str, str | None], *, as_of: datetime) -> Material:
    """What changed lately and what was said near to it. `topics`: reading -> what it is about."""
    changes = tuple(_changes(claims, as_of))[:_MOST_CHANGES]
    words = sorted(_words(claims, changes, topics, as_of), key=lambda pair: (-pair[0], pair[1].claim_id))
    return Material(changes, tuple(claim for fits, claim in words[:1] if fits))


def _changes(claims: Sequence[Claim], as_of: datetime) -> Iterator[Claim]:
    """Shifts of interest, then signs of leaving, then orders and topics that became more or fewer."""
    moved = [c for c in claims if c.predicate is Predicate.INTEREST_SHIFT and _is_new(c, as_of)]
    signs = [c for c in claims if c.predicate is Predicate.SIGNAL and _is_new(c, as_of)]
    yield from sorted(moved, key=lambda c: (c.to_topic is None, -(c.at or as_of).timestamp()))[:1]
    yield from sorted(signs, key=lambda c: -(c.size or 0))[:1]
    yield from [c for c in claims if c.predicate is Predicate.ORDER_COUNT_CHANGE and c.direction in ("up", "down")][:1]
    yield from [c for c in claims if c.predicate is Predicate.TOPIC_CHANGE and c.direction == "up"][:1]


def _words(
    claims: Sequence[Claim], changes: Sequence[Claim], topics: Mapping[str, str | None], as_of: datetime
) -> Iterator[tuple[int, Claim]]:
    """(how well it fits, claim): a reading of a moved topic, a complaint beside a sign, the price with fewer orders."""
    wanted = {topic for c in changes if (topic := c.to_topic or c.topic)}
    soured = any(c.name in _UNHAPPY for c in changes if c.predicate is Predicate.SIGNAL)
    fewer = any(c.predicate is Predicate.ORDER_COUNT_CHANGE and c.direction == "down" for c in changes)
    since = [c.at for c in changes if c.at]
    for claim in claims:
        if claim.at is None or not _is_near(claim.at, since or [as_of]):
            continue
        if claim.predicate is Predicate.INTENT:
            about_it = topics.get(claim.reading or "") in wanted
            about_mood = (soured and claim.reading == "losing_patience") or (fewer and claim.reading == _PRICE)
            yield (2 if about_it else int(about_mood)), claim
        elif soured and claim.predicate is Predicate.REVIEWED and claim.value is not None and claim.value <= _POOR:
            yield 1, claim


def _is_new(claim: Claim, as_of: datetime) -> bool:
    return claim.at is not None and claim.at > as_of - _NEW


def _is_near(at: datetime, moments: Sequence[datetime]) -> bool:
    return any(abs(at - moment) <= _NEAR for moment in moments)
