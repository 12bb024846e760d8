"""When messages may go out: quiet hours and the promo calendar, whoever proposes the moment."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.retrieval.schemas import Channel, Offer, OfferType
from app.strategy.gate.calendar import Calendar, Occasion, Window
from app.strategy.gate.moments import outside_quiet_hours, permitted_moment
from app.strategy.gate.policy import Policy
from app.strategy.gate.schemas import Rule
from app.strategy.generate import propose
from tests.factories_campaigns import AS_OF, case_of
from tests.factories_profiles import profile_of
from tests.factories_strategy import activity_at, offering, real_policy, request_of

ZONE = ZoneInfo("Asia/Shanghai")
POLICY = real_policy()
COUPON = Offer(type=OfferType.COUPON, amount_minor=2000, threshold_minor=30_000)
OUTGOING = [Channel.SMS, Channel.PUSH, Channel.WECHAT, Channel.EMAIL]


def local(hour: int, minute: int = 0, day: int = 10, month: int = 7) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


def with_windows(*windows: Window) -> Policy:
    return POLICY.model_copy(update={"calendar": Calendar(windows=windows)})


def window(kind: str, first: str, last: str, channels: tuple[Channel, ...] = tuple(Channel)) -> Window:
    return Window.model_validate(
        {"zh": "静默日", "en": "a quiet day", "kind": kind, "first": first, "last": last, "channels": channels}
    )


@pytest.mark.parametrize("channel", OUTGOING)
@pytest.mark.parametrize(
    ("at", "moved"),
    [
        (local(20, 59), local(20, 59)),
        (local(21), local(8, day=11)),
        (local(23, 30), local(8, day=11)),
        (local(0), local(8)),
        (local(7, 59), local(8)),
        (local(8), local(8)),
    ],
)
def test_quiet_hours_move_to_the_next_morning(channel: Channel, at: datetime, moved: datetime) -> None:
    ruling = outside_quiet_hours(at.astimezone(UTC), channel, ZONE, POLICY)
    assert ruling.value == moved
    assert bool(ruling.fired) == (at != moved)


def test_a_card_on_site_may_wait_at_night() -> None:
    assert outside_quiet_hours(local(3), Channel.ONSITE, ZONE, POLICY) == (local(3), ())


def test_quiet_hours_within_one_day_work_too() -> None:
    siesta = POLICY.quiet_hours.model_copy(update={"start": time(13), "end": time(15)})
    policy = POLICY.model_copy(update={"quiet_hours": siesta})
    assert outside_quiet_hours(local(14), Channel.SMS, ZONE, policy).value == local(15)
    assert outside_quiet_hours(local(16), Channel.SMS, ZONE, policy).value == local(16)


@pytest.mark.parametrize(
    ("kind", "with_offer", "waits"),
    [("no_discounts", True, True), ("no_discounts", False, False), ("silence", False, True), ("big_sale", True, False)],
)
def test_quiet_days_keep_back_what_they_declare(kind: str, with_offer: bool, waits: bool) -> None:
    policy = with_windows(window(kind, "07-10", "07-11"))
    ruling = permitted_moment(local(12), Channel.SMS, ZONE, policy, with_offer=with_offer)
    assert ruling.value == (local(8, day=12) if waits else local(12))
    assert [firing.rule for firing in ruling.fired] == ([Rule.CALENDAR, Rule.QUIET_HOURS] if waits else [])


def test_a_blackout_holds_for_its_channels_only() -> None:
    policy = with_windows(window("silence", "2026-07-10", "2026-07-10", (Channel.SMS,)))
    assert permitted_moment(local(12), Channel.SMS, ZONE, policy, with_offer=False).value == local(8, day=11)
    assert permitted_moment(local(12), Channel.EMAIL, ZONE, policy, with_offer=False).value == local(12)


def test_a_calendar_that_leaves_no_day_is_said_and_nothing_is_sent() -> None:
    policy = with_windows(window("silence", "01-01", "12-31", (Channel.SMS,)))
    ruling = permitted_moment(local(12), Channel.SMS, ZONE, policy, with_offer=False)
    assert (ruling.value, [firing.rule for firing in ruling.fired]) == (None, [Rule.NO_MOMENT])
    case = case_of("good", lift=2500, n=3000)
    strategy = propose(request_of([case], policy=policy, lang="en")).strategy
    assert (strategy.status, strategy.channel) == ("abstained", None)
    assert "calendar" in (strategy.status_reason or "")


def test_a_window_may_span_new_year() -> None:
    span = window("silence", "12-30", "01-02")
    days = [datetime(2026, 12, 29), datetime(2026, 12, 30), datetime(2027, 1, 2), datetime(2027, 1, 3)]
    assert [span.holds(day.date()) for day in days] == [False, True, True, False]


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(Channel),
    st.booleans(),
    st.sampled_from(["Asia/Shanghai", "Europe/London"]),
)
def test_whatever_moment_is_proposed_nothing_leaves_when_it_must_not(
    at: datetime, channel: Channel, with_offer: bool, zone_name: str
) -> None:
    zone = ZoneInfo(zone_name)
    moved = permitted_moment(at, channel, zone, POLICY, with_offer=with_offer).value
    assert moved is not None
    assert moved >= at
    assert not POLICY.quiet_hours.silence(channel, moved.astimezone(zone).time())
    assert POLICY.calendar.silencing(moved, channel, zone, with_offer=with_offer) is None
    assert permitted_moment(moved, channel, zone, POLICY, with_offer=with_offer) == (moved, ())


def test_no_discount_is_pushed_on_a_declared_day_and_the_proposal_says_why() -> None:
    """AS_OF is a Monday noon; without the window the habit would be kept the same evening."""
    case = case_of("good", lift=4000, n=3000, offer=COUPON)
    request = offering(request_of([case], activity=activity_at(19, weekday=0, times=9)))
    assert propose(request).strategy.timing.at.astimezone(ZONE) == datetime(2026, 6, 1, 19, tzinfo=ZONE)
    mourning = with_windows(window("no_discounts", "2026-06-01", "2026-06-02"))
    strategy = propose(replace(request, policy=mourning)).strategy
    at = strategy.timing.at.astimezone(ZONE)
    assert at.date() > datetime(2026, 6, 2).date()
    assert at.hour == 19
    assert [fired.rule for fired in strategy.rules_fired] == ["calendar"]
    assert "静默日" in strategy.rules_fired[0].effect


def test_a_card_with_an_offer_waits_for_the_day_after_a_quiet_one() -> None:
    case = case_of("good", lift=4000, n=3000, offer=COUPON, channel=Channel.ONSITE)
    mourning = with_windows(window("no_discounts", "2026-06-01", "2026-06-01"))
    request = offering(request_of([case], profile=profile_of(consents={}), policy=mourning))
    strategy = propose(request).strategy
    assert strategy.channel is Channel.ONSITE
    assert strategy.timing.at == datetime(2026, 6, 2, tzinfo=ZONE)


def test_an_occasion_that_is_over_is_not_spoken_of() -> None:
    calendar = Calendar(occasions=(Occasion(words=("双11",), first="10-15", last="11-11"),))
    policy = POLICY.model_copy(update={"calendar": calendar})
    case = case_of("c", lift=2500, n=3000, themes=("双11 囤货", "换季护肤"))
    strategy = propose(request_of([case], policy=policy)).strategy
    assert "双11" not in "".join(theme.title + theme.draft for theme in strategy.themes)
    assert any("换季护肤" in theme.title for theme in strategy.themes)
    assert [fired.rule for fired in strategy.rules_fired] == ["occasion"]
    november = AS_OF.replace(month=11, day=3) - AS_OF
    late = profile_of(as_of=AS_OF + november)
    in_time = propose(request_of([case], policy=policy, profile=late)).strategy
    assert any("双11" in theme.title for theme in in_time.themes)


def test_the_shipped_calendar_knows_qingming_and_both_big_sales() -> None:
    calendar = POLICY.calendar
    qingming = datetime(2027, 4, 5, 12, tzinfo=ZONE)
    assert calendar.silencing(qingming, Channel.PUSH, ZONE, with_offer=True) is not None
    assert calendar.silencing(qingming, Channel.PUSH, ZONE, with_offer=False) is None
    assert calendar.silencing(qingming, Channel.PUSH, ZoneInfo("Europe/London"), with_offer=True) is None
    for day in (datetime(2026, 6, 10, tzinfo=ZONE), datetime(2027, 11, 11, tzinfo=ZONE)):
        assert calendar.sale_at(day, ZONE) is not None
    assert calendar.sale_at(qingming + timedelta(days=2), ZONE) is None
