"""The actions that are weighed against each other, in expected margin per customer."""

from collections.abc import Sequence
from typing import NamedTuple

from app.profile.schemas import Profile
from app.retrieval.schemas import CampaignMatch, Channel
from app.strategy.policy import Policy
from app.strategy.power import Measurement
from app.strategy.schemas import Candidate

NO_CONTACT = Candidate(action="no_contact", expected=0.0, low=0.0, high=0.0)
"""Doing nothing: by definition nothing incremental, and surely so."""


class Weighed(NamedTuple):
    """A past arm as an action for this customer."""

    candidate: Candidate
    match: CampaignMatch

    @property
    def smaller_group(self) -> int:
        """Customers in the smaller of the two groups that the lift was measured on."""
        return smaller_group(self.match)


def smaller_group(match: CampaignMatch) -> int:
    """Customers in the smaller of the two groups that a lift was measured on."""
    return min(match.lift.treated_n, match.lift.control_n)


def weigh(matches: Sequence[CampaignMatch], policy: Policy) -> list[Weighed]:
    """Every matched arm as a candidate, in the order of the ranking.

    margin = m * lift - cost, m the declared default margin; the 90% interval of the lift carries over. The
    cost is what the arm's outcome recorded per customer, else the channel's price plus the offer's amount
    for every buyer.
    """
    return [Weighed(_candidate(match, policy), match) for match in matches]


def best_first(weighed: Sequence[Weighed]) -> list[Weighed]:
    """The actions that are better than no contact even at their lower bound, highest bound first."""
    winners = [w for w in weighed if w.candidate.low > NO_CONTACT.low]
    return sorted(winners, key=lambda w: (-w.candidate.low, w.candidate.action))


def first_test(profile: Profile, test: Measurement, channel: Channel, policy: Policy) -> Candidate:
    """A first test: it surely costs a message; at best it brings the effect that it can find."""
    cost = policy.contact_cost_minor[channel]
    basket = profile.rfm.total / profile.rfm.orders if profile.rfm else 0.0
    gain = policy.default_margin * test.effect * basket
    return Candidate(action="first_test", expected=0.0 - cost, low=0.0 - cost, high=gain - cost)


def _candidate(match: CampaignMatch, policy: Policy) -> Candidate:
    cost = cost_of(match, policy)
    expected, low, high = (
        policy.default_margin * lift - cost for lift in (match.expected.mean, match.expected.low, match.expected.high)
    )
    action = f"{match.campaign.campaign_id}/{match.arm.arm_id}"
    return Candidate(action=action, expected=expected, low=low, high=high)


def cost_of(match: CampaignMatch, policy: Policy) -> float:
    """What the arm costs per customer, in minor units: as its outcome recorded it, else as the policy declares."""
    if match.cost_per_customer is not None:
        return match.cost_per_customer
    redeemed = match.arm.offer.amount_minor if match.arm.offer else 0
    return policy.contact_cost_minor[match.arm.channel] + redeemed * (match.conversion or 0.0)
