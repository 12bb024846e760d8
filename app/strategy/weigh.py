"""The actions that are weighed against each other, in expected margin per customer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from app.retrieval.schemas import CampaignMatch, Channel, Lift
from app.strategy.gate.policy import Policy
from app.strategy.power import Measurement
from app.strategy.schemas import Candidate

NO_CONTACT = Candidate(action="no_contact", expected=0.0, low=0.0, high=0.0)
"""Doing nothing: by definition nothing incremental, and surely so."""

NO_OFFER = "/no_offer"
"""Ends the name of an arm that is sent without its offer."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What an action is worth here; nothing in it says what the customer spends, since when, or where."""

    margin: float
    """Share of additional order value that is left once the goods are paid."""
    reach: float = 1.0
    """Chance that they come by for a card on the site, over that of the customers whom past cards were measured on."""
    response: Mapping[str, float] = field(default_factory=dict)
    """`campaign_id/arm_id` -> how such a customer answers this arm, over the average one; 1 where nothing is known."""


class Weighed(NamedTuple):
    """A past arm as an action for this customer."""

    candidate: Candidate
    match: CampaignMatch
    times: float
    """What a unit of lift is worth here."""
    cost: float
    step: int
    """How far it goes: 0 for a card for those who come by the site, 1 for a message, 2 for giving something away."""

    @property
    def smaller_group(self) -> int:
        """Customers in the smaller of the two groups that the lift was measured on."""
        return smaller_group(self.match)

    @property
    def kind(self) -> tuple[Channel, str]:
        """Channel and type of offer: actions of one kind look alike to the customer."""
        return self.match.arm.channel, self.match.arm.offer.type if self.match.arm.offer else ""


def smaller_group(match: CampaignMatch) -> int:
    """Customers in the smaller of the two groups that a lift was measured on."""
    return min(match.lift.treated_n, match.lift.control_n)


def weigh(matches: Sequence[CampaignMatch], terms: Terms, policy: Policy) -> list[Weighed]:
    """Every matched arm as a candidate, in the order of the ranking, and without its offer where it has one.

    margin = m * r * lift - cost: lift is what to expect of the arm when it speaks of the customer's own topics, with
    its 90% interval; r is the reach for a card on the site, times the customer's response. The cost is what the arm's
    outcome recorded per customer, else the channel's price plus the offer's amount for every buyer.
    """
    return [weighed for match in matches for weighed in _ways(match, terms, policy)]


def best_first(weighed: Iterable[Weighed]) -> list[Weighed]:
    """The actions that are better than no contact even at their lower bound, highest expectation first."""
    winners = [w for w in weighed if w.candidate.low > NO_CONTACT.low]
    return sorted(winners, key=_rank)


def best_of_kinds(weighed: Iterable[Weighed]) -> list[Weighed]:
    """The best of each kind, highest expectation first."""
    found: dict[tuple[str, str], Weighed] = {}
    for one in sorted(weighed, key=_rank):
        found.setdefault(one.kind, one)
    return list(found.values())


def first_test(basket: float, test: Measurement, channel: Channel, terms: Terms, policy: Policy) -> Candidate:
    """A first test: it surely costs a message; at best it brings the effect that it can find on the shop's basket."""
    cost = policy.contact_cost_minor[channel]
    gain = terms.margin * test.effect * basket
    return Candidate(action="first_test", expected=0.0 - cost, low=0.0 - cost, high=gain - cost)


def action_of(match: CampaignMatch) -> str:
    """The name of an arm as an action."""
    return f"{match.campaign.campaign_id}/{match.arm.arm_id}"


def cost_of(match: CampaignMatch, policy: Policy) -> float:
    """What the arm costs per customer, in minor units: as its outcome recorded it, else as the policy declares."""
    if match.cost_per_customer is not None:
        return match.cost_per_customer
    redeemed = match.arm.offer.amount_minor if match.arm.offer else 0
    return policy.contact_cost_minor[match.arm.channel] + redeemed * (match.conversion or 0.0)


def _ways(match: CampaignMatch, terms: Terms, policy: Policy) -> Iterator[Weighed]:
    action = action_of(match)
    times, waits = terms.margin * terms.response.get(action, 1.0), match.arm.channel is Channel.ONSITE
    if waits:
        times *= terms.reach
    bare = 0 if waits and terms.reach >= policy.onsite.least_reach else 1
    yield _weighed(
        action, match, match.reworded or match.expected, times, cost_of(match, policy), 2 if match.arm.offer else bare
    )
    if match.plain is not None:
        plain = match.model_copy(update={"arm": match.arm.model_copy(update={"offer": None})})
        yield _weighed(action + NO_OFFER, plain, match.plain, times, policy.contact_cost_minor[match.arm.channel], bare)


def _weighed(action: str, match: CampaignMatch, lift: Lift, times: float, cost: float, step: int) -> Weighed:
    expected, low, high = (times * value - cost for value in (lift.mean, lift.low, lift.high))
    return Weighed(Candidate(action=action, expected=expected, low=low, high=high), match, times, cost, step)


def _rank(weighed: Weighed) -> tuple[float, str]:
    return -weighed.candidate.expected, weighed.candidate.action
