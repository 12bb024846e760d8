"""Groups in numbers: how many they are, what they spent, what is expected of them, who may be written to."""

from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.assistant.asking import Asking
from app.assistant.tools.audience import LEAVING, Audience, Who, audience_of, group_of
from app.assistant.tools.periods import Span, span_of
from app.pipeline import Pipeline
from app.profile.segments.evaluate import Bools
from app.retrieval.schemas import Channel
from app.schema import Frozen, Lang
from app.strategy.audiences.crowd import Crowd, numbers, words
from app.strategy.audiences.schemas import RfmMatrix

TOPICS = 3
OUTGOING = tuple(channel for channel in Channel if channel is not Channel.ONSITE)


class TopicCount(Frozen):
    """How many of a group like one topic most."""

    topic: str
    customers: int


class GroupNumbers(Frozen):
    """One group. Means are over those of whom the number is known; None where it is known of nobody."""

    audience: Audience
    customers: int
    of: int
    buyers: int
    spend_minor: int
    spend_share: float
    spend_each: float | None
    """Of the buyers."""
    orders_each: float | None
    order_value: float | None
    """Mean worth of an order."""
    ltv_minor: int | None
    """Sum of the expected spend."""
    ltv_each: float | None
    churn_risk: float | None
    leaving: int
    """Drifting away, by the same threshold as everywhere."""
    days_since_order: float | None
    """Median."""
    discount_share: float | None
    repeat_share: float | None
    """Share of the buyers with two orders or more."""
    reachable: dict[Channel, int]
    """How many agreed to be written to, by channel."""
    topics: tuple[TopicCount, ...]
    """What most of them like best."""


class CompareSegments(Frozen):
    """Two groups side by side."""

    segment: str
    """An RFM class, a saved segment, a segment expression, or value:high, state:leaving, topic:pets and the like."""
    other_segment: str


class Comparison(Frozen):
    """Two groups at one moment."""

    one: GroupNumbers
    other: GroupNumbers
    both: int
    """Customers who are in both."""


class SegmentStats(Who):
    """One group, or the whole shop where nothing narrows it."""


class Turnover(Frozen):
    """What was ordered in some days, and in as many days before."""

    first: datetime
    last: datetime
    orders: int
    orders_before: int
    value_minor: int
    value_before_minor: int
    buyers: int
    buyers_before: int
    newcomers: int
    """Whose first order it was."""
    known_before: bool
    """Whether the data reach as far back as those days before."""


class Stats(Frozen):
    """What is to be said of a group."""

    group: GroupNumbers
    matrix: RfmMatrix | None
    """The eight classes, for the whole shop."""
    turnover: Turnover | None
    """For a period and the whole shop."""


def compare_segments(pipeline: Pipeline, asking: Asking, lang: Lang, asked: CompareSegments) -> Comparison:
    """The numbers of both, and how far they overlap."""
    crowd = pipeline.audiences.crowd(asking.workspace, as_of=asking.as_of)
    found = [group_of(pipeline, asking, ref) for ref in (asked.segment, asked.other_segment)]
    one, other = (_members(pipeline, asking, crowd, audience) for audience in found)
    return Comparison(
        one=_numbers(pipeline, asking, crowd, found[0], one),
        other=_numbers(pipeline, asking, crowd, found[1], other),
        both=int((one & other).sum()),
    )


def segment_stats(pipeline: Pipeline, asking: Asking, lang: Lang, asked: SegmentStats) -> Stats:
    """The numbers of a group; for the whole shop its classes too, and what was ordered in the period."""
    undated = asked if asked.without_order else asked.model_copy(update={"period": None})
    audience = audience_of(pipeline, asking, undated)
    crowd = pipeline.audiences.crowd(asking.workspace, as_of=asking.as_of)
    span = span_of(asked.period, as_of=asking.as_of, zone=asking.workspace.zone)
    if span and not audience.everybody:
        audience = audience_of(pipeline, asking, asked)
    return Stats(
        group=_numbers(pipeline, asking, crowd, audience, _members(pipeline, asking, crowd, audience)),
        matrix=pipeline.audiences.matrix(asking.workspace, as_of=asking.as_of) if audience.everybody else None,
        turnover=_turnover(pipeline, asking, span) if span and audience.everybody else None,
    )


