"""What a situation is, and what it leaves out."""

from datetime import timedelta

import pytest

from app.narrative.schemas import Predicate
from app.profile.schemas import Lifecycle, RfmClass
from app.profile.stages import PriceBand, Stage
from app.retrieval.schemas import Objective
from app.retrieval.situation import Situation, applies, objective_of, situation_of, speaks_to
from tests.factories_campaigns import case_of
from tests.factories_profiles import profile_of
from tests.factories_strategy import claim_of

CAMPAIGN = case_of(topics=("skincare",), rfm_classes=(RfmClass.IMPORTANT_WIN_BACK,)).campaign
ANYONE = case_of(topics=(), rfm_classes=()).campaign
SPENDING = {"important", "general", "spend", "basket", "monetary", "ltv", "total", "amount"}


def test_every_life_cycle_has_an_objective_and_newcomers_are_welcomed() -> None:
    assert {objective_of(c) for c in Lifecycle} == {"cross_sell", "grow", "retain", "win_back"}
    assert objective_of(None) == "welcome"


def test_a_profile_gives_its_strongest_topics() -> None:
    profile = profile_of(topics=("skincare", "pets", "garden", "toys"))
    situation = situation_of(profile, text="brief")
    assert situation.topics == ("skincare", "pets", "garden")
    assert (situation.text, situation.lifecycle) == ("brief", Lifecycle.WIN_BACK)


@pytest.mark.parametrize("name", Lifecycle)
def test_what_somebody_spends_leaves_no_trace(name: Lifecycle) -> None:
    rich = profile_of(rfm_class=RfmClass(f"important_{name}"), average_minor=900_000)
    poor = profile_of(rfm_class=RfmClass(f"general_{name}"), average_minor=900)
    assert situation_of(rich) == situation_of(poor)
    assert not SPENDING & set("_".join(Situation.model_fields).split("_"))


def test_the_stage_comes_from_orders_and_the_own_rhythm() -> None:
    profile = profile_of()
    assert profile.rfm is not None
    ordered = profile.rfm.model_copy(update={"last_order_at": profile.as_of - timedelta(days=10)})
    assert situation_of(profile).stage is Stage.AWAY
    assert situation_of(profile.model_copy(update={"rfm": ordered})).stage is Stage.ACTIVE
    assert situation_of(profile_of(rfm_class=None)).stage is Stage.VISITOR


def test_the_price_band_is_unknown_before_the_first_order() -> None:
    assert situation_of(profile_of(rfm_class=None)).price_band is None
    assert Situation(price_band=PriceBand.OFTEN) != Situation()


def test_a_cart_reminder_needs_a_cart() -> None:
    profile = profile_of()
    cart = claim_of("k", Predicate.CARTED_NOT_BOUGHT)
    assert not applies("reactivate_cart", situation_of(profile))
    assert applies("reactivate_cart", situation_of(profile, claims=[cart]))
    assert applies("reactivate_cart", Situation(objective="reactivate_cart"))


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
    welcome: Objective = "welcome"
    assert applies(welcome, situation_of(profile_of(rfm_class=None)))
    assert not applies(welcome, situation_of(profile_of()))
    assert applies(welcome, Situation())
