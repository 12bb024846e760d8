"""When and how to reach somebody: open channels, the hour that fits their habit, how they answered before."""

from datetime import datetime

import numpy as np

from app.assistant.asking import Asking
from app.assistant.tools.audience import Audience, Who, audience_of
from app.assistant.tools.counting import OUTGOING
from app.assistant.tools.customer import CustomerRef, person
from app.pipeline import Pipeline
from app.profile.schemas import Rhythm
from app.retrieval.schemas import Channel
from app.schema import Frozen, Lang
from app.strategy.audiences.crowd import numbers, words
from app.strategy.gate.contact import open_channels, suppressed, with_consent
from app.strategy.timing import Habit, best_moment, next_due


class ReachCustomer(Frozen):
    """One customer, and perhaps the channel that is meant."""

    customer: CustomerRef
    channel: Channel | None = None


class ChannelMoment(Frozen):
    """One way to reach a customer."""

    channel: Channel
    open: bool
    """Whether consent and the caps allow a message now."""
    agreed: bool
    at: datetime | None
    """The best moment; None on a channel that is closed."""
    habit: Habit | None
    """What the moment rests on."""
    peak_hour: int | None
    answers: float | None
    """How they answer there over the average customer: 1 is usual; None where too little was sent."""


class CustomerReach(Frozen):
    """How one customer is reached."""

    customer_id: str
    suppressed: bool
    """Whether they are never to be contacted."""
    rhythm: Rhythm
    ways: tuple[ChannelMoment, ...]
    """The one that is meant first, then open ones, among them the one that they answer best."""


class ReachGroup(Who):
    """A group; the channel, if one is meant, does not narrow it."""


class GroupReach(Frozen):
    """When a group is about, and on which channels it may be written to."""

    audience: Audience
    customers: int
    reachable: dict[Channel, int]
    hours: dict[int, int]
    """Usual hour -> customers, those with a habit."""
    weekdays: dict[str, int]


def reach_customer(pipeline: Pipeline, asking: Asking, lang: Lang, asked: ReachCustomer) -> CustomerReach:
    """Every channel with the moment that fits; the policy's quiet hours and caps hold."""
    workspace, policy = asking.workspace, pipeline.policy
    customer = person(pipeline, asking, asked.customer)
    request = pipeline.recommender.request(
        workspace, customer.customer_id, as_of=asking.as_of, now=asking.now, lang=lang
    )
    profile = request.profile
    agreed = with_consent(tuple(Channel), profile.consents, policy).value
    open_ = open_channels(Channel, profile.consents, request.contacts, policy).value
    due = next_due(profile.rfm.last_order_at if profile.rfm else None, profile.usual_gap_days)

    def way(channel: Channel) -> ChannelMoment:
        answers = request.answers.get(channel)
        if channel not in open_:
            return ChannelMoment(
                channel=channel, open=False, agreed=channel in agreed, at=None, habit=None, peak_hour=None,
                answers=answers,
            )  # fmt: skip
        moment = best_moment(
            request.activity, channel, after=max(asking.as_of, asking.now), zone=workspace.zone, policy=policy, due=due
        )
        return ChannelMoment(
            channel=channel, open=True, agreed=True, at=moment.at, habit=moment.habit, peak_hour=moment.peak_hour,
            answers=answers,
        )  # fmt: skip

    ways = sorted(map(way, Channel), key=lambda one: (*_placed(one, asked.channel), -(one.answers or 1)))
    return CustomerReach(
        customer_id=customer.customer_id,
        suppressed=bool(suppressed(profile.attributes, policy).value),
        rhythm=profile.rhythm,
        ways=tuple(ways),
    )


def _placed(way: ChannelMoment, wanted: Channel | None) -> tuple[bool, bool, bool]:
    return (wanted is not None and way.channel is not wanted, not way.open, way.channel is Channel.ONSITE)


def reach_group(pipeline: Pipeline, asking: Asking, lang: Lang, asked: ReachGroup) -> GroupReach:
    """How many of a group agreed to each channel, and at which hours and weekdays its members come."""
    audience = audience_of(pipeline, asking, asked.model_copy(update={"channel": None, "period": None}))
    crowd = pipeline.audiences.crowd(asking.workspace, as_of=asking.as_of)

    def rows(expression: str) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        return pipeline.audiences.verdict(asking.workspace, expression, crowd, lang="en").yes

    members = rows(audience.expression)
    hours = numbers(crowd, "usual_hour")[members]
    days = words(crowd, "usual_weekday")
    codes = days.codes[members]
    return GroupReach(
        audience=audience,
        customers=int(members.sum()),
        reachable={channel: int((rows(f"consent({channel})") & members).sum()) for channel in OUTGOING},
        hours={hour: int((hours == hour).sum()) for hour in range(24) if (hours == hour).any()},
        weekdays={name: int((codes == code).sum()) for code, name in enumerate(days.names) if (codes == code).any()},
    )
