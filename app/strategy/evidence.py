"""Which of many retrieved arms people are shown: what was weighed, what was passed over, the nearest that failed."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from app.retrieval.schemas import CampaignMatch, Channel, Offer, Retrieval
from app.retrieval.situation import speaks_to
from app.strategy.choose import Choice
from app.strategy.gate.contact import open_channels
from app.strategy.request import StrategyRequest
from app.strategy.schemas import Candidate
from app.strategy.weigh import NO_CONTACT, NO_OFFER, action_of, smaller_group

Cause = Literal["not_surely", "closed", "unsure", "too_small", "unrelated"]
"""Why an action was not chosen though more is expected of it, the most telling first; the wording files say it."""

MOST_FAILURES = 3
"""Failed arms that are shown."""


def shown(retrieval: Retrieval, candidates: Sequence[Candidate]) -> Retrieval:
    """The retrieval with the arms behind the candidates only, and the nearest failures as its warnings."""
    weighed = {_arm_of(candidate) for candidate in candidates}
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


class PassedOver(NamedTuple):
    """An action of which more is expected than of the choice."""

    candidate: Candidate
    match: CampaignMatch
    cause: Cause

    @property
    def with_offer(self) -> bool:
        """Whether it would give something away."""
        return self.match.arm.offer is not None and not self.candidate.action.endswith(NO_OFFER)


def passed_over(request: StrategyRequest, choice: Choice) -> PassedOver | None:
    """What looked better than the choice, what came nearest to being done before the rest; None without any."""
    if choice.reason != "from_outcomes":
        return None
    arms = {action_of(match): match for match in request.retrieval.matches}
    better = [c for c in choice.candidates if c.expected > choice.chosen.expected]
    told = [PassedOver(c, match, _cause(request, c, match)) for c in better if (match := arms.get(_arm_of(c)))]
    return min(told, key=_telling, default=None)


def _telling(one: PassedOver) -> tuple[int, float, str]:
    return get_args(Cause).index(one.cause), -one.candidate.expected, one.candidate.action


def _cause(request: StrategyRequest, candidate: Candidate, match: CampaignMatch) -> Cause:
    """The first condition of `choose` that it fails."""
    if candidate.low <= NO_CONTACT.low:
        return "unsure"
    if smaller_group(match) < request.policy.min_group:
        return "too_small"
    if not speaks_to(match.campaign, request.relevant_topics):
        return "unrelated"
    channel = match.arm.channel
    open_ = open_channels([channel], request.profile.consents, request.contacts, request.policy)
    return "not_surely" if channel in open_.value else "closed"


def _arm_of(candidate: Candidate) -> str:
    return candidate.action.removesuffix(NO_OFFER)
