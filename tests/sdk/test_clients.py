"""The real clients of Segment and RudderStack, unchanged, against a running server: nothing lost, nothing doubled."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import rudderstack.analytics.client
import rudderstack.analytics.request
import segment.analytics.client
import segment.analytics.request

from app.events.schemas import Event
from tests.sdk.conftest import KEY, WAIT, RunningServer

CLIENTS = {"segment": segment.analytics.client, "rudderstack": rudderstack.analytics.client}
REQUESTS = {"segment": segment.analytics.request, "rudderstack": rudderstack.analytics.request}
both = pytest.mark.parametrize("sdk", sorted(CLIENTS))


def a_client(sdk: str, server: RunningServer, **options: Any) -> Any:
    return CLIENTS[sdk].Client(KEY, **{"host": server.address, "upload_interval": 0.05} | options)


def finish(client: Any) -> None:
    """Flush and end the client's threads, within bounds."""
    ending = threading.Thread(target=client.shutdown, daemon=True)
    ending.start()
    ending.join(WAIT)
    assert not ending.is_alive(), "the client still waits for an answer"


def logged(server: RunningServer) -> list[Event]:
    return [event for _, event in server.app.pipeline.log.since("shop", 0, limit=10_000)]


def an_order(client: Any, user_id: str = "u1", **more: Any) -> None:
    products = [
        {"product_id": "milk", "name": "三段奶粉 800g", "price": 258.5, "quantity": 2},
        {"product_id": "mat", "name": "爬行垫", "price": "129.00"},
    ]
    properties = {"order_id": "o-1", "revenue": 646.0, "currency": "CNY", "products": products}
    client.track(user_id, "Order Completed", properties, **more)


@both
@pytest.mark.parametrize("gzip", [True, False])
@pytest.mark.parametrize("sync_mode", [True, False])
def test_all_six_calls_arrive_and_the_customer_reads_back(
    server: RunningServer, sdk: str, gzip: bool, sync_mode: bool
) -> None:
    client = a_client(sdk, server, gzip=gzip, sync_mode=sync_mode)
    client.page(anonymous_id="anon-1", name="Home", properties={"url": "https://shop.example/"})
    client.alias("anon-1", "u1")
    client.identify("u1", {"email": "Li@Example.cn", "phone": "+86 139 1234 5678", "gender": "f", "city": "杭州"})
    client.track("u1", "Products Searched", {"query": "奶粉 三段"})
    an_order(client)
    client.track("u1", "Gift Wrapped", {"paper": "red"})
    client.screen("u1", name="Cart")
    client.group("u1", "family-7", {"size": 3})
    client.flush() if sync_mode else finish(client)

    found = {event.kind: event for event in logged(server)}
    assert set(found) == {"page", "alias", "identify", "search", "order", "Gift Wrapped", "screen", "group"}
    assert server.stored() == (9, 0)
    assert found["group"].properties["group_id"] == "family-7"
    assert "13912345678" not in str([event.properties for event in found.values()])

    reading = server.get("/v1/customers/u1/profile?lang=en")
    profile = reading["profile"]
    assert profile["counts"]["order"] == 2
    assert profile["events"] == 9
    assert profile["rfm"]["total"] == 64_600
    assert {a["name"]: a["value"] for a in profile["attributes"]}["city"] == "杭州"
    by_former_name = server.get("/v1/customers/anonymous:anon-1/profile")["profile"]
    assert by_former_name["customer_id"] == profile["customer_id"]


@both
def test_what_is_sent_while_the_server_is_down_arrives_once_it_is_back(server: RunningServer, sdk: str) -> None:
    client = a_client(sdk, server, upload_size=10)
    for n in range(5):
        client.track("u1", "Product Viewed", {"product_id": f"before-{n}"})
    client.flush()
    server.stop()
    for n in range(25):
        client.track("u1", "Product Viewed", {"product_id": f"after-{n}"})
    server.start()
    finish(client)
    items = [event.item_id for event in logged(server)]
    assert sorted(filter(None, items)) == sorted(
        [*(f"before-{n}" for n in range(5)), *(f"after-{n}" for n in range(25))]
    )


@both
def test_a_batch_whose_answer_was_lost_is_sent_again_and_counted_once(server: RunningServer, sdk: str) -> None:
    client = a_client(sdk, server)
    server.front.lose = 2
    an_order(client)
    finish(client)
    assert server.front.requests >= 3
    assert server.stored() == (2, 0)
    assert server.get("/v1/customers/u1/profile")["profile"]["rfm"]["total"] == 64_600


@both
def test_a_message_with_an_id_of_its_own_is_counted_once_by_whichever_client(server: RunningServer, sdk: str) -> None:
    happened = datetime.now(UTC) - timedelta(days=2)
    for _ in range(2):
        client = a_client(sdk, server)
        an_order(client, timestamp=happened, message_id="order-77")
        finish(client)
    assert server.stored() == (2, 0)


@both
@pytest.mark.parametrize("skew", [timedelta(hours=7), timedelta(days=-3)])
def test_events_of_a_client_whose_clock_is_wrong_stand_at_their_true_time(
    server: RunningServer, sdk: str, skew: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    class WrongClock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + skew

    for module in (CLIENTS[sdk], REQUESTS[sdk]):
        monkeypatch.setattr(module, "datetime", WrongClock)
    monkeypatch.setattr(CLIENTS[sdk], "require", _trusting)
    began = datetime.now(UTC)
    client = a_client(sdk, server)
    client.track("u1", "Product Viewed", {"product_id": "p1"})
    finish(client)
    (event,) = logged(server)
    assert began - timedelta(seconds=2) <= event.occurred_at <= datetime.now(UTC)
    assert abs(event.clock_correction_ms + skew / timedelta(milliseconds=1)) < 2_000


def _trusting(name: str, field: Any, data_type: Any) -> None:
    """The client checks that times are its `datetime`, which is the wrong clock here."""


@both
def test_a_wrong_key_is_reported_at_once_and_not_tried_again(server: RunningServer, sdk: str) -> None:
    said: list[Exception] = []
    report: Callable[[Exception, Any], None] = lambda error, _: said.append(error)  # noqa: E731
    client = CLIENTS[sdk].Client("nobody", host=server.address, on_error=report, upload_interval=0.05)
    client.track("u1", "Product Viewed")
    finish(client)
    (error,) = said
    assert "API key is unknown or revoked" in str(error)
    assert server.front.requests == 1
    assert server.stored() == (0, 0)


@both
def test_two_thousand_events_of_four_threads_arrive_once_each(server: RunningServer, sdk: str) -> None:
    client = a_client(sdk, server, upload_size=100)

    def shop(worker: int) -> None:
        for n in range(500):
            client.track(f"u{n % 40}", "Product Added", {"product_id": f"{worker}-{n}", "price": 9.9})

    workers = [threading.Thread(target=shop, args=(worker,)) for worker in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(WAIT)
    finish(client)
    assert server.stored() == (2_000, 0)
    assert len({event.item_id for event in logged(server)}) == 2_000
