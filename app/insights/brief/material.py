"""Which claims an agent is told: who this is, what they last did and said, what is open. Nothing of what they spend.

All of it goes by closed fields of claims: a predicate, a reading, a rating, a date. What a text says beyond that
changes neither the choice nor the order.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from app.insights.brief.schemas import Part
from app.narrative.schemas import Claim, ClaimKind, Predicate

_RECENT = timedelta(days=90)
"""A refund, and an old message, is a matter to speak of for so long."""
_POOR = 2
"""Reviews of so many stars or fewer are complaints."""
_FIRM = ("correction", "verified")
"""Authorities of attributes that one may act on; of behaviour it is the city alone."""
_NOT_ASKED = frozenset({"gender", "age_band", "birthday", "household"})
"""Attributes that no service needs."""
_MOST_OF_WHO = 2
"""Sentences about who this is."""


class Line(NamedTuple):
    """One thing to tell: of which part, in which words, and the claims it stands on by the name of their slot."""

    part: Part
    plan: str
    claims: dict[str, Claim]

    @property
    def claim_id(self) -> str:
        """The id under which a model is shown it."""
        return next(iter(self.claims.values())).claim_id


Moments = Mapping[str, datetime]
"""Event id -> when it happened."""


def material_of(claims: Sequence[Claim], moments: Moments, *, as_of: datetime) -> tuple[Line, ...]:
    """What of a customer's claims an agent is told, in the order of telling."""
    by: dict[Predicate, list[Claim]] = {}
    for claim in claims:
        by.setdefault(claim.predicate, []).append(claim)
    return (*islice(_who(by), _MOST_OF_WHO), *_last(by), *_open(by, moments, as_of), *_reach(by))


def _who(by: Mapping[Predicate, list[Claim]]) -> Iterator[Line]:
    first, count = (next(iter(by.get(p, [])), None) for p in (Predicate.FIRST_ORDER, Predicate.ORDER_COUNT))
    if first and count and (count.value or 0) > 1:
        yield Line(Part.WHO, "customer", {"first": first, "count": count})
    elif first:
        yield Line(Part.WHO, "one_order", {"first": first})
    else:
        yield from (Line(Part.WHO, "visitor", {"c": c}) for c in by.get(Predicate.VIEW_COUNT, [])[:1])
    yield from _wants(by)
    known = [c for c in by.get(Predicate.ATTRIBUTE, []) if _serves(c)]
    yield from (Line(Part.WHO, "attribute", {"c": c}) for c in known)


def _serves(attribute: Claim) -> bool:
    firm = attribute.authority in _FIRM or (attribute.name == "city" and attribute.kind is not ClaimKind.INFERENCE)
    return firm and attribute.name not in _NOT_ASKED


def _wants(by: Mapping[Predicate, list[Claim]]) -> Iterator[Line]:
    moved = [c for c in by.get(Predicate.INTEREST_SHIFT, []) if c.topic and c.to_topic][:1]
    if moved:
        yield Line(Part.WHO, "moved", {"c": moved[0]})
    elif found := by.get(Predicate.INTEREST, [])[:2]:
        yield Line(Part.WHO, "interests" if found[1:] else "interest", dict(zip("ab", found, strict=False)))


def _last(by: Mapping[Predicate, list[Claim]]) -> Iterator[Line]:
    yield from (Line(Part.LAST, "order", {"c": c}) for c in by.get(Predicate.DAYS_SINCE_LAST_ORDER, [])[:1])
    yield from (Line(Part.LAST, "cart", {"c": c}) for c in by.get(Predicate.CARTED_NOT_BOUGHT, [])[:1])
    yield from (Line(Part.LAST, "search", {"c": c}) for c in by.get(Predicate.SEARCHED, [])[-1:])
    yield from (Line(Part.LAST, "review", {"c": c}) for c in by.get(Predicate.REVIEWED, []) if not is_poor(c))


def _open(by: Mapping[Predicate, list[Claim]], moments: Moments, as_of: datetime) -> Iterator[Line]:
    yield from (Line(Part.OPEN, "message", {"c": c}) for c in by.get(Predicate.SUPPORT_CONTACT, []))
    yield from (Line(Part.OPEN, "poor_review", {"c": c}) for c in by.get(Predicate.REVIEWED, []) if is_poor(c))
    unhappy = [c for c in by.get(Predicate.INTENT, []) if c.reading == "losing_patience"]
    yield from (Line(Part.OPEN, "unhappy", {"c": c}) for c in unhappy[:1])
    for claim in by.get(Predicate.REFUND_VALUE, [])[:1]:
        newest = max((moments[e] for e in claim.evidence if e in moments), default=None)
        if newest is not None and newest > as_of - _RECENT:
            yield Line(Part.OPEN, "refund", {"c": claim.model_copy(update={"at": newest})})


def is_poor(review: Claim) -> bool:
    """Whether a review complains."""
    return review.value is not None and review.value <= _POOR


def _reach(by: Mapping[Predicate, list[Claim]]) -> Iterator[Line]:
    hour, day = (next(iter(by.get(p, [])), None) for p in (Predicate.USUAL_HOUR, Predicate.USUAL_WEEKDAY))
    if hour and day:
        yield Line(Part.REACH, "usual", {"hour": hour, "day": day})


def is_inferred(line: Line) -> bool:
    """Whether it is a guess, to be asked and never stated."""
    return any(claim.kind is ClaimKind.INFERENCE for claim in line.claims.values())
