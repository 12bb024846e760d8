"""Who may be reached, and on which channels."""

from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from app.events.schemas import Event, EventKind, Identifier
from app.profile.schemas import Attribute, Authority
from app.retrieval.schemas import Case, Channel
from app.strategy.gate.calendar import Window
from app.strategy.gate.contact import (
    Contacts,
    contacts_of,
    open_channels,
    suppressed,
    with_consent,
    within_frequency,
)
from app.strategy.gate.schemas import Rule
from app.strategy.generate import propose
from tests.factories_campaigns import AS_OF, case_of
from tests.factories_profiles import consent_of, profile_of
from tests.factories_strategy import real_policy, request_of

POLICY = real_policy()
ALL = tuple(Channel)
ZONE = ZoneInfo("Asia/Shanghai")
SALE = Window(zh="店庆", en="the anniversary", kind="big_sale", first="06-01", last="06-10", max_contacts=1)


def attribute(name: str, value: str, authority: Authority = Authority.BEHAVIOUR) -> Attribute:
    return Attribute(name=name, value=value, authority=authority, source="crm", at=AS_OF, evidence=("e1",))


def sent(days_ago: float, channel: str) -> Event:
    return Event(
        event_id=f"e{days_ago}{channel}",
        workspace_id="shop",
        source="tool",
        message_id=f"m{days_ago}{channel}",
        kind=EventKind.CAMPAIGN_SENT,
        occurred_at=AS_OF - timedelta(days=days_ago),
        received_at=AS_OF,
        identifiers=(Identifier("user_id", "u1"),),
        properties={"channel": channel},
    )


def test_only_channels_with_consent_remain() -> None:
    ruling = with_consent(ALL, [consent_of("email"), consent_of("sms", granted=False)], POLICY)
    assert ruling.value == (Channel.EMAIL, Channel.ONSITE)
    assert ruling.fired[0].rule is Rule.CONSENT
    assert ruling.fired[0].facts == {"channels": (Channel.SMS, Channel.PUSH, Channel.WECHAT)}


def test_consent_to_another_purpose_is_no_consent() -> None:
    assert with_consent((Channel.SMS,), [consent_of("sms", purpose="service")], POLICY).value == ()


def test_consent_keeps_the_order_and_is_silent_when_nothing_changes() -> None:
    ruling = with_consent((Channel.SMS, Channel.EMAIL), [consent_of("all")], POLICY)
    assert ruling == ((Channel.SMS, Channel.EMAIL), ())


def test_below_the_cap_nothing_changes_and_at_the_cap_only_onsite_remains() -> None:
    cap = POLICY.frequency.max_contacts
    assert within_frequency(ALL, Contacts(cap - 1), POLICY) == (ALL, ())
    ruling = within_frequency(ALL, Contacts(cap), POLICY)
    assert ruling.value == (Channel.ONSITE,)
    assert [firing.rule for firing in ruling.fired] == [Rule.FREQUENCY]


def test_a_channel_has_a_cap_of_its_own() -> None:
    ruling = within_frequency(ALL, Contacts(1, {Channel.SMS: 1}), POLICY)
    assert Channel.SMS not in ruling.value
    assert set(ruling.value) == set(ALL) - {Channel.SMS}
    assert ruling.fired[0] == (Rule.CHANNEL_FREQUENCY, {"channels": (Channel.SMS,), "days": 7})


def test_a_big_sale_lowers_the_cap_for_everything_else() -> None:
    assert within_frequency(ALL, Contacts(1, sale=None), POLICY).value == ALL
    ruling = within_frequency(ALL, Contacts(1, sale=SALE), POLICY)
    assert ruling.value == (Channel.ONSITE,)
    assert ruling.fired[0].rule is Rule.BIG_SALE


def test_onsite_alone_is_never_capped() -> None:
    assert within_frequency((Channel.ONSITE,), Contacts(99, sale=SALE), POLICY) == ((Channel.ONSITE,), ())


def test_consent_and_caps_are_asked_together_and_both_say_so() -> None:
    consents = [consent_of("sms"), consent_of("email")]
    ruling = open_channels(ALL, consents, Contacts(1, {Channel.SMS: 1}), POLICY)
    assert ruling.value == (Channel.EMAIL, Channel.ONSITE)
    assert [firing.rule for firing in ruling.fired] == [Rule.CONSENT, Rule.CHANNEL_FREQUENCY]


def test_contacts_count_what_went_out_within_the_window_and_no_card_on_the_site() -> None:
    events = [sent(1, "sms"), sent(6.9, "email"), sent(7.1, "email"), sent(2, "onsite"), sent(-1, "sms")]
    found = contacts_of(events, as_of=AS_OF, now=AS_OF, zone=ZONE, policy=POLICY)
    assert (found.total, found.by_channel[Channel.SMS], found.by_channel[Channel.EMAIL]) == (2, 1, 1)
    later = contacts_of(events, as_of=AS_OF, now=AS_OF + timedelta(days=1), zone=ZONE, policy=POLICY)
    assert (later.total, later.by_channel[Channel.SMS]) == (2, 2)


@pytest.mark.parametrize(("days", "known"), [(-9, False), (-7, True), (0, True), (19, True), (20, False)])
def test_contacts_know_of_the_sale_that_is_on_or_near(days: int, known: bool) -> None:
    """AS_OF is the first day of 618; a message goes out within a week."""
    at = AS_OF + timedelta(days=days)
    sale = contacts_of([], as_of=at, now=at, zone=ZONE, policy=POLICY).sale
    assert (sale is not None and sale.en == "618") == known


def test_a_sale_is_kept_where_it_is_declared() -> None:
    assert contacts_of([], as_of=AS_OF, now=AS_OF, zone=ZoneInfo("Europe/London"), policy=POLICY).sale is None


@pytest.mark.parametrize(
    ("attributes", "found"),
    [
        ({"do_not_contact": "yes"}, ("do_not_contact",)),
        ({"Do-Not Contact": "2026-01-01"}, ("Do-Not Contact",)),
        ({"请勿联系": "是"}, ("请勿联系",)),
        ({"do_not_contact": "no"}, ()),
        ({"do_not_contact": "False"}, ()),
        ({"city": "上海"}, ()),
    ],
)
def test_whoever_is_on_the_list_is_never_contacted(attributes: Mapping[str, str], found: tuple[str, ...]) -> None:
    ruling = suppressed([attribute(name, value) for name, value in attributes.items()], POLICY)
    assert ruling.value == found
    assert [firing.rule for firing in ruling.fired] == [Rule.SUPPRESSION] * bool(found)


@pytest.mark.parametrize("cases", [(), (case_of("good", lift=2500, n=3000),)])
def test_a_consent_does_not_undo_the_list_and_no_card_is_shown_either(cases: tuple[Case, ...]) -> None:
    profile = profile_of(consents={"all": True}, traits={"do_not_contact": "yes"})
    strategy, decision = propose(request_of(cases, profile=profile, lang="en"))
    assert (strategy.status, strategy.channel, decision.chosen) == ("abstained", None, "no_contact")
    assert [fired.rule for fired in strategy.rules_fired] == ["suppression"]
    assert "never contacted" in (strategy.status_reason or "")
