"""Whom to write to, how and about what, by rules that need no engine. All obey the same consent and frequency."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from app.profile.schemas import RfmClass
from app.retrieval.outcomes import is_measured, measured_lift
from app.retrieval.schemas import Arm, Case, Channel, Offer, OfferType, Outcome
from evals.scorers.profit import Contact

LEAST_GROUP = 500
"""Customers on each side from which an operator believes a test."""


class Habit(NamedTuple):
    """What one of the eight classes gets: the first open channel, and an offer or none."""

    channels: tuple[Channel, ...]
    offer: Offer | None


def _offer(kind: OfferType, yuan: int, threshold: int) -> Offer:
    return Offer(type=kind, amount_minor=yuan * 100, threshold_minor=threshold * 100)


_TALKS = (Channel.WECHAT, Channel.PUSH, Channel.EMAIL, Channel.ONSITE)
_PUSHES = (Channel.PUSH, Channel.WECHAT, Channel.EMAIL, Channel.ONSITE)
_CALLS = (Channel.SMS, Channel.WECHAT, Channel.PUSH, Channel.EMAIL, Channel.ONSITE)
HABITS: Mapping[RfmClass, Habit] = {
    RfmClass.IMPORTANT_VALUE: Habit(_TALKS, None),
    RfmClass.GENERAL_VALUE: Habit(_PUSHES, None),
    RfmClass.IMPORTANT_DEVELOP: Habit(_TALKS, _offer(OfferType.FREE_SHIPPING, 12, 99)),
    RfmClass.GENERAL_DEVELOP: Habit(_PUSHES, _offer(OfferType.FREE_SHIPPING, 12, 99)),
    RfmClass.IMPORTANT_KEEP: Habit(_TALKS, _offer(OfferType.COUPON, 30, 259)),
    RfmClass.GENERAL_KEEP: Habit(_PUSHES, _offer(OfferType.COUPON, 15, 129)),
    RfmClass.IMPORTANT_WIN_BACK: Habit(_CALLS, _offer(OfferType.COUPON, 60, 399)),
    RfmClass.GENERAL_WIN_BACK: Habit(_CALLS, _offer(OfferType.COUPON, 25, 129)),
}
"""As an experienced operator would write it down: new arrivals of their favourite topic for those who buy, a nudge to
the second order for the new, a coupon for the slowing, a strong one by text message for those who left."""


def rfm8(rfm_class: RfmClass | None, interest: str, channels: Sequence[Channel]) -> Contact | None:
    """The habit of a class, about what the customer is most interested in; whoever never ordered has no class."""
    if rfm_class is None:
        return None
    habit = HABITS[rfm_class]
    channel = next((channel for channel in habit.channels if channel in channels), None)
    return None if channel is None else Contact(channel, habit.offer, interest)


def best_single(cases: Iterable[Case], margin: float, reach: Mapping[Channel, float], *, as_of: datetime) -> str:
    """The past arm with the best measured profit per customer of the shop, as `campaign_id/arm_id`.

    profit = (margin * measured lift - recorded cost per treated customer) * share of customers who can be reached.
    ValueError without any measured arm.
    """
    measured = {
        f"{case.campaign.campaign_id}/{arm.arm_id}": _profit(outcome, margin) * reach[arm.channel]
        for case in cases
        if case.campaign.ends_at <= as_of
        for arm in case.campaign.arms
        if (outcome := _outcome(case, arm)) is not None
    }
    return max(measured, key=lambda name: measured[name])


def _outcome(case: Case, arm: Arm) -> Outcome | None:
    """What the arm did to all its customers, when there were enough of them."""
    return next(
        (
            outcome
            for outcome in case.outcomes
            if (outcome.arm_id, outcome.segment) == (arm.arm_id, "all")
            and is_measured(outcome)
            and min(outcome.treated_n, outcome.control_n) >= LEAST_GROUP
        ),
        None,
    )


def _profit(outcome: Outcome, margin: float) -> float:
    return margin * measured_lift(outcome).mean - outcome.cost_minor / outcome.treated_n
