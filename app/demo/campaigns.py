"""The shop's past campaigns: who was eligible, who was drawn into which arm, and what the log's customers did.

Assignment is random with a holdout. What all addressed customers did together is summed up in `outcomes.py`, from
the same response model.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from functools import cache, cached_property
from math import fsum
from typing import Literal, NamedTuple

from pydantic import TypeAdapter

from app.demo.ageing import Sending, Wear
from app.demo.calendar import DAY_MS, HOUR_MS, SHANGHAI, Calendar
from app.demo.dice import Dice
from app.demo.parameters import Parameters, load_yaml
from app.demo.plans import Plan, Planner
from app.demo.response import Answer, Message, answer
from app.demo.translations import translations
from app.profile.schemas import RfmClass
from app.profile.sums.rfm import Limits, Standing, classify, limits_of
from app.retrieval.schemas import Arm, Channel, Offer, OfferType
from app.schema import Frozen

CAMPAIGNS_PLACE = 4
_SENDING_HOURS = 0.5


class OfferSpec(NamedTuple):
    """An offer in yuan."""

    type: OfferType
    yuan: int
    threshold: int
    days: int


class ArmSpec(Frozen):
    """One variant. What it leaves out is the campaign's; `about` is the topic it truly speaks of."""

    arm_id: str = ""
    channel: Channel
    about: str = ""
    themes: tuple[str, ...] = ()
    timing: str = ""
    offer: OfferSpec | None = None

    @property
    def name(self) -> str:
        """Its own name, or its channel and offer."""
        return self.arm_id or f"{self.channel}-{self.offer.type if self.offer else 'plain'}"


class CampaignSpec(Frozen):
    """One entry of past_campaigns.yaml."""

    id: str
    title: str
    objective: Literal["win_back", "retain", "grow", "welcome", "cross_sell", "reactivate_cart"]
    topics: tuple[str, ...]
    rfm: tuple[RfmClass, ...] = ()
    joined_within: int | None = None
    starts: str
    window: int
    holdout: float
    share: float
    about: str = ""
    themes: tuple[str, ...] = ()
    timing: str = ""
    arms: tuple[ArmSpec, ...]

    @property
    def campaign_id(self) -> str:
        """Sorts by time."""
        return f"{self.starts_at:%y%m%d}-{self.id}"

    @property
    def starts_at(self) -> datetime:
        """When the messages went out."""
        return datetime.strptime(self.starts, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)


class Touch(NamedTuple):
    """A message that a customer was sent, and their answer."""

    campaign_id: str
    arm: Arm
    about: str
    sent_ms: int
    answer: Answer
    order_day: int
    """Day of the additional order, if the answer is one."""
    basket: float
    """Its value in fen."""


@cache
def campaign_specs() -> tuple[CampaignSpec, ...]:
    """All past campaigns, in order of time."""
    specs = TypeAdapter(tuple[CampaignSpec, ...]).validate_python(load_yaml("past_campaigns.yaml"))
    return tuple(sorted(specs, key=lambda spec: (spec.starts_at, spec.id)))


class Run(NamedTuple):
    """A campaign placed in the calendar; `limits` draw the lines between RFM classes on its day."""

    spec: CampaignSpec
    start_ms: int
    day: int
    messages: tuple[Message, ...]
    """One for each arm."""
    interest: float
    """Share of interest in the campaign's topics from which it is meant for somebody."""
    limits: Limits | None

    @property
    def window(self) -> range:
        """Days whose orders count."""
        return range(self.day + 1, self.day + self.spec.window)


