"""Orders over the tracking API: one message, several events, one fate."""

from typing import Any

from tests.factories_api import Served
from tests.factories_tracking import a_message, logged, send, verdicts


def test_a_message_of_several_events_has_one_verdict(served: Served) -> None:
    products = [{"product_id": p, "price": 10} for p in "abc"]
    order = a_message(event="Order Completed", properties={"order_id": "o1", "products": products})
    (verdict,) = verdicts(served, order)
    assert (verdict["verdict"], len(verdict["event_ids"])) == ("accepted", 3)
    assert verdicts(served, order)[0]["verdict"] == "duplicate"
    changed = a_message(event="Order Completed", properties={"order_id": "o1", "products": products[:2]})
    assert verdicts(served, changed)[0]["verdict"] == "conflict"
    assert served.stored() == (3, 2)
    assert served.get("/v1/customers").json()["data"]["rows"][0]["total_minor"] == 3000


def test_of_an_order_that_comes_again_with_more_products_nothing_is_taken(served: Served) -> None:
    products = [{"product_id": p, "price": 10} for p in "abc"]

    def order(number: int, several: int) -> dict[str, Any]:
        properties = {"order_id": f"o{number}", "products": products[:several]}
        return a_message(number, event="Order Completed", properties=properties)

    first, second = verdicts(served, order(1, 2), order(1, 3))
    assert (first["verdict"], second["verdict"]) == ("accepted", "conflict")
    assert second["event_ids"] == first["event_ids"][:1]
    more, same, other = verdicts(served, order(1, 3), order(1, 2), order(2, 3))
    assert [v["verdict"] for v in (more, same, other)] == ["conflict", "duplicate", "accepted"]
    assert [event.message_id for event in logged(served)] == ["m1", "m1#2", "m2", "m2#2", "m2#3"]


def test_the_last_of_many_products_needs_a_message_id_that_can_be_kept(served: Served) -> None:
    products = [{"product_id": str(n), "price": 10} for n in range(10)]
    order = a_message(messageId="m" * 498, event="Order Completed", properties={"products": products})
    assert verdicts(served, order)[0]["reason"].startswith("bad message_id")
    assert served.stored() == (0, 1)


def test_an_order_that_is_cancelled_and_refunded_is_refunded_once(served: Served) -> None:
    about = {"order_id": "o1", "total": 30, "products": [{"product_id": "a", "price": 30}]}
    names = ("Order Completed", "Order Cancelled", "Order Refunded")
    send(served, *(a_message(n, event=name, properties=about) for n, name in enumerate(names, start=1)))
    found = {event.kind: event.money and event.money.amount_minor for event in logged(served)}
    assert found == {"order": 3000, "order_cancelled": None, "refund": 3000}
