"""When a message may go out: after quiet hours, and not on days on which the calendar keeps it back."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.retrieval.schemas import Channel
from app.strategy.gate.calendar import Window
from app.strategy.gate.policy import Policy
from app.strategy.gate.schemas import Fact, Firing, Rule, Ruling

_LONGEST_WAIT = timedelta(days=400)
"""A calendar that leaves no day within so long leaves none."""


def permitted_moment(
    at: datetime, channel: Channel, zone: ZoneInfo, policy: Policy, *, with_offer: bool
) -> Ruling[datetime | None]:
    """`at`, or the first moment after it at which the message may go out; None when there is none within a year.

    Holds for a moment that anybody proposes: our own search for a good hour, a model, an operator.
    """
    moved, fired = at, list[Firing]()
    while moved - at <= _LONGEST_WAIT:
        window = policy.calendar.silencing(moved, channel, zone, with_offer=with_offer)
        step = _after_window(moved, window, zone) if window else outside_quiet_hours(moved, channel, zone, policy)
        if not step.fired:
            return Ruling(moved, tuple(fired))
        moved, fired = step.value, [*fired, *step.fired]
    return Ruling(None, (Firing(Rule.NO_MOMENT, {"channels": (channel,)}),))


def outside_quiet_hours(at: datetime, channel: Channel, zone: ZoneInfo, policy: Policy) -> Ruling[datetime]:
    """`at`, or the end of the quiet hours that it falls into."""
    local, quiet = at.astimezone(zone), policy.quiet_hours
    if not quiet.silence(channel, local.time()):
        return Ruling(at)
    day = local.date() + timedelta(days=1 if local.time() >= quiet.end else 0)
    moved = datetime.combine(day, quiet.end, tzinfo=zone)
    facts: dict[str, Fact] = {
        "channels": (channel,),
        "start": quiet.start,
        "end": quiet.end,
        "was": local,
        "now": moved,
    }
    return Ruling(moved.astimezone(UTC), (Firing(Rule.QUIET_HOURS, facts),))


def _after_window(at: datetime, window: Window, zone: ZoneInfo) -> Ruling[datetime]:
    moved = window.over_at(at, zone)
    facts: dict[str, Fact] = {"window": window.named, "was": at.astimezone(zone).date()}
    return Ruling(moved.astimezone(UTC), (Firing(Rule.CALENDAR, facts),))
