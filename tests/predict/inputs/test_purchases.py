"""Orders become purchase days, and purchase days become frequency, recency, T and monetary value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.predict.inputs.purchases import Histories, PurchaseDays, missing_for_fit, numbered, rfm, spend_between

ROWS = [("ann", 10, 500), ("bob", 12, 300), ("ann", 10, 250), ("ann", 14, 100), ("ann", 20, 300)]
orders = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 9), st.integers(-50, 50)), min_size=1, max_size=30)


def purchases(rows: list[tuple[str, int, int]]) -> PurchaseDays:
    ids, days, amounts = zip(*rows, strict=True)
    return PurchaseDays.from_rows(ids, days, amounts)


def test_orders_of_one_day_are_one_purchase():
    found = purchases(ROWS)
    assert found.customer_ids == ("ann", "bob")
    assert found.customer.tolist() == [0, 0, 0, 1]
    assert found.day.tolist() == [10, 14, 20, 12]
    assert found.amount.tolist() == [750, 100, 300, 300]


@settings(deadline=None)
@given(orders, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows, random):
    shuffled = random.sample(rows, len(rows))
    one, other = purchases(rows), purchases(shuffled)
    assert one.customer_ids == other.customer_ids
    for name in ("customer", "day", "amount"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()


@settings(deadline=None)
@given(orders)
def test_no_money_is_lost_or_made(rows):
    assert purchases(rows).amount.sum() == sum(amount for _, _, amount in rows if amount >= 0)


def test_a_refund_is_not_a_purchase_but_a_free_order_is():
    found = purchases([("ann", 10, 500), ("ann", 11, -500), ("bob", 12, -1), ("cy", 9, 0)])
    assert found.customer_ids == ("ann", "bob", "cy")
    assert found.customer.tolist() == [0, 2]
    assert found.amount.tolist() == [500, 0]


def test_nothing_at_all_is_an_empty_table():
    empty = PurchaseDays.from_rows([], [], [])
    assert rfm(empty, 10).customer.size == 0
    assert missing_for_fit(empty, rfm(empty, 10), 10) == (
        "customers>=100",
        "repeat_customers>=30",
        "history_days>=60",
    )


def test_columns_of_different_length_are_refused():
    with pytest.raises(InvalidInput, match="one length"):
        PurchaseDays.from_rows(["a", "b"], [1], [1])


@pytest.mark.parametrize(
    ("customer", "day", "amount"),
    [
        ([0, 0], [2, 1], [1, 1]),
        ([0, 0], [1, 1], [1, 1]),
        ([1, 0], [1, 1], [1, 1]),
        ([0], [1], [-1]),
        ([2], [1], [1]),
    ],
)
def test_rows_that_break_the_promise_are_refused(customer, day, amount):
    with pytest.raises(InvalidInput):
        PurchaseDays(("a", "b"), np.array(customer, np.int32), np.array(day, np.int32), np.array(amount, np.int64))


def test_frequency_counts_repeat_days_and_recency_is_the_age_at_the_last_one():
    table = rfm(purchases(ROWS), 25)
    assert table.customer.tolist() == [0, 1]
    assert table.frequency.tolist() == [2, 0]
    assert table.recency.tolist() == [10, 0]
    assert table.T.tolist() == [15, 13]
    assert table.monetary_value.tolist() == [200.0, 0.0]
    assert (table.first_day.tolist(), table.last_day.tolist()) == ([10, 12], [20, 12])


def test_the_view_of_a_day_knows_nothing_later():
    table = rfm(purchases(ROWS), 14)
    assert table.frequency.tolist() == [1, 0]
    assert table.monetary_value.tolist() == [100.0, 0.0]
    assert rfm(purchases(ROWS), 11).customer.tolist() == [0]


def test_spend_between_excludes_the_cut_and_includes_the_end():
    spend, days = spend_between(purchases(ROWS), np.array([0, 1]), 10, 14)
    assert spend.tolist() == [100.0, 300.0]
    assert days.tolist() == [1, 1]


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 12)] * 3), min_size=1, max_size=40))
def test_distinct_histories_give_back_every_customer(rows):
    histories = Histories(*np.array([(x, min(t_x, t), t) for x, t_x, t in rows], np.int64).T)
    distinct, inverse, counts = histories.distinct()
    for whole, part in zip(histories, distinct, strict=True):
        assert part[inverse].tolist() == whole.tolist()
    assert counts.tolist() == np.bincount(inverse).tolist()
    assert len(set(zip(*(c.tolist() for c in distinct), strict=True))) == distinct.T.size
    same, again = histories.counted()
    assert [c.tolist() for c in same] == [c.tolist() for c in distinct]
    assert again.tolist() == counts.tolist()


@settings(deadline=None)
@given(st.lists(st.integers(0, 30) | st.just(10**12), max_size=40))
def test_keys_are_numbered_alike_whether_they_lie_close_together_or_far_apart(keys):
    found, place = numbered(np.array(keys, np.int64))
    assert found.tolist() == sorted(set(keys))
    assert found[place].tolist() == keys
