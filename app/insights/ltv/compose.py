"""The deterministic rung of an explanation: drivers, risks and advice told from their figures and claims."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.insights.drivers import CustomerExplanation, Risk
from app.insights.ltv.schemas import Advice, DriverSentence
from app.insights.ltv.shares import Share, capital, grounds_of
from app.insights.ltv.wording import Direction, wording
from app.narrative.schemas import ClaimKind, Sentence


class Worded(NamedTuple):
    """What one rung said; what it left out is told by the composer."""

    drivers: tuple[DriverSentence, ...] = ()
    risks: tuple[Sentence, ...] = ()
    advice: tuple[Advice, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether it said anything that holds."""
        return bool(self.drivers or self.risks or self.advice)


def drivers(shares: Sequence[Share], found: CustomerExplanation) -> tuple[DriverSentence, ...]:
    """Each driver in a sentence, joined to the one before it by whether it points the same way."""
    return tuple(_drivers(shares, found))


def _drivers(shares: Sequence[Share], found: CustomerExplanation) -> Iterator[DriverSentence]:
    words = wording(found.lang)
    before: Direction | None = None
    for place, share in enumerate(shares):
        same = words.also if place % 2 == 0 else words.same
        plans = words.first if before is None else same if share.direction == before else words.other
        said = plans[share.direction].format(what=share.what, amount=share.amount, grounds=grounds_of(share, found))
        yield driver_sentence(share, capital(said), share.reason.claim_ids[:2])
        before = share.direction


def driver_sentence(share: Share, text: str, claim_ids: Sequence[str]) -> DriverSentence:
    """A sentence on a driver beside its figure."""
    ids = tuple(dict.fromkeys((share.claim.claim_id, *claim_ids)))
    return DriverSentence(
        text=text,
        kind=ClaimKind.PREDICTION,
        claim_ids=ids,
        group=share.reason.group,
        name=share.reason.name,
        amount=share.reason.amount,
    )


def risks(found: Sequence[Risk], told: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """The risks of which no sentence is told yet, each in its own words."""
    cited = {claim_id for sentence in told for claim_id in sentence.claim_ids}
    return tuple(
        Sentence(text=risk.said, kind=ClaimKind.CHANGE, claim_ids=risk.claim_ids)
        for risk in found
        if cited.isdisjoint(risk.claim_ids)
    )
