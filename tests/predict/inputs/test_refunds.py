"""Refunds are taken off the purchase that they belong to, never below nothing, and never before they are known."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.events.refunds import RefundTotal
from app.events.store import OrderTotal
from app.identity.schemas import Owners
from app.predict.inputs.purchases import PurchaseDays
from app.predict.inputs.refunds import Refunds, net, of_orders

AT = datetime(2026, 1, 1, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
OWNERS = Owners({"user:1": "one", "phone:1": "one", "user:2": "two", "user:3": "three"})


def bought(*rows: tuple[str, int, int]) -> PurchaseDays:
    names, days, amounts = zip(*rows, strict=True)
    return PurchaseDays.from_rows(names, days, amounts)


def back(*rows: tuple[int, int, int]) -> Refunds:
    return Refunds(*(np.array(column, np.int64) for column in zip(*rows, strict=True)))


def test_a_refund_is_taken_off_the_latest_purchase_before_it() -> None:
    purchases = bought(("a", 1, 100), ("a", 5, 200), ("a", 9, 300), ("b", 5, 50))
    found = net(purchases, back((0, 6, 150)))
    assert found.purchases.amount.tolist() == [100, 50, 300, 50]
    assert (found.taken, found.beyond) == (150, 0)


def test_what_the_latest_purchase_cannot_bear_goes_to_the_one_before_and_never_below_zero() -> None:
    purchases = bought(("a", 1, 100), ("a", 5, 200), ("b", 5, 50))
    found = net(purchases, back((0, 6, 250), (0, 7, 100), (1, 4, 10)))
    assert found.purchases.amount.tolist() == [0, 0, 50]
    assert (found.taken, found.beyond) == (300, 60)


def test_a_purchase_that_came_back_whole_stays_a_purchase() -> None:
    found = net(bought(("a", 1, 100), ("a", 5, 200)), back((0, 5, 200)))
    assert found.purchases.day.tolist() == [1, 5]


def test_a_later_refund_is_not_known_yet() -> None:
    refunds = back((0, 6, 150), (0, 20, 50))
    assert refunds.until(6).amount.tolist() == [150]
    assert refunds.until(5).amount.size == 0


rows = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30), st.integers(0, 500)), min_size=1, max_size=30)


@given(rows, rows)
def test_money_is_neither_made_nor_lost_and_no_order_of_rows_matters(
    paid: list[tuple[int, int, int]], refunded: list[tuple[int, int, int]]
) -> None:
    purchases = bought(*((f"c{who}", day, amount) for who, day, amount in [(w, 0, 1) for w in range(4)] + paid))
    found = net(purchases, back(*refunded))
    assert found.purchases.amount.min() >= 0
    assert purchases.amount.sum() - found.purchases.amount.sum() == found.taken
    assert found.taken + found.beyond == sum(amount for _, _, amount in refunded)
    again = net(purchases, back(*refunded[::-1]))
    assert again.purchases.amount.tolist() == found.purchases.amount.tolist()


def test_a_refund_that_names_its_order_is_taken_off_that_order() -> None:
    orders = [
        OrderTotal("user:1", "web/A", AT, 500),
        OrderTotal("user:1", "web/B", AT + timedelta(days=3), 300),
        OrderTotal("user:2", "web/C", AT, 70),
    ]
    refunds = [
        RefundTotal("user:1", "web/A", AT + timedelta(days=5), 200),
        RefundTotal("user:1", "desk/9", AT + timedelta(days=6), 10),
        RefundTotal("user:2", "web/C", AT + timedelta(days=7), 900),
        RefundTotal("user:3", "web/D", AT, 5),
    ]
    placed = of_orders(orders, refunds, OWNERS, ["one", "two"], UTC_ZONE)
    first = AT.toordinal() - 719163
    assert [tuple(row) for row in zip(*(column.tolist() for column in placed), strict=True)] == [
        (0, first, 200), (0, first + 6, 10), (1, first, 70)
    ]  # fmt: skip
    purchases = bought(("one", first, 500), ("one", first + 3, 300), ("two", first, 70))
    assert net(purchases, placed).purchases.amount.tolist() == [300, 290, 0]


def test_an_order_seen_under_two_identifiers_bears_both_amounts() -> None:
    orders = [OrderTotal("user:1", "web/A", AT, 100), OrderTotal("phone:1", "web/A", AT, 100)]
    refunds = [RefundTotal("user:1", "web/A", AT, 150), RefundTotal("user:1", "web/A", AT + timedelta(days=1), 150)]
    assert of_orders(orders, refunds, OWNERS, ["one"], UTC_ZONE).amount.tolist() == [150, 50]


def test_no_refunds_are_no_rows() -> None:
    assert of_orders([], [], OWNERS, ["one"], UTC_ZONE).amount.size == 0
