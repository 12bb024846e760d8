"""When to send: the customer's rhythm within the hours that are allowed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.retrieval.schemas import Channel
from app.strategy.timing import Activity, Due, Habit, Moment, activity_of, best_moment, look_again, next_due
from tests.factories_strategy import activity_at, real_policy

ZONE = ZoneInfo("Asia/Shanghai")
POLICY = real_policy()
MONDAY_NOON = datetime(2026, 6, 1, 12, tzinfo=ZONE)


def chosen(activity: Activity, channel: Channel = Channel.SMS, after: datetime = MONDAY_NOON) -> Moment:
    return best_moment(activity, channel, after=after, zone=ZONE, policy=real_policy())


def test_the_hour_and_the_day_of_the_habit_are_chosen() -> None:
    moment = chosen(activity_at(19, weekday=4))
    local = moment.at.astimezone(ZONE)
    assert (local.weekday(), local.hour, moment.habit) == (4, 19, Habit.OWN_RHYTHM)


def test_a_night_owl_is_reached_at_the_best_allowed_hour() -> None:
    moment = chosen(activity_at(20, 22, 22, 22))
    assert (moment.at.astimezone(ZONE).hour, moment.habit, moment.peak_hour) == (20, Habit.NEXT_BEST, 22)


def test_an_email_does_not_wake_the_night_owl_either() -> None:
    moment = chosen(activity_at(20, 22, 22, 22), Channel.EMAIL)
    assert (moment.at.astimezone(ZONE).hour, moment.habit) == (20, Habit.NEXT_BEST)


@pytest.mark.parametrize("hour", [8, 12, 19])
def test_what_may_not_wait_goes_out_within_its_hours(hour: int) -> None:
    activity, policy = activity_at(hour, weekday=5, times=30), real_policy()
    at = best_moment(
        activity, Channel.SMS, after=MONDAY_NOON, zone=ZONE, policy=policy, within_hours=policy.timing.cart_hours
    ).at
    assert MONDAY_NOON < at <= MONDAY_NOON + timedelta(hours=48)
    assert chosen(activity).at > MONDAY_NOON + timedelta(hours=48)


def test_without_a_habit_it_is_the_next_default_hour() -> None:
    moment = chosen(Activity())
    assert moment.at == datetime(2026, 6, 2, 10, tzinfo=ZONE)
    assert moment.habit is Habit.UNKNOWN


def test_onsite_waits_for_the_next_visit() -> None:
    assert chosen(activity_at(19), Channel.ONSITE) == (MONDAY_NOON, Habit.NEXT_VISIT, 19, None)
    assert chosen(Activity(), Channel.ONSITE).habit is Habit.NEXT_VISIT_UNKNOWN


def test_a_weekday_must_be_clearly_better_to_be_waited_for() -> None:
    even = Activity(hours=activity_at(19, times=14).hours, weekdays=(2,) * 7)
    assert chosen(even).at == datetime(2026, 6, 1, 19, tzinfo=ZONE)


hours = st.lists(st.integers(0, 50), min_size=24, max_size=24).map(tuple)
weekdays = st.lists(st.integers(0, 50), min_size=7, max_size=7).map(tuple)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@given(
    hours,
    weekdays,
    moments,
    st.sampled_from(Channel),
    st.sampled_from(["Asia/Shanghai", "Europe/London", "Asia/Kolkata"]),
)
def test_a_moment_is_never_past_never_silent_and_never_far(
    hours: tuple[int, ...], weekdays: tuple[int, ...], after: datetime, channel: Channel, zone_name: str
) -> None:
    zone, policy = ZoneInfo(zone_name), real_policy()
    at = best_moment(Activity(hours=hours, weekdays=weekdays), channel, after=after, zone=zone, policy=policy).at
    assert after <= at <= after + timedelta(days=policy.timing.horizon_days, hours=policy.timing.lead_hours + 1)
    assert not policy.quiet_hours.silence(channel, at.astimezone(zone).time())


def test_activity_is_counted_in_local_time() -> None:
    activity = activity_of([datetime(2026, 6, 1, 23, tzinfo=UTC)], ZONE)
    assert (activity.hours[7], activity.weekdays[1], sum(activity.hours)) == (1, 1, 1)


@pytest.mark.parametrize("wrong", [(0,) * 23, (0,) * 25])
def test_a_day_has_24_hours(wrong: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="hours"):
        Activity(hours=wrong)


def due_in(days: float, gap: float = 30.0) -> Due:
    return Due(MONDAY_NOON + timedelta(days=days), gap)


def test_a_message_comes_before_the_next_order_is_due_at_an_hour_they_are_about() -> None:
    moment = best_moment(
        activity_at(19, weekday=0, times=9), Channel.SMS, after=MONDAY_NOON, zone=ZONE, policy=POLICY, due=due_in(4.5)
    )
    local = moment.at.astimezone(ZONE)
    assert (local.date(), local.hour, moment.habit) == (datetime(2026, 6, 4).date(), 19, Habit.DUE)
    assert moment.due == due_in(4.5)


@pytest.mark.parametrize("days", [-3.0, 20.0])
def test_a_due_moment_that_is_over_or_far_away_changes_nothing(days: float) -> None:
    activity = activity_at(19, weekday=4, times=9)
    far = best_moment(activity, Channel.SMS, after=MONDAY_NOON, zone=ZONE, policy=POLICY, due=due_in(days))
    assert far == chosen(activity)


def test_a_cart_does_not_wait_for_the_next_order_to_be_due() -> None:
    activity = activity_at(19, weekday=0, times=9)
    moment = best_moment(
        activity, Channel.SMS, after=MONDAY_NOON, zone=ZONE, policy=POLICY, within_hours=48, due=due_in(6)
    )
    assert moment.at - MONDAY_NOON <= timedelta(hours=48)
    assert moment.due is None


def test_nobody_is_due_without_a_rhythm() -> None:
    assert next_due(None, 30.0) is None
    assert next_due(MONDAY_NOON, None) is None
    assert next_due(MONDAY_NOON, 30.0) == due_in(30)


def test_whoever_is_left_in_peace_is_looked_at_again_when_due_else_in_a_while() -> None:
    def again(due: Due | None, *, service: bool = False) -> tuple[int, Habit]:
        moment = look_again(after=MONDAY_NOON, zone=ZONE, policy=POLICY, due=due, service=service)
        assert moment.at.astimezone(ZONE).hour == POLICY.timing.default_hour
        return (moment.at.astimezone(ZONE).date() - MONDAY_NOON.astimezone(ZONE).date()).days, moment.habit

    assert again(due_in(20)) == (20, Habit.AGAIN_WHEN_DUE)
    assert again(due_in(-20)) == (POLICY.timing.look_again_days, Habit.AGAIN_LATER)
    assert again(None) == (POLICY.timing.look_again_days, Habit.AGAIN_LATER)
    assert again(due_in(20), service=True) == (1, Habit.SERVICE_FIRST)
