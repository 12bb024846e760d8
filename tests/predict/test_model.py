"""The fitted model as the rest of the product sees it: one customer at a time, and what the numbers stand on."""

from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from app.errors import InvalidInput
from app.predict.fitted import Estimates, Fitted
from app.predict.inputs.purchases import PurchaseDays
from app.predict.model import CustomerModel, fit
from app.predict.value.season import Calendar
from tests.factories_shops import FIRST_DAY, UNTIL, bought

LAST = FIRST_DAY + 299


def fitted(purchases: PurchaseDays, day: int, **options: object) -> CustomerModel:
    asked = {"as_of_day": day, "currency": "CNY", "fitted_until": UNTIL, **options}
    return fit(purchases, **asked)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def short(small: PurchaseDays) -> CustomerModel:
    """A small shop over a horizon that nothing can be measured on, which is quick."""
    return fitted(small, LAST, horizon_days=7)


def test_one_customer_reads_the_same_as_the_table(model: CustomerModel) -> None:
    e = model.all()
    for i in (0, 17, 2999):
        ltv, churn = model.ltv(e.customer_ids[i]), model.churn(e.customer_ids[i])
        assert (ltv.value, ltv.median, ltv.q10, ltv.q90) == (e.value[i], e.median[i], e.q10[i], e.q90[i])
        assert (churn.p_no_purchase, churn.churn_risk) == (e.p_no_purchase[i], e.churn_risk[i])
        assert churn.p_no_activity is None
        assert (ltv.currency, ltv.basis, ltv.model_card_id) == ("CNY", "gross", model.card.model_card_id)
        assert (ltv.status, churn.status, ltv.missing) == ("ok", "ok", ())


def test_an_estimate_carries_what_the_look_back_measured(model: CustomerModel) -> None:
    one = model.all().customer_ids[0]
    ltv, churn = model.ltv(one).calibration, model.churn(one).calibration
    assert ltv is not None
    assert churn is not None
    assert (ltv, churn) == (model.card.calibration, model.card.churn_calibration)
    assert ltv.set == churn.set == "backtest, cut 2022-08-05, 90 d"
    assert ltv.n == churn.n == 3000
    assert churn.predicted == pytest.approx(churn.observed, abs=0.05)


def test_fit_learns_and_reads_in_one(small: PurchaseDays, learned: Fitted, told: Estimates) -> None:
    found = fitted(small, LAST)
    assert found.all().value.tolist() == told.value.tolist()
    assert found.all().churn_risk.tolist() == told.churn_risk.tolist()
    assert found.fitted == msgspec.structs.replace(learned, model_card_id=found.card.model_card_id)


def test_the_same_input_gives_the_same_card_and_any_other_another(small: PurchaseDays, short: CustomerModel) -> None:
    assert fitted(small, LAST, horizon_days=7).card == short.card
    fewer = PurchaseDays(small.customer_ids, small.customer[:-1], small.day[:-1], small.amount[:-1])
    others = [
        fitted(fewer, LAST, horizon_days=7),
        fitted(small, LAST, horizon_days=8),
        fitted(small, LAST - 1, horizon_days=7),
        fitted(small, LAST, horizon_days=7, currency="EUR"),
        fitted(small, LAST, horizon_days=7, basis="net_of_refunds"),
        fitted(small, LAST, horizon_days=7, calendar=Calendar(months=(2.0,) + (1.0,) * 11)),
    ]
    assert len({m.card.model_card_id for m in (short, *others)}) == 7


def test_what_happens_later_changes_nothing(small: PurchaseDays) -> None:
    day = FIRST_DAY + 220
    then, now = (fitted(shop, day, horizon_days=7) for shop in (small.until(day), small))
    assert then.card == now.card
    for name in ("value", "median", "q10", "q90", "p_no_purchase", "churn_risk", "status"):
        np.testing.assert_array_equal(getattr(then.all(), name), getattr(now.all(), name))


