"""The fitted model as the rest of the product sees it."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.predict.model import CustomerModel, confidence, fit
from app.predict.purchases import PurchaseDays

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def fitted(purchases: PurchaseDays, day: int, **options: int) -> CustomerModel:
    return fit(purchases, as_of_day=day, currency="CNY", fitted_until=EPOCH + timedelta(days=day + 1), **options)


@pytest.fixture(scope="module")
def model(shop: PurchaseDays, first_day: int) -> CustomerModel:
    return fitted(shop, first_day + 299)


def test_every_amount_is_a_whole_number_in_order_and_every_chance_a_chance(model):
    e = model.all()
    assert set(e.status) == {"ok"}
    for column in (e.value, e.median, e.q10, e.q90):
        assert column.dtype == np.int64
        assert (column >= 0).all()
    assert ((e.q10 <= e.median) & (e.median <= e.q90)).all()
    for chance in (e.p_no_purchase, e.churn_risk):
        assert ((chance >= 0) & (chance <= 1)).all()


def test_one_customer_reads_the_same_as_the_table(model):
    e = model.all()
    for i in (0, 17, 2999):
        ltv, churn = model.ltv(e.customer_ids[i]), model.churn(e.customer_ids[i])
        assert (ltv.value, ltv.median, ltv.q10, ltv.q90) == (e.value[i], e.median[i], e.q10[i], e.q90[i])
        assert (churn.p_no_purchase, churn.churn_risk) == (e.p_no_purchase[i], e.churn_risk[i])
        assert (ltv.currency, ltv.basis, ltv.model_card_id) == ("CNY", "gross", model.card.model_card_id)
        assert ltv.calibration is not None
        assert ltv.calibration.n > 1000


def test_the_same_input_gives_the_same_model_and_card(model, shop, first_day):
    again = fitted(shop, first_day + 299)
    assert again.card == model.card
    assert again.all().value.tolist() == model.all().value.tolist()


def test_other_data_another_horizon_or_another_day_is_another_card(model, shop, first_day):
    day = first_day + 299
    fewer = PurchaseDays(shop.customer_ids, shop.customer[:-1], shop.day[:-1], shop.amount[:-1])
    cards = [fitted(fewer, day), fitted(shop, day, horizon_days=30), fitted(shop, day - 1), model]
    assert len({m.card.model_card_id for m in cards}) == 4


def test_what_happens_later_changes_nothing(shop, first_day):
    day = first_day + 220
    then, now = fitted(shop.until(day), day), fitted(shop, day)
    assert then.card == now.card
    assert then.all().value.tolist() == now.all().value.tolist()
    assert then.all().p_no_purchase.tolist() == now.all().p_no_purchase.tolist()


def test_amounts_in_a_hundredth_of_the_unit_give_values_a_hundredfold(shop, first_day):
    finer = PurchaseDays(shop.customer_ids, shop.customer, shop.day, shop.amount * 100)
    one, hundred = fitted(shop, first_day + 299).all(), fitted(finer, first_day + 299).all()
    for name in ("value", "median", "q10", "q90"):
        coarse, fine = getattr(one, name), getattr(hundred, name) / 100
        assert np.abs(coarse - fine).max() <= 0.51 + 1e-4 * fine.max()
    np.testing.assert_allclose(one.p_no_purchase, hundred.p_no_purchase)


def test_someone_without_purchases_or_unknown_has_not_enough_data(shop, first_day):
    names = (*shop.customer_ids, "zoe")
    found = fitted(PurchaseDays(names, shop.customer, shop.day, shop.amount), first_day + 299)
    for who in ("zoe", "nobody we know"):
        assert found.ltv(who).status == found.churn(who).status == "not_enough_data"
        assert found.ltv(who).missing == found.churn(who).missing == ("orders",)
        assert found.ltv(who).value is None
        assert found.churn(who).churn_risk is None
    assert found.all().status[-1] == "not_enough_data"
    assert found.all().value[-1] == 0
    assert np.isnan(found.all().p_no_purchase[-1])


def test_a_buyer_who_comes_only_later_is_not_known_yet(shop, first_day):
    found = fitted(shop, first_day + 80)
    late = shop.customer_ids[shop.customer[shop.day == first_day + 99][0]]
    later_only = shop.day[shop.customer == shop.customer_ids.index(late)].min() == first_day + 99
    assert (found.ltv(late).missing == ("orders",)) == later_only


@pytest.mark.parametrize(
    ("rows", "missing"),
    [
        ([("only", 50, 100)], ("customers>=100", "repeat_customers>=30", "history_days>=60")),
        ([(f"c{i}", 50, 100) for i in range(200)], ("repeat_customers>=30", "history_days>=60")),
        ([(f"c{i}", d, 0) for i in range(200) for d in (1, 99)], ("repeat_customers>=30",)),
        ([(f"c{i}", d, 5) for i in range(50) for d in (1, 99)], ("customers>=100",)),
    ],
    ids=["one customer", "one day", "nothing was paid", "few customers"],
)
def test_a_shop_with_too_little_says_what_it_lacks(rows, missing):
    found = fitted(PurchaseDays.from_rows(*zip(*rows, strict=True)), 100)
    assert found.missing == missing
    assert found.ltv(rows[0][0]).missing == found.churn(rows[0][0]).missing == missing
    assert found.card.parameters == {}
    assert found.card.calibration is None


def test_a_shop_without_any_event_answers_too():
    found = fitted(PurchaseDays.from_rows([], [], []), 100)
    assert found.ltv("x").status == "not_enough_data"
    assert found.all().value.size == 0


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    tail=st.floats(0.4, 3),
    span=st.integers(60, 800),
    orders=st.integers(300, 1500),
    horizon=st.sampled_from([1, 90, 730]),
)
def test_no_shop_makes_a_number_negative_or_not_a_number(seed, tail, span, orders, horizon):
    rng = np.random.default_rng(seed)
    who = rng.zipf(1.3, orders) % 400
    days = rng.integers(0, span + 1, orders)
    amounts = np.minimum(100 * rng.pareto(tail, orders), 1e12).astype(np.int64) - 20
    found = fitted(PurchaseDays.from_rows([f"c{i}" for i in who], days, amounts), span, horizon_days=horizon)
    e = found.all()
    ok = e.status == "ok"
    assert all((column >= 0).all() for column in (e.value, e.q10, e.median, e.q90))
    assert ((e.q10 <= e.median) & (e.median <= e.q90)).all()
    assert np.isfinite(e.p_no_purchase[ok]).all()
    assert np.isfinite(e.churn_risk[ok]).all()
    assert e.value.max(initial=0) <= 1e6 * max(amounts.max(), 1)


def test_confidence_follows_the_width_of_the_interval():
    assert confidence(100, 50, 200, measured=True) == "high"
    assert confidence(100, 50, 200, measured=False) == "medium"
    assert confidence(100, 0, 290, measured=True) == "medium"
    assert confidence(100, 0, 310, measured=True) == "low"
    assert confidence(100, 0, 0, measured=True) == "low"
    assert confidence(0, 0, 0, measured=True) == "low"


@pytest.mark.parametrize("horizon", [0, -5, 100_000])
def test_a_horizon_that_makes_no_sense_is_refused(shop, first_day, horizon):
    with pytest.raises(InvalidInput, match="horizon_days"):
        fitted(shop, first_day + 299, horizon_days=horizon)


def test_a_time_without_a_zone_is_refused(shop, first_day):
    with pytest.raises(InvalidInput, match="time zone"):
        fit(shop, as_of_day=first_day, currency="CNY", fitted_until=datetime(2022, 1, 1))


def test_the_card_says_what_the_model_stands_on(model, shop):
    card = model.card
    assert card.customers == 3000
    assert 30 < card.repeat_customers < 3000
    assert {
        "r",
        "alpha",
        "a",
        "b",
        "spend_p",
        "spend_q",
        "spend_gamma",
        "q90_scale",
    } <= card.parameters.keys()
    assert card.parameters["q90_scale"] >= 1
