"""Churn risk: which of the three answers is given, and the last of them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.predict.behaviour.columns import BehaviourColumns
from app.predict.churn.chances import Churn, chances, learn, silence_took
from app.predict.churn.own_rhythm import risk
from app.predict.inputs.purchases import Histories, PurchaseDays, rfm
from app.predict.value.bg_nbd import BgNbd
from tests.factories_behaviour import a_shop

LEAVING = BgNbd(0.25, 33.0, 0.72, 2.2)
LOYAL = BgNbd(0.7, 66.0, 1e-6, 4000.0)


def took(model: BgNbd, x: int, recency: int, age: int) -> float:
    return float(silence_took(model, Histories(*np.array([[x], [recency], [age]])), 90)[0])


def test_orders_alone_tell_by_their_own_rhythm(shop: PurchaseDays, first_day: int) -> None:
    day = first_day + 299
    learned, table = learn(shop, None, day=day, horizon_days=90), rfm(shop, day)
    found = chances(learned, LEAVING, table, shop, None, day=day, horizon_days=90)
    assert learned.rhythm is not None
    np.testing.assert_array_equal(found.churn_risk, risk(learned.rhythm, table.histories))
    assert np.isnan(found.p_no_activity).all()


def test_a_past_that_teaches_nothing_leaves_what_silence_took(shop: PurchaseDays, first_day: int) -> None:
    table = rfm(shop, first_day + 299)
    found = chances(Churn(), LEAVING, table, shop, None, day=first_day + 299, horizon_days=90)
    np.testing.assert_array_equal(found.churn_risk, silence_took(LEAVING, table.histories, 90))


def test_what_customers_do_tells_where_it_is_on_record() -> None:
    shop = a_shop()
    behaviour, table = BehaviourColumns(shop.behaviour), rfm(shop.purchases, shop.last_day)
    learned = learn(shop.purchases, behaviour, day=shop.last_day, horizon_days=60)
    found = chances(learned, LEAVING, table, shop.purchases, behaviour, day=shop.last_day, horizon_days=60)
    gone = shop.left[table.customer] < shop.last_day - 30
    assert found.churn_risk[gone].mean() > 0.8
    assert found.churn_risk[~gone].mean() < 0.2
    assert ((found.p_no_activity >= 0) & (found.p_no_activity <= 1)).all()


@settings(deadline=None)
@given(st.integers(0, 1000))
def test_someone_who_bought_once_is_never_leaving(age: int) -> None:
    assert took(LEAVING, 0, 0, age) == 0


@settings(deadline=None)
@given(st.sampled_from([LEAVING, LOYAL]), st.integers(1, 40), st.integers(1, 200), st.integers(0, 500))
def test_risk_is_nothing_on_the_day_of_a_purchase_and_never_falls_in_silence(
    model: BgNbd, x: int, gap: int, silence: int
) -> None:
    last = x + gap
    assert took(model, x, last, last) == 0
    assert 0 <= took(model, x, last, last + silence) <= took(model, x, last, last + silence + 30) + 1e-12 <= 1


def test_the_same_silence_means_more_to_a_frequent_buyer() -> None:
    assert took(LEAVING, 12, 150, 210) > 2 * took(LEAVING, 2, 150, 210)


def test_silence_counts_even_where_nobody_seems_to_drop_out() -> None:
    assert took(LOYAL, 3, 100, 300) > 0.2


def test_a_weekly_buyer_silent_for_half_a_year_is_leaving() -> None:
    assert took(LEAVING, 15, 105, 285) > 0.8
