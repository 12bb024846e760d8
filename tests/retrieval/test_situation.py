"""What a situation is, and how well a campaign was meant for it."""

import pytest

from app.narrative.schemas import Predicate
from app.profile.schemas import RfmClass
from app.retrieval.situation import Situation, applies, fit, objective_of, situation_of, speaks_to
from tests.factories_campaigns import case_of
from tests.factories_profiles import profile_of
from tests.factories_strategy import claim_of

CAMPAIGN = case_of(topics=("skincare",), rfm_classes=(RfmClass.IMPORTANT_WIN_BACK,)).campaign
ANYONE = case_of(topics=(), rfm_classes=()).campaign


def test_a_campaign_made_for_the_situation_fits_wholly() -> None:
    situation = Situation(topics=("skincare",), rfm_class=RfmClass.IMPORTANT_WIN_BACK, objective="win_back")
    assert fit(CAMPAIGN, situation) == 1.0


def test_a_campaign_made_for_others_does_not_fit() -> None:
    situation = Situation(topics=("pets",), rfm_class=RfmClass.GENERAL_VALUE, objective="grow")
    assert fit(CAMPAIGN, situation) == 0.0


def test_a_campaign_for_anyone_fits_by_half() -> None:
    assert fit(ANYONE, Situation(topics=("pets",), rfm_class=RfmClass.GENERAL_VALUE)) == 0.5
    assert fit(CAMPAIGN, Situation()) == 0.5


def test_the_strongest_topic_counts_most() -> None:
    fits = [fit(CAMPAIGN, Situation(topics=t)) for t in (("skincare", "pets"), ("pets", "skincare"))]
    assert fits == [1.0, 0.5]


def test_every_class_has_an_objective_and_newcomers_are_welcomed() -> None:
    assert {objective_of(c) for c in RfmClass} == {"cross_sell", "grow", "retain", "win_back"}
    assert objective_of(None) == "welcome"


def test_a_profile_gives_its_strongest_topics() -> None:
    profile = profile_of(topics=("skincare", "pets", "garden", "toys"))
    situation = situation_of(profile, text="brief")
    assert situation.topics == ("skincare", "pets", "garden")
    assert (situation.text, situation.rfm_class) == ("brief", profile.rfm_class)


@pytest.mark.parametrize("topics", [(), ("skincare",)])
def test_fit_stays_between_zero_and_one(topics: tuple[str, ...]) -> None:
    assert 0.0 <= fit(CAMPAIGN, Situation(topics=topics, objective="grow")) <= 1.0


def test_a_cart_reminder_needs_a_cart() -> None:
    reminder = case_of(objective="reactivate_cart").campaign
    profile = profile_of()
    cart = claim_of("k", Predicate.CARTED_NOT_BOUGHT)
    assert not applies(reminder, situation_of(profile))
    assert applies(reminder, situation_of(profile, claims=[cart]))
    assert applies(reminder, Situation(objective="reactivate_cart"))


def test_a_situation_knows_what_the_carted_items_are_about() -> None:
    carts = [claim_of(f"k{i}", Predicate.CARTED_NOT_BOUGHT, item_id=f"i{i}") for i in range(3)]
    situation = situation_of(profile_of(), claims=carts, item_topics={"i0": "pets", "i2": "pets", "other": "garden"})
    assert situation.carted_topics == ("pets",)
    assert situation_of(profile_of(), claims=carts).carted_topics == ()


def test_a_campaign_speaks_to_those_who_share_a_topic_or_to_anybody() -> None:
    assert speaks_to(CAMPAIGN, ("pets", "skincare"))
    assert not speaks_to(CAMPAIGN, ("pets",))
    assert not speaks_to(CAMPAIGN, ())
    assert speaks_to(ANYONE, ())


def test_a_welcome_is_for_those_who_have_not_ordered() -> None:
    welcome = case_of(objective="welcome").campaign
    assert applies(welcome, situation_of(profile_of(rfm_class=None)))
    assert not applies(welcome, situation_of(profile_of()))
    assert applies(welcome, Situation())
