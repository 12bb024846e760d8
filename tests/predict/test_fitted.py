"""Learning and reading: plain data that forget nothing, blind to later days, the same for one customer as for all."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.predict.behaviour.columns import BehaviourColumns
from app.predict.fitted import Estimates, Fitted, estimate, learn
from app.predict.inputs.purchases import PurchaseDays, spend_between
from app.predict.value.season import Calendar
from tests.factories_behaviour import a_shop
from tests.factories_shops import (
    FIRST_DAY,
    UNTIL,
    bought,
    learned_from,
    some_of,
    steady,
    with_later_rows,
)

LAST = FIRST_DAY + 299
AMOUNTS = ("value", "median", "q10", "q90")
CHANCES = ("p_no_purchase", "p_no_activity", "churn_risk")


def assert_same(one: Estimates, other: Estimates, rows: slice | list[int] = slice(None)) -> None:
    """Amounts to the last unit; chances up to what vector arithmetic leaves when there are more or fewer rows."""
    for name in (*AMOUNTS, "confidence", "status"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name)[rows], err_msg=name)
    for name in CHANCES:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name)[rows], rtol=1e-12, err_msg=name)


def assert_sound(found: Estimates) -> None:
    """In order, never negative, always a number, and a chance where a chance is told."""
    ok = found.status == "ok"
    for name in AMOUNTS:
        assert getattr(found, name).dtype == np.int64
        assert (getattr(found, name) >= 0).all()
        assert (getattr(found, name)[~ok] == 0).all()
    assert (found.q10 <= found.median).all()
    assert (found.median <= found.q90).all()
    assert set(found.confidence[ok]) <= {"high", "medium", "low"}
    assert set(found.confidence[~ok]) <= {""}
    for chance in (found.p_no_purchase, found.churn_risk):
        assert ((chance[ok] >= 0) & (chance[ok] <= 1)).all()
        assert np.isnan(chance[~ok]).all()


def test_every_number_is_sound(told: Estimates) -> None:
    assert set(told.status) == {"ok"}
    assert_sound(told)
    assert told.value.min() > 0
    assert (told.q90 > told.value).mean() > 0.5


def test_the_same_purchases_teach_the_same_to_the_byte(small: PurchaseDays, learned: Fitted) -> None:
    again = learned_from(small, LAST)
    assert msgspec.json.encode(again) == msgspec.json.encode(learned)


def test_what_was_learned_survives_being_kept(small: PurchaseDays, learned: Fitted, told: Estimates) -> None:
    kept = msgspec.json.encode(learned)
    again = msgspec.json.decode(kept, type=Fitted)
    assert again == learned
    assert msgspec.json.encode(again) == kept
    assert_same(estimate(again, small, as_of_day=LAST), told)


def test_it_holds_no_customer(learned: Fitted) -> None:
    assert b'"c00' not in msgspec.json.encode(learned)


@pytest.mark.parametrize("day", [LAST - 45, LAST - 160])
def test_what_happens_after_the_day_changes_nothing(small: PurchaseDays, day: int) -> None:
    then, poisoned = learned_from(small.until(day), day), learned_from(with_later_rows(small, day), day)
    assert then == poisoned
    assert_same(
        estimate(then, small.until(day), as_of_day=day), estimate(then, with_later_rows(small, day), as_of_day=day)
    )


@settings(max_examples=5)
@given(who=st.sets(st.integers(0, 499), min_size=1, max_size=40))
def test_a_customers_numbers_do_not_depend_on_who_else_is_asked_for(
    small: PurchaseDays, learned: Fitted, told: Estimates, who: set[int]
) -> None:
    kept = sorted(who)
    assert_same(estimate(learned, some_of(small, kept), as_of_day=LAST), told, kept)


def test_many_customers_are_estimated_in_parts_with_the_same_answer(
    small: PurchaseDays, learned: Fitted, told: Estimates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.predict.fitted.MOST_AT_ONCE", 97)
    assert_same(estimate(learned, small, as_of_day=LAST), told)


def test_amounts_in_a_hundredth_of_the_unit_give_values_a_hundredfold(small: PurchaseDays, told: Estimates) -> None:
    finer = PurchaseDays(small.customer_ids, small.customer, small.day, small.amount * 100)
    hundred = estimate(learned_from(finer, LAST), finer, as_of_day=LAST)
    for name in AMOUNTS:
        coarse, fine = getattr(told, name), getattr(hundred, name) / 100
        np.testing.assert_allclose(coarse, fine, atol=0.51, rtol=1e-3)
    np.testing.assert_allclose(told.p_no_purchase, hundred.p_no_purchase, atol=1e-4)
    np.testing.assert_allclose(told.churn_risk, hundred.churn_risk, atol=1e-4)


def test_a_model_serves_the_days_after_it(small: PurchaseDays) -> None:
    fitted = learned_from(small, LAST - 6)
    found = [estimate(fitted, small, as_of_day=day) for day in (LAST - 6, LAST)]
    came = np.unique(small.customer[small.day > LAST - 6])
    silent = np.setdiff1d(np.arange(500), came)
    assert (found[1].value[came] > found[0].value[came]).mean() > 0.5
    assert (found[1].value[silent] <= found[0].value[silent]).mean() > 0.8
    assert found[1].value.sum() == pytest.approx(found[0].value.sum(), rel=0.2)


def test_someone_who_never_bought_has_no_numbers(small: PurchaseDays, learned: Fitted, told: Estimates) -> None:
    names = (*small.customer_ids, "zoe")
    found = estimate(learned, PurchaseDays(names, small.customer, small.day, small.amount), as_of_day=LAST)
    assert found.status[-1] == "not_enough_data"
    assert_sound(found)
    assert_same(told, found, slice(0, 500))


@pytest.mark.parametrize("day", [FIRST_DAY - 10, LAST + 3000], ids=["before anyone bought", "years later"])
def test_a_day_far_from_the_models_own_is_answered_too(small: PurchaseDays, learned: Fitted, day: int) -> None:
    found = estimate(learned, small, as_of_day=day)
    assert_sound(found)
    assert (found.status == "ok").sum() == (500 if day > LAST else 0)
    assert found.value.sum() < 500 * small.amount.mean()


def test_nobody_is_nobody(learned: Fitted) -> None:
    found = estimate(learned, PurchaseDays.from_rows([], [], []), as_of_day=LAST)
    assert found.value.size == found.status.size == 0


@pytest.fixture(scope="module")
def by_horizon(small: PurchaseDays) -> dict[int, Fitted]:
    """What the same day teaches of shorter and longer times ahead."""
    return {days: learned_from(small, LAST, horizon_days=days) for days in (1, 30, 1830)}


@pytest.mark.parametrize("horizon", [1, 30, 1830])
def test_any_horizon_is_answered_also_one_longer_than_the_history(
    small: PurchaseDays, by_horizon: dict[int, Fitted], horizon: int
) -> None:
    fitted = by_horizon[horizon]
    assert_sound(estimate(fitted, small, as_of_day=LAST))
    assert (fitted.look_back is None) == (horizon == 1)
    assert fitted.card.horizon_days == horizon


def test_a_longer_horizon_is_worth_more(small: PurchaseDays, told: Estimates, by_horizon: dict[int, Fitted]) -> None:
    day, month, years = (estimate(by_horizon[days], small, as_of_day=LAST) for days in (1, 30, 1830))
    worth = [found.value.sum() for found in (day, month, told, years)]
    assert worth == sorted(worth)
    assert worth[0] > 0
    absence = [found.p_no_purchase.mean() for found in (years, told, month, day)]
    assert absence == sorted(absence)


@pytest.mark.parametrize("horizon", [0, -5, 1831, 100_000])
def test_a_horizon_that_makes_no_sense_is_refused(small: PurchaseDays, horizon: int) -> None:
    with pytest.raises(InvalidInput, match="horizon_days"):
        learned_from(small, LAST, horizon_days=horizon)


def test_a_time_without_a_zone_is_refused(small: PurchaseDays) -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        learn(
            small, day=LAST, horizon_days=90, currency="CNY", fitted_until=UNTIL.replace(tzinfo=None),
            calendar=Calendar(), model_card_id="card",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "missing"),
    [
        ([("only", 50, 100)], ("customers>=100", "repeat_customers>=30", "history_days>=60")),
        ([(f"c{i}", 50, 100) for i in range(200)], ("repeat_customers>=30", "history_days>=60")),
        ([(f"c{i}", i % 90, 100) for i in range(200)], ("repeat_customers>=30",)),
        ([(f"c{i}", d, 0) for i in range(200) for d in (1, 99)], ("repeat_customers>=30",)),
        ([(f"c{i}", d, 5) for i in range(50) for d in (1, 99)], ("customers>=100",)),
        ([(f"c{i}", d, 5) for i in range(200) for d in (99, 300)], ("repeat_customers>=30", "history_days>=60")),
    ],
    ids=["one customer", "one day", "nobody came back", "nothing was paid", "few customers", "most is yet to come"],
)
def test_a_shop_with_too_little_says_what_it_lacks(rows: list[tuple[str, int, int]], missing: tuple[str, ...]) -> None:
    shop = bought(rows)
    fitted = learned_from(shop, 100)
    assert fitted.missing == missing
    assert fitted.card.parameters == {}
    assert fitted.card.calibration is None
    found = estimate(fitted, shop, as_of_day=100)
    assert set(found.status) == {"not_enough_data"}
    assert_sound(found)


@settings(max_examples=8)
@given(
    seed=st.integers(0, 2**16),
    tail=st.floats(0.4, 3),
    span=st.integers(60, 800),
    orders=st.integers(300, 1500),
    free=st.floats(0, 0.9),
    horizon=st.sampled_from([1, 90, 730]),
)
def test_no_shop_makes_a_number_negative_or_not_a_number(
    seed: int, tail: float, span: int, orders: int, free: float, horizon: int
) -> None:
    rng = np.random.default_rng(seed)
    who = rng.zipf(1.3, orders) % 400
    days = rng.integers(0, span + 1, orders)
    amounts = np.minimum(100 * rng.pareto(tail, orders), 1e12).astype(np.int64) * (rng.random(orders) > free)
    shop = PurchaseDays.from_rows([f"c{i}" for i in who], days, amounts)
    fitted = learned_from(shop, span, horizon_days=horizon)
    assert msgspec.json.decode(msgspec.json.encode(fitted), type=Fitted) == fitted
    found = estimate(fitted, shop, as_of_day=span)
    assert_sound(found)
    assert found.value.max(initial=0) <= 1e6 * max(amounts.max(), 1)


@pytest.mark.parametrize("leaves", [True, False], ids=["every other one leaves", "all buy like clockwork"])
def test_customers_without_any_chance_in_them_are_answered(leaves: bool) -> None:
    rows = [
        (f"c{i:03}", day, 1000)
        for i in range(200)
        for day in range(i % 30, 150 if leaves and i % 2 else 300, 7 + i % 20)
    ]
    shop = bought(rows)
    fitted = learned_from(shop, 299)
    assert msgspec.json.decode(msgspec.json.encode(fitted), type=Fitted) == fitted
    found = estimate(fitted, shop, as_of_day=299)
    assert_sound(found)
    if leaves:
        gone, here = found.p_no_purchase[1::2], found.p_no_purchase[::2]
        assert gone.mean() > 0.8 > 0.2 > here.mean()
        assert found.value[1::2].sum() < 0.1 * found.value[::2].sum()


def test_the_season_ahead_is_in_the_numbers_and_its_doubt_in_the_interval(small: PurchaseDays, told: Estimates) -> None:
    """The shop's last day is 2022-11-03; most of the next ninety days lie in November, December and January."""
    busy = (0, 10, 11)
    calendar = Calendar(
        months=tuple(2.0 if month in busy else 1.0 for month in range(12)),
        spread=tuple(0.5 if month in busy else 0.0 for month in range(12)),
    )
    fitted = learned_from(small, LAST, calendar=calendar)
    found = estimate(fitted, small, as_of_day=LAST)
    assert_sound(found)
    assert found.value.sum() == pytest.approx(1.9 * told.value.sum(), rel=0.2)
    assert found.p_no_purchase.mean() < told.p_no_purchase.mean()
    assert (found.q90 / found.value).mean() > (told.q90 / told.value).mean()
    assert fitted.card.parameters["season_line"] > 1.5


