"""Which of many retrieved arms people are shown: those that were weighed, and the nearest that failed."""

from collections.abc import Sequence

from app.retrieval.schemas import CampaignMatch, Channel, Offer, Retrieval
from app.strategy.schemas import Candidate
from app.strategy.weigh import NO_OFFER, action_of

MOST_FAILURES = 3
"""Failed arms that are shown."""


def shown(retrieval: Retrieval, candidates: Sequence[Candidate]) -> Retrieval:
    """The retrieval with the arms behind the candidates only, and the nearest failures as its warnings."""
    weighed = {candidate.action.removesuffix(NO_OFFER) for candidate in candidates}
    matches = tuple(match for match in retrieval.matches if action_of(match) in weighed)
    return retrieval.model_copy(update={"matches": matches, "warnings": failures(retrieval)[:MOST_FAILURES]})


def failures(retrieval: Retrieval) -> tuple[CampaignMatch, ...]:
    """Every retrieved arm that failed where it ran, nearest first."""
    failed = {action_of(m): m for m in (*retrieval.warnings, *retrieval.matches) if m.stance == "failed"}
    return tuple(sorted(failed.values(), key=lambda m: (-m.closeness, action_of(m))))


def failed_alike(retrieval: Retrieval, channel: Channel, offer: Offer | None) -> CampaignMatch | None:
    """The nearest failed arm on the same channel and with the same type of offer as this message."""
    kind = offer.type if offer else None
    arms = (m for m in failures(retrieval) if m.arm.channel is channel)
    return next((m for m in arms if (m.arm.offer.type if m.arm.offer else None) == kind), None)
