"""The figures of a shop on tables small enough to know the answer."""

import numpy as np
import pytest

from evals.shop_statistics import Behaviour, Kind, Messages, Orders, spread, statistics


def behaviour(
    orders: list[tuple[int, int, float]], events: list[tuple[int, Kind]] | None = None, customers: int = 4
) -> Behaviour:
    table = np.array(orders, dtype=np.float64).reshape(-1, 3)
    seen = None if events is None else np.array(events, dtype=np.int64)
    return Behaviour(
        customers=customers,
        days=200,
        customer=None if seen is None else seen[:, 0],
        kind=None if seen is None else seen[:, 1],
        orders=Orders(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2]),
        messages=None,
    )


def test_gaps_lie_between_the_purchase_days_of_one_customer() -> None:
    found = statistics(behaviour([(0, 0, 5), (0, 10, 5), (0, 40, 5), (1, 3, 5), (1, 3, 7), (2, 7, 5)]), seed=1)
    assert found["gap_days_p50"].value == 10
    assert found["gap_days_p90"].value == 30
    assert found["gap_days_cv"].value == pytest.approx(0.5)
    assert found["gap_days_p50"].n == 2


def test_two_orders_on_one_day_are_no_repeat_purchase() -> None:
    found = statistics(behaviour([(0, 0, 5), (0, 10, 5), (1, 3, 5), (1, 3, 7)]), seed=1)
    assert found["repeat_rate"].value == 0.5
    assert found["repeat_rate"].n == 2


def test_who_was_not_watched_for_ninety_days_is_not_asked_whether_they_came_back() -> None:
    orders = [(0, 0, 5.0), (0, 80, 5), (1, 5, 5), (1, 120, 5), (2, 60, 5), (2, 61, 5)]
    found = statistics(behaviour(orders), seed=1)
    assert (found["repeat_rate_90d"].value, found["repeat_rate_90d"].n) == (0.5, 2)
    assert "repeat_rate_90d" not in statistics(behaviour([(0, 0, 5), (0, 9, 5)]), seed=1)


def test_the_tail_of_baskets_is_told_against_the_middle() -> None:
    orders = [(i % 4, i, float(amount)) for i, amount in enumerate(range(1, 101))]
    found = statistics(behaviour(orders), seed=1)
    assert found["basket_p50"].value == 50
    assert found["basket_p90_to_p50"].value == pytest.approx(90 / 50)
    assert found["basket_p99_to_p50"].value == pytest.approx(99 / 50)
    assert found["basket_top1_share"].value == pytest.approx(100 / 5050)


def test_hills_index_finds_the_exponent_of_a_pareto_tail() -> None:
    amounts = (1 - (np.arange(4000) + 0.5) / 4000) ** (-1 / 2.5)
    orders = spread(amounts, np.zeros(4000, dtype=np.int64))
    assert orders.tail_index(np.ones(1)) == pytest.approx(2.5, rel=0.05)


def test_conversion_is_told_per_view_and_per_order() -> None:
    events = [(0, Kind.VIEW)] * 8 + [(1, Kind.VIEW)] * 2 + [(0, Kind.FAVOURITE), (1, Kind.CART), (1, Kind.CART)]
    found = statistics(behaviour([(1, 1, 9)], [*events, (1, Kind.ORDER)], customers=2), seed=1)
    assert found["favourites_per_view"].value == pytest.approx(0.1)
    assert found["carts_per_view"].value == pytest.approx(0.2)
    assert found["orders_per_view"].value == pytest.approx(0.1)
    assert found["carts_per_order"].value == 2
    assert found["buyers"].value == 0.5
    assert found["events_per_customer"].value == 7
    assert found["events_per_customer_p99"].value == 9


def test_a_figure_that_the_data_cannot_give_is_absent() -> None:
    found = statistics(behaviour([(0, 0, float("nan")), (0, 4, float("nan"))]), seed=1)
    assert not any(name.startswith(("basket", "events", "carts", "buyers", "messages")) for name in found)
    without_views = statistics(behaviour([(0, 1, 5)], [(0, Kind.ORDER), (0, Kind.CART)]), seed=1)
    assert "carts_per_view" not in without_views
    assert without_views["carts_per_order"].value == 1


def test_messages_are_counted_among_those_who_got_one() -> None:
    messages = Messages(np.array([0, 0, 0, 2]), np.array([True, False, False, False]))
    found = statistics(Behaviour(5, 0, None, None, None, messages), seed=1)
    assert found["messages_per_customer_p90"].value == 3
    assert found["messages_followed_by_order"].value == 0.25
    assert "days" not in found


def test_intervals_enclose_the_figure_and_repeat() -> None:
    dice = np.random.default_rng(3)
    orders = [(int(c), int(d), float(a)) for c, d, a in zip(*dice.uniform(1, 150, (3, 300)), strict=True)]
    one, two = (statistics(behaviour(orders, customers=150), seed=5) for _ in range(2))
    assert one == two
    for name in ("gap_days_p50", "basket_p50", "repeat_rate"):
        metric = one[name]
        assert metric.low is not None
        assert metric.high is not None
        assert metric.value is not None
        assert metric.low <= metric.value <= metric.high
