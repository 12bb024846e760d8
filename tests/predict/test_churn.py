"""Churn risk: silence measured against the customer's own rhythm."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.predict.bg_nbd import BgNbd
from app.predict.churn import churn_risk
from app.predict.purchases import Histories

LEAVING = BgNbd(0.25, 33.0, 0.72, 2.2)
LOYAL = BgNbd(0.7, 66.0, 1e-6, 4000.0)


def risk(model: BgNbd, x: int, recency: int, age: int) -> float:
    return float(churn_risk(model, Histories(*np.array([[x], [recency], [age]])), 90)[0])


@settings(deadline=None)
@given(st.integers(0, 1000))
def test_someone_who_bought_once_is_never_leaving(age):
    assert risk(LEAVING, 0, 0, age) == 0


@settings(deadline=None)
@given(st.sampled_from([LEAVING, LOYAL]), st.integers(1, 40), st.integers(1, 200), st.integers(0, 500))
def test_risk_is_nothing_on_the_day_of_a_purchase_and_never_falls_in_silence(model, x, gap, silence):
    last = x + gap
    assert risk(model, x, last, last) == 0
    assert 0 <= risk(model, x, last, last + silence) <= risk(model, x, last, last + silence + 30) + 1e-12 <= 1


def test_the_same_silence_means_more_to_a_frequent_buyer():
    assert risk(LEAVING, 12, 150, 210) > 2 * risk(LEAVING, 2, 150, 210)


def test_silence_counts_even_where_nobody_seems_to_drop_out():
    assert risk(LOYAL, 3, 100, 300) > 0.2


def test_a_weekly_buyer_silent_for_half_a_year_is_leaving():
    assert risk(LEAVING, 15, 105, 285) > 0.8