def test_a_season_that_was_seen_a_year_ago_brings_the_level_nearer() -> None:
    first, day, last = 19_358, 19_996, 20_088  # 2023-01-01, 2024-09-30, 2024-12-31
    shop = steady(250, first, last, busy=(10, 12), factor=2.5)
    fitted = learned_from(shop, day)
    assert len(fitted.seen) == 1
    spend, _ = spend_between(shop, np.arange(len(shop.customer_ids)), day, day + 90)
    blind = msgspec.structs.replace(fitted, seen=[], floor=None)
    with_it, without = (estimate(one, shop, as_of_day=day).value.sum() / spend.sum() for one in (fitted, blind))
    assert abs(np.log(with_it)) < 0.6 * abs(np.log(without))


def test_behaviour_that_was_learned_from_must_be_there_to_be_read() -> None:
    shop = a_shop(150)
    beside = BehaviourColumns(shop.behaviour)
    fitted = learn(
        shop.purchases, day=shop.last_day, horizon_days=60, currency="CNY", fitted_until=UNTIL,
        calendar=Calendar(), model_card_id="card", beside=beside,
    )  # fmt: skip
    found = estimate(fitted, shop.purchases, as_of_day=shop.last_day, beside=beside)
    assert_sound(found)
    assert np.isfinite(found.p_no_activity[found.status == "ok"]).all()
    with pytest.raises(InvalidInput, match="behaviour"):
        estimate(fitted, shop.purchases, as_of_day=shop.last_day)
    again = msgspec.json.decode(msgspec.json.encode(fitted), type=Fitted)
    assert_same(estimate(again, shop.purchases, as_of_day=shop.last_day, beside=beside), found)


def test_orders_alone_say_nothing_of_activity(learned: Fitted, told: Estimates) -> None:
    assert learned.beside == ()
    assert np.isnan(told.p_no_activity).all()
