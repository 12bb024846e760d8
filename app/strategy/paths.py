"""The lifts of a light touch and of a strong offer, for one customer, from the outcomes of past campaigns.

A light touch is a message without an offer, a strong one has an offer. The lift of a kind is what a message of that
kind does to such a customer when nobody has said yet which: the mixture of the nearest measured arms,

    mean = sum w_i m_i,   variance = sum w_i (v_i + (m_i - mean)^2),   w_i ~ closeness,

with m_i, v_i the arm's expected lift here and its variance, shrunk and aged by retrieval. So arms that disagree make
the interval wider, and the best-looking one is not taken for the truth. It says what would be expected, not what may
be done: consent, frequency and the other rules are asked when a strategy is proposed.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from app.predict.schemas import Intervention, InterventionLift
from app.retrieval.outcomes import Z90
from app.retrieval.schemas import CampaignMatch, Lift, Retrieval
from app.retrieval.situation import Situation, speaks_to
from app.strategy.gate.policy import Policy
from app.strategy.weigh import cost_of, smaller_group

MOST_ARMS = 5
"""Arms that a kind's lift is taken from: the nearest ones."""

KINDS: tuple[Intervention, ...] = ("light", "strong")
Gap = Literal["no_past_outcomes", "nearest_too_far", "none_of_kind", "unrelated", "too_small"]
"""Why no lift is known; each has its sentence in the wording files."""


class Known(NamedTuple):
    """The lift of a kind with the arms behind it, or why there is none."""

    kind: Intervention
    lift: InterventionLift | None = None
    matches: tuple[CampaignMatch, ...] = ()
    gap: Gap | None = None
    """None when the lift is known."""


def known_lifts(retrieval: Retrieval, situation: Situation, policy: Policy) -> tuple[Known, ...]:
    """Both kinds in the situation that `retrieval` was made for, out of all arms that are near enough.

    Of campaigns about topics, those count that share one with the customer's interests or their cart; of all, those
    that were judged by order value, because a change in how many buy has no amount.
    """
    topics = (*situation.topics[: policy.relevance.top_interests], *situation.carted_topics)
    return tuple(_known(kind, retrieval, topics, policy) for kind in KINDS)


def _known(kind: Intervention, retrieval: Retrieval, topics: Sequence[str], policy: Policy) -> Known:
    if retrieval.abstained:
        return Known(kind, gap=retrieval.abstained)
    of_kind = [m for m in retrieval.matches if kind_of(m) == kind and m.campaign.metric == "order_value"]
    related = [m for m in of_kind if speaks_to(m.campaign, topics)]
    sure = [m for m in related if smaller_group(m) >= policy.min_group]
    if not sure:
        return Known(kind, gap="too_small" if related else "unrelated" if of_kind else "none_of_kind")
    nearest = sorted(sure, key=lambda m: (-m.closeness, m.campaign.campaign_id, m.arm.arm_id))[:MOST_ARMS]
    return Known(kind, mixed(kind, nearest, policy), tuple(nearest))


def kind_of(match: CampaignMatch) -> Intervention:
    """Whether an arm was a light touch or a strong offer."""
    return "strong" if match.arm.offer else "light"


def mixed(kind: Intervention, matches: Sequence[CampaignMatch], policy: Policy) -> InterventionLift:
    """What one of these arms, one does not know which, does to a customer; at least one."""
    total = sum(match.closeness for match in matches)
    weights = [match.closeness / total for match in matches]
    mean = sum(w * m.expected.mean for w, m in zip(weights, matches, strict=True))
    spread = (
        w * (_variance(m.expected) + (m.expected.mean - mean) ** 2) for w, m in zip(weights, matches, strict=True)
    )
    margin = Z90 * math.sqrt(sum(spread))
    return InterventionLift(
        kind=kind,
        mean_minor=mean,
        low_minor=mean - margin,
        high_minor=mean + margin,
        window_days=max(match.campaign.window_days for match in matches),
        campaigns=tuple(dict.fromkeys(match.campaign.campaign_id for match in matches)),
        randomised=all(match.campaign.evidence_kind in ("randomised", "simulated") for match in matches),
        cost_minor=sum(w * cost_of(m, policy) for w, m in zip(weights, matches, strict=True)),
    )


def _variance(lift: Lift) -> float:
    return ((lift.high - lift.low) / (2 * Z90)) ** 2