class PastCampaigns:
    """All past campaigns of one shop, over the base of its customers."""

    def __init__(self, seed: int, calendar: Calendar, parameters: Parameters, planner: Planner) -> None:
        """Nothing is drawn until asked for."""
        self._seed = seed
        self._calendar = calendar
        self._parameters = parameters
        self._planner = planner

    def touches(self, plan: Plan) -> tuple[Touch, ...]:
        """What one customer had to do with the campaigns, in their order; nobody is written to too often."""
        dice = Dice(self._seed, CAMPAIGNS_PLACE, plan.customer.index)
        touches: list[Touch] = []
        for run in self.runs:
            touch = self._touch(plan, run, dice)
            if touch is not None and not self._is_too_much(touch, touches):
                touches.append(touch)
        return tuple(touches)

    @cached_property
    def wear(self) -> Wear:
        """What these campaigns have worn out."""
        return Wear(_sendings(self._calendar), self._parameters.response.ageing)

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """All campaigns, in order of time."""
        return tuple(self.run(spec) for spec in campaign_specs())

    def run(self, spec: CampaignSpec, day: int | None = None) -> Run:
        """A campaign on its own day, or as if it were sent on another, at the same time of day."""
        start_ms = self._calendar.moment(spec.starts_at)
        if day is not None:
            start_ms = day * DAY_MS + start_ms % DAY_MS
        day = start_ms // DAY_MS
        standings = [_standing(plan, day) for plan in self._sample] if spec.rfm else []
        limits = limits_of(standing for standing in standings if standing is not None)
        messages = tuple(self._message(arm, spec, day) for arm in spec.arms)
        return Run(spec, start_ms, day, messages, self._parameters.campaign_interest, limits)

    @cached_property
    def _sample(self) -> tuple[Plan, ...]:
        return tuple(map(self._planner.plan, range(self._parameters.rfm_sample)))

    def _message(self, arm: ArmSpec, campaign: CampaignSpec, day: int) -> Message:
        about = arm.about or campaign.about
        return Message(_arm(arm, campaign), about, day, self.wear.freshness(arm.channel, about, day), campaign.window)

    def _touch(self, plan: Plan, run: Run, dice: Dice) -> Touch | None:
        spec, model = run.spec, self._parameters.response
        message = dice.pick(run.messages)
        if not dice.chance(spec.share) or dice.chance(spec.holdout):
            return None
        if not may_reach(plan, message.arm.channel, run) or not is_meant_for(plan, run):
            return None
        sent_ms = _sent_ms(plan, message.arm, run, dice.between(0.0, _SENDING_HOURS))
        if sent_ms is None:
            return None
        return Touch(
            campaign_id=spec.campaign_id,
            arm=message.arm,
            about=message.about,
            sent_ms=sent_ms,
            answer=answer(plan, message._replace(window=None), model, dice),
            order_day=sent_ms // DAY_MS + dice.whole(*model.buys_days),
            basket=dice.log_normal(plan.customer.basket, self._parameters.customer.basket_sigma_within),
        )

    def _is_too_much(self, touch: Touch, earlier: list[Touch]) -> bool:
        since_ms = touch.sent_ms - self._parameters.campaign_cap_days * DAY_MS
        lately = [one for one in earlier if one.sent_ms > since_ms and one.arm.channel is not Channel.ONSITE]
        return touch.arm.channel is not Channel.ONSITE and len(lately) >= self._parameters.campaign_cap


def _sendings(calendar: Calendar) -> Iterator[Sending]:
    for spec in campaign_specs():
        day, share = calendar.moment(spec.starts_at) // DAY_MS, spec.share * (1 - spec.holdout) / len(spec.arms)
        yield from (Sending(day, arm.channel, arm.about or spec.about, share) for arm in spec.arms)


def is_meant_for(plan: Plan, run: Run) -> bool:
    """True when the campaign is about what this customer wants, and for customers like them."""
    spec, customer, day = run.spec, plan.customer, run.day
    if customer.joined >= day or (spec.joined_within and day - customer.joined > spec.joined_within):
        return False
    if spec.topics and not _wants(plan, spec.topics, day, run.interest):
        return False
    return not spec.rfm or _rfm_class(plan, run) in spec.rfm


def may_reach(plan: Plan, channel: Channel, run: Run) -> bool:
    """True when they consent to the channel; a card waits for everybody."""
    return plan.customer.consents_to(channel, run.day)


def _wants(plan: Plan, topics: tuple[str, ...], day: int, least: float) -> bool:
    interests = plan.customer.stage_at(day).topics
    return fsum(interests.get(topic, 0.0) for topic in topics) >= least


def _sent_ms(plan: Plan, arm: Arm, run: Run, hours: float) -> int | None:
    """A card waits for the next visit, None if there is none; messages go out over half an hour."""
    if arm.channel is not Channel.ONSITE:
        return run.start_ms + round(hours * HOUR_MS)
    day = next((visit for visit in plan.visit_days if visit in run.window), None)
    return None if day is None else day * DAY_MS + round((19 + hours) * HOUR_MS)


def _rfm_class(plan: Plan, run: Run) -> RfmClass | None:
    standing = _standing(plan, run.day)
    return None if standing is None or run.limits is None else classify(standing, run.limits)


def _standing(plan: Plan, day: int) -> Standing | None:
    """Recency, frequency and money up to a day; None before the first order."""
    count = bisect_right(plan.order_days, day)
    return Standing(day - plan.order_days[count - 1], count, fsum(plan.baskets[:count])) if count else None


def _arm(spec: ArmSpec, campaign: CampaignSpec) -> Arm:
    offer = spec.offer and Offer(
        type=spec.offer.type,
        amount_minor=spec.offer.yuan * 100,
        threshold_minor=spec.offer.threshold * 100,
        expires_in=spec.offer.days,
    )
    themes = spec.themes or campaign.themes
    return Arm(
        arm_id=spec.name,
        channel=spec.channel,
        offer=offer,
        themes=themes,
        translated_themes=translations().of_themes(themes),
        timing=spec.timing or campaign.timing,
        propensity=round((1 - campaign.holdout) / len(campaign.arms), 4),
    )
