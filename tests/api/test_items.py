from typing import Any

import pytest

from app.access.schemas import Role
from tests.factories_api import Served, an_order_body


def an_item(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "item_id": f"sku{number:03d}",
        "title": "三段奶粉 800g",
        "category_path": ["母婴", "奶粉辅食"],
        "brand": "某牌",
        "price": 25_800,
        "cost": 17_000,
        **changes,
    }


def put(served: Served, *items: Any, method: str = "PUT", **more: Any) -> Any:
    return served.ask(method, "/v1/items", json=list(items), **more)


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_list_of_items_is_kept_and_read_back(served: Served, method: str) -> None:
    answer = put(
        served, an_item(1), an_item(2, category_path="母婴 > 纸尿裤", cost=None), method=method, role=Role.INGEST
    )
    assert answer.json()["data"] == {"items": 2, "changed": 2}
    assert put(served, an_item(1), an_item(2, price=9)).json()["data"] == {"items": 2, "changed": 1}
    first, second = served.get("/v1/items").json()["data"]["items"]
    assert (first["price"], first["cost"], first["currency"]) == (25_800, 17_000, "CNY")
    assert (second["category_path"], second["price"]) == (["母婴", "奶粉辅食"], 9)


def test_an_item_has_versions(served: Served) -> None:
    put(served, an_item(), an_item(title="新包装", valid_from="2026-03-01T00:00:00+08:00"))
    served.send(an_order_body(27))

    def title(as_of: str) -> str:
        return str(served.get(f"/v1/items?as_of={as_of}").json()["data"]["items"][0]["title"])

    assert (title("2026-02-01"), title("2026-03-02")) == ("三段奶粉 800g", "新包装")


def test_the_catalogue_comes_in_pages(served: Served) -> None:
    put(served, *(an_item(n) for n in range(5)))
    pages, after = [], ""
    while True:
        page = served.get(f"/v1/items?limit=2&after={after}").json()["data"]
        pages.append([item["item_id"] for item in page["items"]])
        if not (after := page["next"]):
            break
    assert pages == [["sku000", "sku001"], ["sku002", "sku003"], ["sku004"]]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"item_id": ""}, "item_id"),
        ({"item_id": 7}, "item_id"),
        ({"title": "a\nb"}, "title"),
        ({"price": -1}, "price"),
        ({"price": 12.5}, "price"),
        ({"cost": 10**14}, "cost"),
        ({"cost": "12"}, "cost"),
        ({"currency": "USD"}, "currency"),
        ({"valid_from": "soon"}, "not a time"),
        ({"valid_from": "1970-01-01"}, "valid_from"),
        ({"valid_from": "9999-01-01"}, "valid_from lies in the future"),
        ({"valid_from": True}, "valid_from"),
        ({"category_path": [""]}, "category_path"),
        ({"colour": "red"}, "colour"),
        ({"item_id": "sku001"}, "same item"),
    ],
)
def test_one_item_at_fault_is_named_and_none_is_kept(shared: Served, fault: dict[str, Any], said: str) -> None:
    answer = put(shared, an_item(1), an_item(2, **fault), an_item(3))
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["location"] == "body.1"
    assert said in error["message"]
    assert shared.get("/v1/items").json()["data"]["items"] == []


@pytest.mark.parametrize("body", [{}, [], {"items": []}, {"items": [], "x": 1}, 7, "x", [1], [[]], [None]])
def test_what_is_no_list_of_items_is_refused(shared: Served, body: Any) -> None:
    assert shared.ask("PUT", "/v1/items", json=body).status_code == 422


def test_items_belong_to_the_workspace_of_the_key(served: Served) -> None:
    put(served, an_item(), key=served.issue("other"))
    assert served.get("/v1/items").json()["data"]["items"] == []
    assert put(served, an_item(), role=Role.VIEWER).status_code == 403
    assert served.get("/v1/items", role=Role.INGEST).status_code == 403


def test_new_items_give_old_orders_their_topics(served: Served) -> None:
    served.send(an_order_body(1, item_id="sku001"))
    put(served, an_item(1))
    served.send(an_order_body(2, item_id="sku001"))
    interests = served.get("/v1/customers/u1/profile").json()["data"]["profile"]["interests"]
    assert [interest["topic"] for interest in interests] == ["baby_care"]
