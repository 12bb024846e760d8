"""Drivers as claims: what each group of facts adds to the value, so that sentences can cite it and be checked."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.insights.drivers import CustomerExplanation, Reason
from app.insights.ltv.schemas import FEWEST, MOST
from app.insights.ltv.wording import Direction, wording
from app.narrative.making import made
from app.narrative.schemas import Claim, ClaimKind, Predicate, Unit
from app.predict.schemas import Contribution

_SLIGHT = 0.1
"""Beyond the fewest, drivers below this share of the largest are not worth a sentence."""


class Share(NamedTuple):
    """One driver that is told."""

    reason: Reason
    claim: Claim
    """A prediction: the amount that the model's explanation gives it."""
    direction: Direction
    what: str
    """As it stands in a sentence."""
    amount: str
    """Without its sign."""
    plain: str
    """The claim as one sentence."""


def shares_of(found: CustomerExplanation) -> tuple[Share, ...]:
    """The 3 to 5 drivers that move the number most; none without an estimate.

    Those that point where the largest points come first, largest first, then those against it.
    """
    pairs = list(zip(found.numbers.contributions, found.reasons, strict=True))
    pairs = [pair for pair in pairs if pair[0].amount_minor]
    pairs.sort(key=lambda pair: -abs(pair[0].amount_minor))
    largest = max((abs(one.amount_minor) for one, _ in pairs), default=0)
    told = [p for i, p in enumerate(pairs[:MOST]) if i < FEWEST or abs(p[0].amount_minor) >= _SLIGHT * largest]
    up = bool(told) and told[0][0].amount_minor > 0
    told.sort(key=lambda pair: (pair[0].amount_minor > 0) != up)
    return tuple(_share(found, one, reason) for one, reason in told)


def _share(found: CustomerExplanation, one: Contribution, reason: Reason) -> Share:
    direction: Direction = "up" if one.amount_minor > 0 else "down"
    words, amount = wording(found.lang), reason.amount[1:]
    what = words.what["no_signs" if one.group == "signs" and not _has_signs(found) else one.group]
    plain = words.share[direction].format(what=what, amount=amount, factor=f"{one.factor:.2f}")
    claim = made(
        kind=ClaimKind.PREDICTION,
        predicate=Predicate.LTV,
        subject=found.customer_id,
        value=one.amount_minor,
        unit=Unit.MONEY_MINOR,
        currency=found.numbers.currency,
        horizon_days=found.numbers.horizon_days,
        direction=direction,
        name=one.group,
        as_of=found.as_of,
    )
    return Share(reason, claim, direction, what, amount, capital(plain))


def _has_signs(found: CustomerExplanation) -> bool:
    return any(claim.predicate is Predicate.SIGNAL for claim in found.claims)


def grounds_of(share: Share, found: CustomerExplanation) -> str:
    """What a driver stands on, at most two claims, fit to end a sentence; empty where nothing can be claimed of it."""
    words = wording(found.lang)
    said = words.between.join(_clauses(share.reason.claim_ids[:2], found))
    return words.grounds.format(grounds=said) if said else ""


def _clauses(claim_ids: Sequence[str], found: CustomerExplanation) -> Iterator[str]:
    for claim_id in claim_ids:
        said = found.spoken[claim_id].rstrip("。.")
        yield said if said[1:2].isupper() else said[:1].lower() + said[1:]


def capital(text: str) -> str:
    """With a capital to begin with, where there are any; what follows stays as it is."""
    return text[:1].upper() + text[1:]
