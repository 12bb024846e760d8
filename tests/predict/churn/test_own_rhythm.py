"""Leaving as orders alone can tell: the chance to stay away for several of one's own gaps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.predict.churn.own_rhythm import LEAST_DAYS, OWN_GAPS, OwnRhythm, learn, risk
from app.predict.inputs.purchases import Histories, PurchaseDays, rfm

LAST = 299


@pytest.fixture(scope="module")
def rhythm(shop: PurchaseDays, first_day: int) -> OwnRhythm:
    found = learn(shop, first_day + LAST)
    assert found is not None
    return found


def of(rhythm: OwnRhythm, x: int, recency: int, age: int) -> float:
    return float(risk(rhythm, Histories(*np.array([[x], [recency], [age]])))[0])


@settings(deadline=None)
@given(x=st.integers(1, 40), gap=st.integers(1, 200), silence=st.integers(0, 500), more=st.integers(0, 90))
def test_a_longer_silence_never_lowers_it(rhythm: OwnRhythm, x: int, gap: int, silence: int, more: int) -> None:
    last = x * gap
    assert 0 <= of(rhythm, x, last, last + silence) <= of(rhythm, x, last, last + silence + more) + 1e-12 <= 1


@settings(deadline=None)
@given(st.integers(0, 1_000))
def test_who_bought_once_has_no_rhythm_to_leave(rhythm: OwnRhythm, age: int) -> None:
    assert of(rhythm, 0, 0, age) == 0


def test_the_same_silence_means_more_to_a_frequent_buyer(rhythm: OwnRhythm) -> None:
    assert of(rhythm, 15, 105, 165) > of(rhythm, 2, 105, 165) + 0.1


def test_it_comes_true_as_often_as_it_says(shop: PurchaseDays, first_day: int) -> None:
    """Learned at day 200; the gaps that the days until 300 can overlook."""
    cut, end = first_day + 200, first_day + LAST
    found = learn(shop.until(cut), cut)
    assert found is not None
    table = rfm(shop.until(cut), cut)
    within = np.maximum(OWN_GAPS * (table.recency + found.shop_gap) / (table.frequency + 1), LEAST_DAYS)
    judged = (table.frequency > 0) & (cut + within <= end)
    later = shop.day > cut
    following = np.full(len(shop.customer_ids), 10**9)
    np.minimum.at(following, shop.customer[later], shop.day[later])
    away = following[table.customer] > cut + within
    chance = risk(found, table.histories)
    assert chance[judged].mean() == pytest.approx(away[judged].mean(), abs=0.04)
    high, low = judged & (chance > 0.6), judged & (chance < 0.2)
    assert away[high].mean() > 0.6
    assert away[low].mean() < 0.25


def test_later_purchases_change_nothing(shop: PurchaseDays, first_day: int) -> None:
    day = first_day + 200
    assert learn(shop, day) == learn(shop.until(day), day)


def test_too_little_past_teaches_nothing(shop: PurchaseDays, first_day: int) -> None:
    assert learn(shop, first_day + 60) is None
    assert learn(PurchaseDays.from_rows([], [], []), first_day) is None


def test_it_does_not_flag_everybody(cdnow_sample: PurchaseDays) -> None:
    """Nine in ten of these customers buy nothing in the next 90 days; few of them are leaving."""
    day = 10_134  # 1997-09-30
    found = learn(cdnow_sample, day)
    assert found is not None
    chance = risk(found, rfm(cdnow_sample.until(day), day).histories)
    assert 0.05 < (chance > 0.6).mean() < 0.35
