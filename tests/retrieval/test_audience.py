"""How well campaigns were meant for a situation, all at once."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.profile.schemas import Lifecycle, RfmClass
from app.profile.stages import PriceBand, Stage
from app.retrieval.audience import Audiences
from app.retrieval.schemas import Audience, Campaign
from app.retrieval.situation import Situation
from tests.factories_campaigns import case_of

LAPSED = case_of(topics=("skincare",), rfm_classes=(RfmClass.IMPORTANT_WIN_BACK,)).campaign
ANYONE = case_of(topics=(), rfm_classes=()).campaign
TOPICS = ("skincare", "pets", "garden")


def fits(situation: Situation, *campaigns: Campaign, topics: Sequence[str] = ()) -> list[float]:
    found: list[float] = Audiences(campaigns).fit(situation, topics or situation.topics).tolist()
    return found


def meant_for(**audience: object) -> Campaign:
    return ANYONE.model_copy(update={"audience": Audience.model_validate(audience)})


def test_a_campaign_made_for_the_situation_fits_wholly() -> None:
    situation = Situation(topics=("skincare",), lifecycle=Lifecycle.WIN_BACK, objective="win_back")
    assert fits(situation, LAPSED) == [1.0]


def test_a_campaign_made_for_others_does_not_fit() -> None:
    situation = Situation(topics=("pets",), lifecycle=Lifecycle.VALUE, objective="grow")
    assert fits(situation, LAPSED) == [0.0]


def test_a_campaign_for_anyone_fits_by_half() -> None:
    assert fits(Situation(topics=("pets",), lifecycle=Lifecycle.VALUE), ANYONE) == [0.5]
    assert fits(Situation(), LAPSED) == [0.5]


def test_both_spending_halves_of_a_class_are_one_life_cycle() -> None:
    situation = Situation(lifecycle=Lifecycle.WIN_BACK)
    others = meant_for(rfm_classes=("general_win_back",))
    assert fits(situation, LAPSED, others, meant_for(rfm_classes=("general_value",))) == [1.0, 1.0, 0.0]


def test_the_strongest_topic_counts_most() -> None:
    assert [fits(Situation(topics=t), LAPSED) for t in (("skincare", "pets"), ("pets", "skincare"))] == [[1.0], [0.5]]


def test_topics_that_a_text_names_count_as_wanted() -> None:
    assert fits(Situation(), LAPSED, topics=("skincare",)) == [1.0]


def test_stage_and_price_band_count_where_the_audience_names_them() -> None:
    situation = Situation(topics=("pets",), stage=Stage.AWAY, price_band=PriceBand.OFTEN)
    plain, away, active = (
        meant_for(topics=("pets",), **more) for more in ({}, {"stages": ("away",)}, {"stages": ("active",)})
    )
    seldom = meant_for(topics=("pets",), price_bands=("seldom",))
    found = fits(situation, plain, away, active, seldom)
    assert found[:2] == [1.0, 1.0]
    assert found[2] == found[3] == pytest.approx(0.5 / 0.6)


def test_only_what_was_sent_to_certain_people_is_restricted() -> None:
    campaigns = [ANYONE, LAPSED, meant_for(stages=("new",)), meant_for(price_bands=("often",))]
    audiences = Audiences(campaigns)
    assert audiences.restricted.tolist() == [False, True, True, True]
    assert audiences.about.tolist() == [False, True, False, False]


def test_reminders_and_welcomes_are_closed_to_whom_they_make_no_sense() -> None:
    campaigns = [case_of(objective=o).campaign for o in ("reactivate_cart", "welcome", "grow")]
    audiences = Audiences(campaigns)  # type: ignore[arg-type]
    assert audiences.open_to(Situation(has_ordered=True)).tolist() == [False, False, True]
    assert audiences.open_to(Situation(carted=True, has_ordered=False)).tolist() == [True, True, True]


def test_arms_speak_of_what_is_wanted_or_of_nothing_in_particular() -> None:
    audiences = Audiences([LAPSED, ANYONE, meant_for(topics=("pets",))])
    assert audiences.speaking_to(("pets", "unheard_of")).tolist() == [False, True, True]


def test_no_campaigns_are_allowed() -> None:
    assert Audiences([]).fit(Situation(topics=("pets",)), ("pets",)).shape == (0,)


@given(st.lists(st.sampled_from(TOPICS), unique=True), st.sampled_from([*Lifecycle, None]), st.sampled_from(Stage))
def test_fit_stays_between_zero_and_one(topics: list[str], lifecycle: Lifecycle | None, stage: Stage) -> None:
    situation = Situation(topics=tuple(topics), lifecycle=lifecycle, objective="grow", stage=stage)
    found = np.array(fits(situation, LAPSED, ANYONE, meant_for(stages=("away",)), topics=topics))
    assert ((found >= 0.0) & (found <= 1.0)).all()