def test_someone_without_purchases_or_unknown_has_not_enough_data(small: PurchaseDays) -> None:
    names = (*small.customer_ids, "zoe")
    found = fitted(PurchaseDays(names, small.customer, small.day, small.amount), LAST, horizon_days=7)
    for who in ("zoe", "nobody we know"):
        ltv, churn = found.ltv(who), found.churn(who)
        assert ltv.status == churn.status == "not_enough_data"
        assert ltv.missing == churn.missing == ("orders",)
        assert (ltv.value, ltv.median, ltv.q10, ltv.q90, ltv.confidence, ltv.calibration) == (None,) * 6
        assert (churn.p_no_purchase, churn.p_no_activity, churn.churn_risk, churn.calibration) == (None,) * 4


def test_a_buyer_who_comes_only_later_is_not_known_yet(small: PurchaseDays) -> None:
    first = np.array([small.day[small.customer == i].min() for i in range(500)])
    found = fitted(small, FIRST_DAY + 80, horizon_days=7)
    for i in (int(first.argmax()), int(first.argmin())):
        expected = ("orders",) if first[i] > FIRST_DAY + 80 else ()
        assert found.ltv(small.customer_ids[i]).missing == expected
    assert first.max() > FIRST_DAY + 80 > first.min()


@pytest.mark.parametrize(
    ("rows", "missing"),
    [
        ([("only", 50, 100)], ("customers>=100", "repeat_customers>=30", "history_days>=60")),
        ([(f"c{i}", i % 90, 100) for i in range(200)], ("repeat_customers>=30",)),
    ],
    ids=["one customer", "nobody came back"],
)
def test_a_shop_with_too_little_says_so_of_every_customer(
    rows: list[tuple[str, int, int]], missing: tuple[str, ...]
) -> None:
    found = fitted(bought(rows), 100)
    assert found.missing == missing
    assert found.ltv(rows[0][0]).missing == found.churn("nobody").missing == missing
    assert found.ltv(rows[0][0]).model_card_id is None
    assert found.purchase_rate([rows[0][0]]) is None


def test_a_shop_without_any_event_answers_too() -> None:
    found = fitted(PurchaseDays.from_rows([], [], []), 100)
    assert found.ltv("x").status == "not_enough_data"
    assert found.all().value.size == 0


def test_the_rate_of_some_customers_is_their_mean_chance_to_buy(short: CustomerModel) -> None:
    e = short.all()
    some = e.customer_ids[:7]
    assert short.purchase_rate([*some, "nobody we know"]) == pytest.approx(1 - e.p_no_purchase[:7].mean())
    assert short.purchase_rate(["nobody we know"]) is None


def test_confidence_is_the_estimates_own(model: CustomerModel, short: CustomerModel) -> None:
    e = model.all()
    assert [model.ltv(name).confidence for name in e.customer_ids[:50]] == e.confidence[:50].tolist()
    assert set(e.confidence) >= {"medium", "low"}
    assert set(e.confidence[e.value > e.q90 + 1]) <= {"low"}


def test_what_was_never_measured_is_told_with_low_confidence(short: CustomerModel) -> None:
    assert short.fitted.look_back is None
    assert set(short.all().confidence) == {"low"}


def test_bad_questions_are_refused(small: PurchaseDays) -> None:
    with pytest.raises(InvalidInput, match="horizon_days"):
        fitted(small, LAST, horizon_days=0)
    with pytest.raises(InvalidInput, match="time zone"):
        fitted(small, LAST, fitted_until=datetime(2022, 1, 1))


def test_the_card_says_what_the_model_stands_on(model: CustomerModel) -> None:
    card = model.card
    assert card.customers == 3000
    assert 30 < card.repeat_customers < 3000
    assert card.fitted_until == datetime(2026, 1, 1, tzinfo=UTC)
    of_papers = {"r", "alpha", "a", "b", "spend_p", "spend_q", "spend_gamma"}
    of_blend = {f"{what}_{member}" for what in ("weight", "raised", "season") for member in ("bg_nbd", "trees", "line")}
    assert of_papers | of_blend | {"backtest_level"} <= card.parameters.keys()
    assert all(np.isfinite(value) for value in card.parameters.values())
