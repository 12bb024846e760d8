import numpy as np
import pytest

from app.predict.intent.baskets import Baskets, Touches, no_touches
from app.predict.intent.learning import Intent, learn
from tests.factories_intent import DAY, a_shop


def learned(baskets: Baskets, touches: Touches, day: int = DAY) -> Intent:
    found = learn(baskets, touches, day=day)
    assert isinstance(found, Intent), found
    return found


def test_the_record_beats_naming_the_most_popular_and_claims_what_it_holds() -> None:
    found = learned(*a_shop(customers=400)).calibration
    assert found is not None
    assert found.top1 is not None
    assert found.top1_popular is not None
    assert found.top1_predicted is not None
    assert found.top1 > found.top1_popular + 0.15
    assert found.top1_predicted == pytest.approx(found.top1, abs=0.08)
    for window in found.windows:
        assert window.predicted == pytest.approx(window.observed, abs=0.08)
        assert window.brier < window.observed * (1 - window.observed) + 0.02


def test_nothing_after_the_day_is_learned_from() -> None:
    baskets, touches = a_shop()
    day = DAY - 60
    whole, before = learned(baskets, touches, day), learned(baskets.until(day), touches.until(day), day)
    assert whole.hazards == before.hazards
    assert whole.choices == before.choices
    assert whole.calibration == before.calibration


def test_the_same_rows_teach_the_same() -> None:
    assert learned(*a_shop()).choices == learned(*a_shop()).choices


def test_a_shop_without_categories_teaches_when_but_not_what() -> None:
    baskets, _ = a_shop()
    mains = baskets.mains()
    bare = Baskets.from_columns(mains.customer, mains.day, [None] * mains.day.size, np.ones(mains.day.size))
    found = learned(bare, no_touches())
    assert found.choices is None
    assert found.choices_missing == ("item_categories",)
    assert found.calibration is not None
    assert found.calibration.top1 is None
    assert found.calibration.windows


def test_a_small_shop_says_what_is_missing() -> None:
    baskets, touches = a_shop(customers=40)
    missing = learn(baskets, touches, day=DAY)
    assert isinstance(missing, tuple)
    assert missing[0] == "customers>=100"
    nothing = Baskets.from_columns([], [], [], [])
    assert isinstance(learn(nothing, no_touches(), day=DAY), tuple)


def test_a_young_shop_is_forecast_over_a_horizon_longer_than_its_past() -> None:
    baskets, touches = a_shop()
    found = learned(baskets.until(DAY - 270), touches, DAY - 270)
    assert found.hazards.edges == (7, 14, 30, 60, 90)
    assert len(found.hazards.weights) == len(found.hazards.edges) + 12
