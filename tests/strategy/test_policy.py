"""The policy gate, rule by rule."""

import inspect
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import ROOT
from app.errors import InvalidInput
from app.narrative.schemas import Claim, Predicate
from app.retrieval.schemas import Channel, Offer, OfferType
from app.strategy.policy import (
    Rule,
    capped_offer,
    load_policy,
    not_sensitive,
    outside_quiet_hours,
    relevant_campaigns,
    with_consent,
    within_frequency,
    without_complaint,
)
from tests.factories_campaigns import case_of, real_taxonomy
from tests.factories_profiles import consent_of
from tests.factories_strategy import claim_of, real_policy

ZONE = ZoneInfo("Asia/Shanghai")
POLICY = real_policy()
POLICY_FILE = ROOT / "knowledge_base" / "policy.yaml"
ALL = tuple(Channel)


def local(hour: int, minute: int = 0, day: int = 10) -> datetime:
    return datetime(2026, 6, day, hour, minute, tzinfo=ZONE)


def test_only_channels_with_consent_remain() -> None:
    ruling = with_consent(ALL, [consent_of("email"), consent_of("sms", granted=False)], POLICY)
    assert ruling.value == (Channel.EMAIL, Channel.ONSITE)
    assert ruling.fired[0].rule is Rule.CONSENT
    assert ruling.fired[0].facts == {"channels": (Channel.SMS, Channel.PUSH, Channel.WECHAT)}


def test_consent_keeps_the_order_and_is_silent_when_nothing_changes() -> None:
    ruling = with_consent((Channel.SMS, Channel.EMAIL), [consent_of("all")], POLICY)
    assert ruling == ((Channel.SMS, Channel.EMAIL), ())


def test_below_the_cap_nothing_changes_and_at_the_cap_only_onsite_remains() -> None:
    cap = POLICY.frequency.max_contacts
    assert within_frequency(ALL, cap - 1, POLICY) == (ALL, ())
    ruling = within_frequency(ALL, cap, POLICY)
    assert ruling.value == (Channel.ONSITE,)
    assert ruling.fired[0].rule is Rule.FREQUENCY


def test_onsite_alone_is_never_capped() -> None:
    assert within_frequency((Channel.ONSITE,), 99, POLICY) == ((Channel.ONSITE,), ())


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.PUSH, Channel.WECHAT, Channel.EMAIL])
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


@pytest.mark.parametrize(
    ("claim", "complains"),
    [
        (claim_of("k", Predicate.REVIEWED, value=1), True),
        (claim_of("k", Predicate.REVIEWED, value=2), True),
        (claim_of("k", Predicate.REVIEWED, value=3), False),
        (claim_of("k", Predicate.REVIEWED), False),
        (claim_of("k", Predicate.INTENT, reading="losing_patience"), True),
        (claim_of("k", Predicate.INTENT, reading="gift"), False),
        (claim_of("k", Predicate.ORDER_COUNT, value=1), False),
    ],
)
def test_bad_reviews_and_lost_patience_are_complaints(claim: Claim, complains: bool) -> None:
    ruling = without_complaint([claim], POLICY)
    assert ruling.value == (("k",) if complains else ())
    assert [firing.rule for firing in ruling.fired] == ([Rule.COMPLAINT] if complains else [])


def test_the_readings_of_the_complaint_rule_are_in_the_taxonomy() -> None:
    assert set(POLICY.complaint.readings) <= set(real_taxonomy().readings)


def test_campaigns_about_other_topics_are_named_and_left_out() -> None:
    own, other = case_of("own").campaign, case_of("other", topics=("pets",), title="Pets").campaign
    anything = case_of("any", topics=()).campaign
    ruling = relevant_campaigns([own, other, anything], ("skincare", "travel"))
    assert ruling.value == ("own", "any")
    assert ruling.fired == ((Rule.RELEVANCE, {"campaigns": ("Pets",)}),)
    assert relevant_campaigns([own, anything], ("skincare",)).fired == ()


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from(ALL),
    st.sampled_from(["Asia/Shanghai", "Europe/London"]),
)
def test_nothing_is_sent_in_quiet_hours_and_never_before_it_was_planned(
    at: datetime, channel: Channel, zone_name: str
) -> None:
    zone = ZoneInfo(zone_name)
    if not 1971 < at.year < 2100:
        return
    moved = outside_quiet_hours(at, channel, zone, POLICY).value
    assert moved >= at
    assert not POLICY.quiet_hours.silence(channel, moved.astimezone(zone).time())


