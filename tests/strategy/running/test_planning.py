"""A strategy for one customer made into a campaign for many: whom it is for, what they are told, and when."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.profile.schemas import Lifecycle, RfmClass
from app.retrieval.schemas import Channel, Offer, OfferType
from app.strategy.generate import propose
from app.strategy.running.planning import campaign_of, enough_held, expressions_of, sending_at, texts_of
from app.strategy.schemas import Strategy, Theme, Timing
from tests.factories_campaigns import case_of, real_taxonomy
from tests.factories_strategy import SHOP, real_policy, request_of

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 1, 4, tzinfo=UTC)
SKIN = Theme(title="Skincare", draft="Our skincare range.", topic="skincare")
CART = Theme(title="Cart", draft="It is still in your cart.", topic="skincare", personal=True)
ANY = Theme(title="Hello", draft="Look around.")


def strategy_of(*themes: Theme, channel: Channel = Channel.SMS, offer: Offer | None = None) -> Strategy:
    made = propose(request_of([case_of()])).strategy
    return made.model_copy(update={"themes": themes, "channel": channel, "offer": offer, "lang": "en"})


def test_what_only_one_customer_can_be_told_is_told_to_nobody_else() -> None:
    assert texts_of(strategy_of(CART, ANY, SKIN), SHOP, real_policy(), real_taxonomy()) == (ANY, SKIN)


def test_where_all_of_it_is_personal_general_words_stand_in_with_the_offer_and_the_way_out() -> None:
    offer = Offer(type=OfferType.COUPON, amount_minor=1_000, threshold_minor=9_900)
    (text,) = texts_of(strategy_of(CART, CART, CART, offer=offer), SHOP, real_policy(), real_taxonomy())
    assert not text.personal
    assert text.topic == "skincare"
    assert "cart" not in text.draft
    assert "10" in text.draft
    assert text.draft.startswith("【shop】")


def test_a_segment_names_lifecycle_topic_and_channel_and_then_widens() -> None:
    near, wide = expressions_of(strategy_of(SKIN), (SKIN,), Lifecycle.KEEP)
    assert near == "lifecycle = keep and top_interest = skincare and consent(sms)"
    assert wide == "interest(skincare) >= 10% and consent(sms)"
    assert expressions_of(strategy_of(ANY), (ANY,), None) == ("orders = 0 and consent(sms)", "consent(sms)")


@pytest.mark.parametrize(("members", "share"), [(0, 0.1), (4, 0.5), (20, 0.25), (50, 0.1), (5_000, 0.1)])
def test_a_small_segment_has_a_larger_holdout(members: int, share: float) -> None:
    assert enough_held(0.1, members) == share


def test_the_message_keeps_its_time_of_day_when_its_day_has_passed() -> None:
    at = datetime(2026, 2, 3, 19, 30, tzinfo=ZONE)
    strategy = strategy_of(SKIN).model_copy(update={"timing": Timing(at=at, reason="")})
    for after in (START, START + timedelta(hours=12), at + timedelta(days=400)):
        found = sending_at(strategy, after=after, zone=ZONE)
        local = found.astimezone(ZONE)
        assert (local.hour, local.minute) == (19, 30)
        assert timedelta() < found - after <= timedelta(days=1)
    assert sending_at(strategy, after=at - timedelta(days=3), zone=ZONE) == at


def test_the_campaign_is_one_arm_against_a_holdout_and_says_for_whom() -> None:
    strategy = strategy_of(SKIN, ANY)
    campaign = campaign_of(
        strategy,
        (SKIN, ANY),
        objective="retain",
        lifecycle=Lifecycle.KEEP,
        holdout_share=0.2,
        window_days=14,
        evidence_kind="randomised",
        starts_at=START,
        send_at=START + timedelta(hours=6),
        by="Ana",
    )
    assert campaign.campaign_id.startswith("260301-retain-")
    assert campaign.audience.rfm_classes == (RfmClass.IMPORTANT_KEEP, RfmClass.GENERAL_KEEP)
    assert campaign.audience.topics == ("skincare",)
    assert [(arm.arm_id, arm.propensity) for arm in campaign.arms] == [("sms-plain", 0.8)]
    assert campaign.ends_at == START + timedelta(hours=6)
