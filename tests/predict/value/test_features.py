"""The columns of every buyer: right for one who is worked out by hand, blind to later days, free of the currency."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.predict.inputs.purchases import Floats, PurchaseDays, rfm
from app.predict.value.bg_nbd import BgNbd
from app.predict.value.features import USUAL_ORDER, WINDOWS, Features, build, unit_of
from app.predict.value.gamma_gamma import GammaGamma
from app.predict.value.intervals import SpendModel, spend
from tests.factories_shops import FIRST_DAY, MONEY, TRUTH, bought, some_of, with_later_rows

MODEL = SpendModel(TRUTH, MONEY)
HAND = [("a", 100, 3000), ("a", 110, 1000), ("a", 140, 2000), ("b", 120, 500), ("late", 151, 10)]


@dataclass(frozen=True)
class Visits:
    """One column that is the day itself, and one that is known of the first customer only."""

    customers: int
    names: tuple[str, ...] = ("day", "first")

    def at(self, day: int) -> Floats:
        first = np.full(self.customers, np.nan)
        first[0] = 1
        return np.column_stack([np.full(self.customers, float(day)), first])


def seen(purchases: PurchaseDays, day: int, unit: float = 1000.0, horizon: int = 90) -> Features:
    return build(purchases, day, horizon_days=horizon, model=MODEL, unit=unit, beside=None)


def test_every_column_of_one_buyer_is_what_one_works_out_by_hand() -> None:
    found = seen(bought(HAND), 150)
    first = {name: found.columns[0, i] for i, name in enumerate(found.names)}
    known = {
        "frequency": 2, "recency": 40, "age": 50, "silence": 10, "usual_gap": 20, "last_gap": 30,
        "overdue": 10 * 3 / (40 + 30), "average_order": 2, "total_spend": 6, "last_order": 2, "first_order": 3,
        "largest_order": 3, "repeat_order": 1.5, "spend_30d": 2, "orders_30d": 1, "spend_60d": 6, "orders_60d": 3,
    }  # fmt: skip
    assert {name: first[name] for name in known} == pytest.approx(known)


def test_a_window_ends_today_and_begins_after_its_first_day() -> None:
    rows = [("a", 100 - days + shift, 10 * days) for days in WINDOWS for shift in (0, 1)]
    found = seen(bought(rows), 100, unit=1.0)
    own = [found.column(f"spend_{days}d")[0] for days in WINDOWS]
    inside = [sum(a for _, d, a in rows if 100 - days < d <= 100) for days in WINDOWS]
    assert own == inside


def test_one_time_buyers_have_no_gaps_and_who_came_later_has_no_row() -> None:
    found = seen(bought(HAND), 150)
    assert found.table.customer.tolist() == [0, 1]
    gaps = [found.names.index(name) for name in ("usual_gap", "last_gap", "overdue")]
    assert np.isnan(found.columns[1, gaps]).all()
    assert np.isfinite(np.delete(found.columns, gaps, axis=1)).all()
    assert found.column("usual_gap").tolist() == [20, 0]


def test_expected_spend_is_that_of_the_model(shop: PurchaseDays) -> None:
    found = seen(shop, FIRST_DAY + 200)
    exact = spend(MODEL, rfm(shop, FIRST_DAY + 200), 90)
    np.testing.assert_allclose(found.expected * 1000, exact.mean, rtol=1e-9)
    np.testing.assert_allclose(found.p_purchase, exact.p_purchase, rtol=1e-9)


@pytest.mark.parametrize("back", [0, 40, 150])
def test_nothing_after_the_day_is_read(small: PurchaseDays, back: int) -> None:
    day = FIRST_DAY + 299 - back
    one, other = seen(small, day), seen(with_later_rows(small, day), day)
    np.testing.assert_array_equal(one.columns, other.columns)
    np.testing.assert_array_equal(one.table.customer, other.table.customer)


@settings(max_examples=15)
@given(st.sets(st.integers(0, 499), min_size=1, max_size=30))
def test_a_buyers_columns_do_not_depend_on_who_else_is_there(small: PurchaseDays, who: set[int]) -> None:
    day = FIRST_DAY + 250
    whole, part = seen(small, day), seen(some_of(small, sorted(who)), day)
    rows = np.isin(whole.table.customer, sorted(who))
    np.testing.assert_allclose(part.columns, whole.columns[rows], rtol=1e-12)


def test_amounts_in_another_currency_give_the_same_columns(small: PurchaseDays) -> None:
    dearer = PurchaseDays(small.customer_ids, small.customer, small.day, small.amount * 100)
    assert unit_of(dearer) == pytest.approx(100 * unit_of(small))
    assert small.amount.mean() / unit_of(small) == pytest.approx(USUAL_ORDER)
    counts, money = MODEL
    scaled = SpendModel(BgNbd(*counts), GammaGamma(money.p, money.q, money.gamma * 100))
    one = seen(small, FIRST_DAY + 250, unit_of(small))
    other = build(dearer, FIRST_DAY + 250, horizon_days=90, model=scaled, unit=unit_of(dearer), beside=None)
    np.testing.assert_allclose(one.columns, other.columns, rtol=1e-9)


def test_what_is_known_beside_purchases_comes_last_as_of_the_same_day() -> None:
    found = build(bought(HAND), 150, horizon_days=90, model=MODEL, unit=1.0, beside=Visits(3))
    assert found.beside == ("day", "first")
    assert found.columns[:, -2].tolist() == [150, 150]
    assert found.column("first").tolist() == [1, 0]
    assert seen(bought(HAND), 150).beside == ()


@pytest.mark.parametrize("rows", [[], [("a", 200, 5)]], ids=["no purchases", "none by then"])
def test_a_shop_without_buyers_has_no_rows(rows: list[tuple[str, int, int]]) -> None:
    purchases = bought(rows) if rows else PurchaseDays.from_rows([], [], [])
    found = seen(purchases, 150, unit=unit_of(purchases))
    assert found.columns.shape == (0, len(found.names))
    assert unit_of(PurchaseDays.from_rows([], [], [])) == 1
