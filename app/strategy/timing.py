"""When to send: when this customer is usually about and due to order, and the channel may speak."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field

from app.retrieval.schemas import Channel
from app.schema import Frozen
from app.strategy.gate.policy import Policy

MIN_EVENTS = 5
"""Below this there is no habit to speak of."""

_DAYS_BEFORE = 2
"""A message comes in the days before the next order is due, so that it is there when they choose."""


class Activity(Frozen):
    """How often the customer was active by hour of the day and day of the week, in local time."""

    hours: Annotated[tuple[int, ...], Field(min_length=24, max_length=24)] = (0,) * 24
    weekdays: Annotated[tuple[int, ...], Field(min_length=7, max_length=7)] = (0,) * 7
    """Monday first."""


class Habit(StrEnum):
    """What the choice of a moment rests on; each has its sentence in the wording files."""

    OWN_RHYTHM = "own_rhythm"
    NEXT_BEST = "next_best"
    """The own rhythm, but the best hour of all lies in quiet hours."""
    DUE = "due"
    """The own rhythm, in the days before the next order is due."""
    DUE_UNKNOWN = "due_unknown"
    """Before the next order is due; the hour is the policy's."""
    UNKNOWN = "unknown"
    NEXT_VISIT = "next_visit"
    """On site: whenever they come, and they usually come at some hour."""
    NEXT_VISIT_UNKNOWN = "next_visit_unknown"
    SERVICE_FIRST = "service_first"
    """Nothing is sent: service gets in touch, then one looks again."""
    AGAIN_WHEN_DUE = "again_when_due"
    """Nothing is sent: one looks again when the next order is due."""
    AGAIN_LATER = "again_later"


class Moment(NamedTuple):
    """When, and why then."""

    at: datetime
    habit: Habit
    peak_hour: int
    """The hour in which the customer is most active; the policy's default when unknown."""
    due: "Due | None" = None
    """The next order, where the moment was chosen by it."""


class Due(NamedTuple):
    """When the next order is to be expected, from the usual gap between purchases."""

    at: datetime
    gap_days: float


def activity_of(moments: Iterable[datetime], zone: ZoneInfo) -> Activity:
    """Count moments by local hour and weekday."""
    local = [moment.astimezone(zone) for moment in moments]
    hours, weekdays = Counter(m.hour for m in local), Counter(m.weekday() for m in local)
    return Activity(hours=tuple(hours[h] for h in range(24)), weekdays=tuple(weekdays[d] for d in range(7)))


def next_due(last_order_at: datetime | None, gap_days: float | None) -> Due | None:
    """When the next order is due; None without a rhythm of orders."""
    if last_order_at is None or gap_days is None:
        return None
    return Due(last_order_at + timedelta(days=gap_days), gap_days)


def best_moment(
    activity: Activity,
    channel: Channel,
    *,
    after: datetime,
    zone: ZoneInfo,
    policy: Policy,
    within_hours: int | None = None,
    due: Due | None = None,
) -> Moment:
    """The slot within `within_hours`, else within the policy's horizon, that scores highest; of equals, the first.

    score = h(hour) * w(weekday) with h the hourly count smoothed over its neighbours (1/4, 1/2, 1/4,
    circular) and w = (count + 1) / (n + 7), so that a weekday must be clearly better to be worth waiting
    for. When an order is due within the horizon, only the days up to it are looked at.
    """
    known = sum(activity.hours) >= MIN_EVENTS
    hours = _smoothed(activity.hours)
    peak = max(range(24), key=lambda h: (hours[h], -h)) if known else policy.timing.default_hour
    if channel is Channel.ONSITE:
        return Moment(after, Habit.NEXT_VISIT if known else Habit.NEXT_VISIT_UNKNOWN, peak)
    hours_ahead = within_hours or 24 * policy.timing.horizon_days
    slots = list(_slots(channel, after, zone, policy, until=after + timedelta(hours=hours_ahead)))
    before = _before(due, slots) if within_hours is None else []
    slots, due = before or slots, due if before else None
    if not known:
        return Moment(_first_at(slots, peak).astimezone(UTC), Habit.DUE_UNKNOWN if due else Habit.UNKNOWN, peak, due)
    weights = [hours[slot.hour] * (activity.weekdays[slot.weekday()] + 1) for slot in slots]
    best = slots[weights.index(max(weights))]
    silent = policy.quiet_hours.silence(channel, time(peak))
    habit = Habit.DUE if due else Habit.NEXT_BEST if silent else Habit.OWN_RHYTHM
    return Moment(best.astimezone(UTC), habit, peak, due)


def look_again(*, after: datetime, zone: ZoneInfo, policy: Policy, due: Due | None, service: bool) -> Moment:
    """When somebody who is left in peace is looked at again: after service, when an order is due, or in a while."""
    hour = policy.timing.default_hour
    if service:
        return Moment(_at_hour(after + timedelta(days=1), hour, zone), Habit.SERVICE_FIRST, hour)
    if due is not None and due.at > after:
        return Moment(_at_hour(due.at, hour, zone), Habit.AGAIN_WHEN_DUE, hour, due)
    later = after + timedelta(days=policy.timing.look_again_days)
    return Moment(_at_hour(later, hour, zone), Habit.AGAIN_LATER, hour)


def _at_hour(day: datetime, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day.astimezone(zone).date(), time(hour), tzinfo=zone).astimezone(UTC)


def _before(due: Due | None, slots: list[datetime]) -> list[datetime]:
    """The slots of the two days up to the due moment; none when it is over or beyond them all."""
    if due is None or not slots or not slots[0] <= due.at <= slots[-1]:
        return []
    return [slot for slot in slots if due.at - timedelta(days=_DAYS_BEFORE) <= slot <= due.at]


def _smoothed(hours: tuple[int, ...]) -> list[float]:
    return [hours[h - 1] / 4 + hours[h] / 2 + hours[(h + 1) % 24] / 4 for h in range(24)]


def _slots(channel: Channel, after: datetime, zone: ZoneInfo, policy: Policy, *, until: datetime) -> Iterator[datetime]:
    """Whole local hours from the lead time on, without those in which the channel must stay silent."""
    start = (after + timedelta(hours=policy.timing.lead_hours)).astimezone(zone)
    if start.minute or start.second or start.microsecond:
        start = start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    # Steps are taken in UTC, so that a change of the clocks neither skips nor doubles an hour.
    first = start.astimezone(UTC)
    for step in range(int((until - first) / timedelta(hours=1)) + 1):
        local = (first + timedelta(hours=step)).astimezone(zone)
        if not policy.quiet_hours.silence(channel, local.time()):
            yield local


def _first_at(slots: list[datetime], hour: int) -> datetime:
    return next((slot for slot in slots if slot.hour == hour), slots[0])
