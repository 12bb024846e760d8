"""What the single choice means for a plan: what a customer would be sent, at which cost and for which gain. Pure.

The choice is the one that the customer would get alone: `plan_of`. Of a request on some channels only, past arms on
other channels are not looked at.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

from app.retrieval.schemas import Channel, Offer
from app.strategy.batch.schemas import WhyNot
from app.strategy.batch.totals import Expected
from app.strategy.choose import Choice
from app.strategy.evidence import failures, shown
from app.strategy.gate.schemas import Rule
from app.strategy.plan import Plan, plan_of
from app.strategy.request import StrategyRequest
from app.strategy.weigh import NO_OFFER, cost_of

FIRST_TEST = "first_test"
_FREQUENCY = {Rule.FREQUENCY, Rule.CHANNEL_FREQUENCY, Rule.BIG_SALE}


class Offering(NamedTuple):
    """What one customer would get."""

    customer_id: str
    request: StrategyRequest
    plan: Plan
    channel: Channel
    offer: Offer | None
    stands_on: str
    """The past campaign whose error it shares; `first_test` without one."""
    window_days: int | None
    cost: float
    """Expected, minor units."""
    profit: Expected
    lift: Expected


class Nothing(NamedTuple):
    """Why one customer gets nothing."""

    customer_id: str
    why: WhyNot


def on_channels(request: StrategyRequest, channels: Collection[Channel]) -> StrategyRequest:
    """The request with past arms, and a first test, on these channels only; on all when none is named."""
    if not channels:
        return request
    matches = tuple(match for match in request.retrieval.matches if match.arm.channel in channels)
    tests = tuple(c for c in request.policy.first_test.channels if c in channels) or tuple(channels)
    first_test = request.policy.first_test.model_copy(update={"channels": tests})
    return replace(
        request,
        retrieval=request.retrieval.model_copy(update={"matches": matches}),
        policy=request.policy.model_copy(update={"first_test": first_test}),
    )


def offering_of(customer_id: str, request: StrategyRequest | None, channels: Collection[Channel]) -> Offering | Nothing:
    """What somebody would get, or why nothing."""
    if request is None:
        return Nothing(customer_id, "unknown")
    narrowed = on_channels(request, channels)
    plan = plan_of(narrowed)
    if plan.message.channel is None:
        return Nothing(customer_id, _why_not(plan.choice))
    if channels and plan.message.channel not in channels:
        return Nothing(customer_id, _closed(plan.choice) or "channel")
    return _offering(customer_id, narrowed, plan, plan.message.channel)


def _offering(customer_id: str, request: StrategyRequest, plan: Plan, channel: Channel) -> Offering:
    choice, margin = plan.choice, request.terms.margin
    chosen, match = choice.chosen, choice.match
    alone = match is None or chosen.action.endswith(NO_OFFER)
    cost = request.policy.contact_cost_minor[channel] if match is None or alone else cost_of(match, request.policy)
    mean, low, high = ((value + cost) / margin for value in (chosen.expected, chosen.low, chosen.high))
    return Offering(
        customer_id=customer_id,
        request=_lighter(request, choice),
        plan=plan,
        channel=channel,
        offer=plan.message.offer,
        stands_on=match.campaign.campaign_id if match else FIRST_TEST,
        window_days=match.campaign.window_days if match else None,
        cost=cost,
        profit=Expected(mean=chosen.expected, low=chosen.low, high=chosen.high),
        lift=Expected(mean=mean, low=low, high=high),
    )


def _lighter(request: StrategyRequest, choice: Choice) -> StrategyRequest:
    """The request with the arms that were weighed and those that failed: a plan holds one for each of its customers."""
    retrieval = request.retrieval
    left = shown(retrieval, choice.candidates).model_copy(update={"warnings": failures(retrieval)})
    return replace(request, retrieval=left)


def _closed(choice: Choice) -> WhyNot | None:
    """What closed the channels that the choice wanted first; None when nothing did."""
    fired = {firing.rule for firing in choice.fired}
    if fired & _FREQUENCY:
        return "frequency"
    return "no_consent" if Rule.CONSENT in fired else None


def _why_not(choice: Choice) -> WhyNot:
    match choice.reason:
        case "no_channel":
            return _closed(choice) or "no_consent"
        case "from_outcomes" | "first_test":
            return "unfit"
        case reason:
            return reason
