"""What an offer must keep: a margin, and the budget. Nothing here can read the customer."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from app.retrieval.schemas import Offer
from app.strategy.gate.margins import Margin
from app.strategy.gate.policy import Policy
from app.strategy.gate.schemas import Amount, Fact, Firing, Rule, Ruling, Share

_WHOLE_UNIT = 100
"""Thresholds are raised to whole hundreds of minor units, as a shop would print them."""


class Spent(NamedTuple):
    """What redeemed offers have cost or are promised to cost, minor units."""

    month: float = 0.0
    """In this calendar month, over the whole workspace."""
    by_campaign: Mapping[str, float] = MappingProxyType({})


NOTHING_SPENT = Spent()


def capped_offer(offer: Offer | None, margin: Margin, policy: Policy) -> Ruling[Offer | None]:
    """The offer with a threshold high enough to keep the margin floor.

    amount <= (margin - floor) * threshold; a lower threshold is raised, the amount stays. Goods whose margin is no
    higher than the floor bear no offer at all.
    """
    if offer is None or offer.amount_minor == 0:
        return Ruling(offer)
    room = margin.share - policy.offer.margin_floor
    if room <= 0:
        withheld: dict[str, Fact] = {"margin": Share(margin.share), "floor": Share(policy.offer.margin_floor)}
        return Ruling(None, (Firing(Rule.OFFER_WITHHELD, withheld),))
    needed = offer.amount_minor / room
    if offer.threshold_minor >= needed - 1e-6:
        return Ruling(offer)
    # The tolerance keeps 60 / (0.30 - 0.10) at 300: in floating point it comes out a hair above.
    threshold = math.ceil(needed / _WHOLE_UNIT - 1e-9) * _WHOLE_UNIT
    facts: dict[str, Fact] = {
        "amount": Amount(offer.amount_minor),
        "was": Amount(offer.threshold_minor),
        "now": Amount(threshold),
    }
    return Ruling(offer.model_copy(update={"threshold_minor": threshold}), (Firing(Rule.OFFER_CAP, facts),))


def within_budget(
    offer: Offer | None, redeemed: float, campaign_id: str, spent: Spent, policy: Policy
) -> Ruling[Offer | None]:
    """The offer, unless what it is expected to cost is more than is left this month or for its campaign.

    `redeemed` is the share of such customers who take it up; expected cost = amount * redeemed.
    """
    left = _left(campaign_id, spent, policy)
    if offer is None or left is None:
        return Ruling(offer)
    expected = offer.amount_minor * redeemed
    if expected <= left:
        return Ruling(offer)
    facts: dict[str, Fact] = {"expected": Amount(expected), "left": Amount(max(left, 0.0))}
    return Ruling(None, (Firing(Rule.BUDGET, facts),))


def _left(campaign_id: str, spent: Spent, policy: Policy) -> float | None:
    """What may still be spent, by the tighter of both budgets; None without any."""
    budget = policy.budget
    month = None if budget.month_minor is None else budget.month_minor - spent.month
    campaign = None
    if budget.campaign_minor is not None:
        campaign = budget.campaign_minor - spent.by_campaign.get(campaign_id, 0.0)
    return min((left for left in (month, campaign) if left is not None), default=None)
