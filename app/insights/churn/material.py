"""Which claims speak for and against somebody's leaving: signs in the order they came, words, rhythm, what is against.

All of it goes by closed fields of claims: a predicate, a direction, a reading, a rating. What a text says beyond that
changes neither the choice nor the order.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from app.insights.churn.schemas import ReadPart
from app.narrative.measures import OVERDUE
from app.narrative.schemas import Claim, Predicate

_NEW = timedelta(days=60)
"""An interest that began, and a cart that was filled, this recently speaks of somebody who is still there."""
LITTLE = 2
"""Orders that say little of anybody."""
_MOST_WORDS = 2
_SPOKEN = ("dissatisfaction", "harsher_support")
"""Signs that stand on words."""
CAUTIONS = ("young", "buying")
"""What speaks against a verdict in a sentence of its own."""


class Line(NamedTuple):
    """One thing to tell: of which part, in which words, and the claims it stands on by the name of their slot."""

    part: ReadPart
    plan: str
    claims: dict[str, Claim]


class Material(NamedTuple):
    """Everything that a churn read may tell, in the order of telling."""

    signs: tuple[Claim, ...]
    """Earliest first."""
    lines: tuple[Line, ...]
    """All but the signs."""
    risk: Claim | None
    """The estimator's churn risk."""

    @property
    def claims(self) -> tuple[Claim, ...]:
        """All claims, each once."""
        told = [claim for line in self.lines for claim in line.claims.values()]
        return tuple({claim.claim_id: claim for claim in (*self.signs, *told)}.values())

    def of(self, part: ReadPart) -> tuple[Claim, ...]:
        """The claims of one part."""
        if part is ReadPart.SIGNS:
            return self.signs
        found = [claim for line in self.lines if line.part is part for claim in line.claims.values()]
        return tuple({claim.claim_id: claim for claim in found}.values())


def material_of(claims: Sequence[Claim], *, as_of: datetime) -> Material:
    """What of a customer's claims bears on whether they are leaving."""
    by: dict[Predicate, list[Claim]] = {}
    for claim in claims:
        by.setdefault(claim.predicate, []).append(claim)
    signs = sorted(by.get(Predicate.SIGNAL, []), key=lambda c: (c.at or as_of, -(c.size or 0), c.name or ""))
    names = {sign.name for sign in signs}
    lines = (*_words(claims), *_rhythm(by, names), *_against(by, as_of))
    return Material(tuple(signs), lines, next(iter(by.get(Predicate.CHURN_RISK, [])), None))


def _words(claims: Sequence[Claim]) -> Iterator[Line]:
    """Poor reviews, readings of lost patience, and whatever words a sign of dissatisfaction stands on."""
    heard = {e for c in claims if c.predicate is Predicate.SIGNAL and c.name in _SPOKEN for e in c.evidence}
    found = [Line(ReadPart.WORDS, plan, {"c": claim}) for claim in claims if (plan := _plan_of_words(claim, heard))]
    yield from found[:_MOST_WORDS]


def _plan_of_words(claim: Claim, heard: set[str]) -> str | None:
    if claim.predicate is Predicate.REVIEWED and claim.value is not None and claim.value <= 2:
        return "review" if claim.quote else "review_stars"
    if claim.predicate is Predicate.SUPPORT_CONTACT:
        return None if heard.isdisjoint(claim.evidence) else "support"
    return "intent" if claim.reading == "losing_patience" else None


def _rhythm(by: dict[Predicate, list[Claim]], signs: set[str | None]) -> Iterator[Line]:
    since = next(iter(by.get(Predicate.DAYS_SINCE_LAST_ORDER, [])), None)
    if since is not None:
        yield _of_orders(since, by)
    if "rarer_visits" not in signs:
        yield from (Line(ReadPart.RHYTHM, "visits", {"c": c}) for c in by.get(Predicate.VISIT_GAP, []))
    fewer = [c for c in by.get(Predicate.ORDER_COUNT_CHANGE, []) if c.direction == "down"]
    less = [c for c in by.get(Predicate.ORDER_VALUE_CHANGE, []) if c.direction == "down"]
    yield from (Line(ReadPart.RHYTHM, "fewer", {"c": c}) for c in fewer)
    yield from (Line(ReadPart.RHYTHM, "less", {"c": c}) for c in less if not fewer)


def _of_orders(since: Claim, by: dict[Predicate, list[Claim]]) -> Line:
    """Where they stand in their rhythm of buying."""
    gap = next(iter(by.get(Predicate.USUAL_GAP, [])), None)
    if gap is None:
        orders = next(iter(by.get(Predicate.ORDER_COUNT, [])), None)
        once = orders is not None and orders.value == 1
        return Line(ReadPart.RHYTHM, "one_order" if once else "unknown", {"since": since})
    late, usual = since.value or 0, gap.value or 0
    plan = "overdue" if late > OVERDUE * usual else "beyond" if late > usual else "within"
    return Line(ReadPart.RHYTHM, plan, {"gap": gap, "since": since})


def _against(by: dict[Predicate, list[Claim]], as_of: datetime) -> Iterator[Line]:
    more = [c for c in by.get(Predicate.ORDER_COUNT_CHANGE, []) if c.direction == "up"]
    spent = [c for c in by.get(Predicate.ORDER_VALUE_CHANGE, []) if c.direction == "up"]
    yield from (Line(ReadPart.AGAINST, "more", {"c": c}) for c in more)
    yield from (Line(ReadPart.AGAINST, "spent", {"c": c}) for c in spent if not more)
    interests = [c for c in by.get(Predicate.INTEREST_SHIFT, []) if c.to_topic and _is_new(c, as_of)]
    yield from (Line(ReadPart.AGAINST, "interest", {"c": c}) for c in interests[:1])
    rising = [c for c in by.get(Predicate.TOPIC_CHANGE, []) if c.direction == "up"]
    yield from (Line(ReadPart.AGAINST, "attention", {"c": c}) for c in rising[:1] if not interests)
    carts = [c for c in by.get(Predicate.CARTED_NOT_BOUGHT, []) if _is_new(c, as_of)]
    yield from (Line(ReadPart.AGAINST, "cart", {"c": c}) for c in carts[:1])
    likely = [c for c in by.get(Predicate.NO_PURCHASE, []) if (c.value or 0) < 0.5]
    yield from (Line(ReadPart.AGAINST, "buying", {"c": c}) for c in likely)
    few = [c for c in by.get(Predicate.ORDER_COUNT, []) if (c.value or 0) <= LITTLE]
    yield from (Line(ReadPart.AGAINST, "young", {"c": c}) for c in few)


def _is_new(claim: Claim, as_of: datetime) -> bool:
    return claim.at is not None and claim.at > as_of - _NEW