def test_quiet_hours_within_one_day_work_too() -> None:
    siesta = POLICY.quiet_hours.model_copy(update={"start": time(13), "end": time(15)})
    policy = POLICY.model_copy(update={"quiet_hours": siesta})
    assert outside_quiet_hours(local(14), Channel.SMS, ZONE, policy).value == local(15)
    assert outside_quiet_hours(local(16), Channel.SMS, ZONE, policy).value == local(16)


def offer(amount: int, threshold: int) -> Offer:
    return Offer(type=OfferType.COUPON, amount_minor=amount, threshold_minor=threshold)


@pytest.mark.parametrize(
    ("amount", "threshold", "capped"), [(6000, 30_000, 30_000), (6000, 20_000, 30_000), (6010, 0, 30_100)]
)
def test_an_offer_keeps_the_margin_floor(amount: int, threshold: int, capped: int) -> None:
    ruling = capped_offer(offer(amount, threshold), POLICY)
    assert ruling.value is not None
    assert ruling.value.threshold_minor == capped
    assert ruling.value.amount_minor == amount
    assert bool(ruling.fired) == (threshold != capped)


@given(st.integers(0, 10**6), st.integers(0, 10**7))
def test_after_the_cap_every_basket_leaves_the_floor(amount: int, threshold: int) -> None:
    capped = capped_offer(offer(amount, threshold), POLICY).value
    assert capped is not None
    left = POLICY.default_margin * capped.threshold_minor - capped.amount_minor
    assert left >= POLICY.offer.margin_floor * capped.threshold_minor - 1e-3


def test_no_offer_stays_no_offer() -> None:
    assert capped_offer(None, POLICY) == (None, ())


def test_the_offer_rule_can_read_nothing_of_the_customer() -> None:
    assert list(inspect.signature(capped_offer).parameters) == ["offer", "policy"]


@pytest.mark.parametrize("text", ["孕期护理专场", "For your pregnancy", "抗抑郁好物", "Gay pride sale"])
def test_sensitive_subjects_are_left_out(text: str) -> None:
    ruling = not_sensitive({"bad": text, "good": "护肤 skincare"}, real_taxonomy())
    assert ruling.value == ("good",)
    assert ruling.fired[0].rule is Rule.SENSITIVITY


def test_ordinary_subjects_pass() -> None:
    assert not_sensitive({"母婴": "母婴用品 baby care"}, real_taxonomy()) == (("母婴",), ())


def test_the_version_is_the_content(tmp_path: Path) -> None:
    text = POLICY_FILE.read_text(encoding="utf-8")
    changed = tmp_path / "policy.yaml"
    changed.write_text(text.replace("max_contacts: 3", "max_contacts: 2"), encoding="utf-8")
    assert load_policy(POLICY_FILE).policy_version == POLICY.policy_version
    assert load_policy(changed).policy_version != POLICY.policy_version


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("default_margin: 0.30", "default_margin: 0.05", "margin_floor must lie below"),
        ("email: 1, ", "", "lacks email"),
        ('start: "21:00", end: "08:00"', 'start: "00:00", end: "23:59"', "no hour"),
        ("purpose: marketing", "purposes: marketing", "purpose"),
        ("version: 1", "version: [", "policy.yaml"),
    ],
)
def test_a_faulty_policy_is_one_clear_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = POLICY_FILE.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "policy.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidInput, match=said) as caught:
        load_policy(tmp_path / "policy.yaml")
    assert "\n" not in str(caught.value)