def _members(pipeline: Pipeline, asking: Asking, crowd: Crowd, audience: Audience) -> Bools:
    return pipeline.audiences.verdict(asking.workspace, audience.expression, crowd, lang="en").yes


def _numbers(pipeline: Pipeline, asking: Asking, crowd: Crowd, audience: Audience, rows: Bools) -> GroupNumbers:
    def asked(expression: str) -> int:
        return int((pipeline.audiences.verdict(asking.workspace, expression, crowd, lang="en").yes & rows).sum())

    orders, spend, ltv = (numbers(crowd, name)[rows] for name in ("orders", "spend", "ltv"))
    bought, all_spent = orders > 0, float(np.nansum(numbers(crowd, "spend")))
    expected = ltv[np.isfinite(ltv)]
    return GroupNumbers(
        audience=audience,
        customers=int(rows.sum()),
        of=crowd.size,
        buyers=int(bought.sum()),
        spend_minor=round(float(np.nansum(spend))),
        spend_share=float(np.nansum(spend)) / all_spent if all_spent else 0.0,
        spend_each=_mean(spend[bought]),
        orders_each=_mean(orders[bought]),
        order_value=float(np.nansum(spend[bought]) / orders[bought].sum()) if bought.any() else None,
        ltv_minor=round(float(expected.sum())) if len(expected) else None,
        ltv_each=_mean(ltv),
        churn_risk=_mean(numbers(crowd, "churn_risk")[rows]),
        leaving=asked(LEAVING),
        days_since_order=_median(numbers(crowd, "days_since_order")[rows]),
        discount_share=_mean(numbers(crowd, "discount_share")[rows]),
        repeat_share=_mean((orders[bought] >= 2).astype(np.float64)),
        reachable={channel: asked(f"consent({channel})") for channel in OUTGOING},
        topics=_topics(crowd, rows),
    )


def _topics(crowd: Crowd, rows: Bools) -> tuple[TopicCount, ...]:
    found = words(crowd, "top_interest")
    codes = found.codes[rows]
    counts = np.bincount(codes[codes >= 0], minlength=len(found.names))
    best = sorted(range(len(counts)), key=lambda code: (-counts[code], found.names[code]))[:TOPICS]
    return tuple(TopicCount(topic=found.names[code], customers=int(counts[code])) for code in best if counts[code])


class _Days(NamedTuple):
    """What was ordered in some days."""

    orders: int
    value: int
    buyers: frozenset[str]


def _turnover(pipeline: Pipeline, asking: Asking, span: Span) -> Turnover:
    workspace, zone = asking.workspace, asking.workspace.zone
    orders = pipeline.log.order_totals(workspace.workspace_id, until=asking.as_of)
    owners = pipeline.identity.owners(workspace.workspace_id)
    dated = [(order.occurred_at, order.amount, owners.of(order.subject, order.occurred_at)) for order in orders]

    def within(days: Span) -> _Days:
        start, end = days.moments(zone)
        found = [one for one in dated if start <= one[0] <= end]
        return _Days(len(found), sum(amount for _, amount, _ in found), frozenset(owner for *_, owner in found))

    now, before = within(span), within(span.before())
    start, end = span.moments(zone)
    earlier = {owner for at, _, owner in dated if at < start}
    return Turnover(
        first=start,
        last=min(end, asking.as_of),
        orders=now.orders,
        orders_before=before.orders,
        value_minor=now.value,
        value_before_minor=before.value,
        buyers=len(now.buyers),
        buyers_before=len(before.buyers),
        newcomers=len(now.buyers - earlier),
        known_before=bool(dated) and min(at for at, *_ in dated) <= span.before().moments(zone)[0],
    )


def _mean(values: NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def _median(values: NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None
