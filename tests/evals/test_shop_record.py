"""The demo shop's own figures, against its parameters and its lives."""

import pytest

from app.demo.shop import DemoShop
from evals.shop_record import read_record, shop_statistics
from evals.task import Metric

CUSTOMERS = 150
SEVERAL = 400


@pytest.fixture(scope="module")
def figures() -> dict[str, Metric]:
    return shop_statistics(DemoShop(3, CUSTOMERS))


def within(metric: Metric, expected: float) -> bool:
    assert metric.low is not None
    assert metric.high is not None
    return metric.low <= expected <= metric.high


def test_every_customer_has_one_arc_or_none(figures: dict[str, Metric]) -> None:
    arcs = [metric.value for name, metric in figures.items() if name.startswith("arc_")]
    assert sum(value for value in arcs if value is not None) == pytest.approx(1)
    assert within(figures["arc_none"], 0.30)


def test_faults_are_as_frequent_as_the_parameters_say(figures: dict[str, Metric]) -> None:
    parameters = DemoShop().parameters
    expected = {
        "duplicate_events": parameters.delivery.duplicate,
        "junk_id_events": parameters.identities.junk,
    }
    for name, share in expected.items():
        assert figures[name].value == pytest.approx(share, abs=0.01), name
    late = figures["late_events"].value
    assert late is not None
    assert 0 < late < parameters.delivery.late


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_the_log_shows_as_many_shared_and_recycled_names_as_the_parameters_say(seed: int) -> None:
    habits, record = DemoShop().parameters.identities, read_record(DemoShop(seed, SEVERAL))
    assert record.sharing["device"] / SEVERAL == pytest.approx(habits.shared_devices, abs=0.01)
    assert record.sharing["phone"] / SEVERAL == pytest.approx(habits.recycled_phones, abs=0.005)
    assert record.faults.junk / record.faults.delivered == pytest.approx(habits.junk, abs=0.002)


def test_every_compared_figure_is_there(figures: dict[str, Metric]) -> None:
    names = ("events_per_customer_p50", "gap_days_p50", "repeat_rate", "repeat_rate_90d", "basket_top1_share")
    steps = ("favourites_per_view", "carts_per_view", "orders_per_view", "messages_followed_by_order", "channel_web")
    assert all(figures[name].value is not None for name in (*names, *steps))


def test_orders_are_counted_once_however_often_they_arrive() -> None:
    shop = DemoShop(3, 12)
    orders = {e.order_id for _, e in shop.events() if e.kind == "order"}
    buyers = shop_statistics(shop)["basket_p50"].n
    assert buyers == len(orders)
