"""What may undo an estimate, as claims: falling orders, an overdue purchase, unhappy words, signs of leaving."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from app.narrative.measures import OVERDUE
from app.narrative.schemas import Claim, Predicate

RiskKind = Literal["falling", "overdue", "soured", "sign"]
_FALLING = (Predicate.ORDER_COUNT_CHANGE, Predicate.ORDER_VALUE_CHANGE)


class RiskClaims(NamedTuple):
    """One thing that may undo the number, and the claims that say so."""

    kind: RiskKind
    claims: tuple[Claim, ...]


def risks_of(claims: Sequence[Claim]) -> tuple[RiskClaims, ...]:
    """All that the claims hold; each sign of leaving is a risk of its own."""
    return tuple(_risks(claims))


def _risks(claims: Sequence[Claim]) -> Iterator[RiskClaims]:
    whole: dict[RiskKind, list[Claim]] = {
        "falling": [c for c in claims if c.predicate in _FALLING and c.direction == "down"],
        "overdue": _overdue(claims),
        "soured": _soured(claims),
    }
    yield from (RiskClaims(kind, tuple(found)) for kind, found in whole.items() if found)
    yield from (RiskClaims("sign", (c,)) for c in claims if c.predicate is Predicate.SIGNAL)


def _overdue(claims: Sequence[Claim]) -> list[Claim]:
    by = {c.predicate: c for c in claims}
    since, gap = by.get(Predicate.DAYS_SINCE_LAST_ORDER), by.get(Predicate.USUAL_GAP)
    late = since and gap and (since.value or 0) > OVERDUE * (gap.value or 0)
    return [since, gap] if since and gap and late else []


def _soured(claims: Sequence[Claim]) -> list[Claim]:
    low = [c for c in claims if c.predicate is Predicate.REVIEWED and c.value is not None and c.value <= 2]
    return low + [c for c in claims if c.reading == "losing_patience"]
