from datetime import UTC, datetime
from typing import Any

import pytest

from app.access.schemas import Role
from tests.factories_api import Served

PHONE = "13912345678"


def event(number: int, **identifiers: str) -> dict[str, Any]:
    at = f"2026-03-{1 + number % 28:02d}T10:00:00+08:00"
    return {"message_id": f"m{number}", "kind": "view", "occurred_at": at, "identifiers": identifiers}


@pytest.fixture
def shop(served: Served) -> Served:
    served.send(event(1, user_id="u1", phone=PHONE), event(2, user_id="u2"), event(3, user_id="u2", phone=PHONE))
    return served


def body(a: str = "u1", b: str = "u2", reason: str = "same person") -> dict[str, str]:
    return {"a": a, "b": b, "reason": reason}


def test_identity_shows_masked_members_links_with_bridges_and_refusals_with_reasons(shop: Served) -> None:
    answer = shop.get("/v1/customers/u1/identity").json()
    customer, (edge,), (blocked,) = (answer["data"][name] for name in ("customer", "edges", "blocked"))
    assert customer["identifiers"] == ["user_id:u1", "phone:139****78"]
    assert answer["provenance"]["identity_version"] == customer["identity_version"] == 1
    assert (edge["b"], edge["bridge"], edge["source"]) == ("phone:139****78", True, "till")
    assert (blocked["a"], blocked["rule"]) == ("user_id:u2", "blocked:two_user_ids")
    assert PHONE not in str(answer)
    assert shop.get(f"/v1/customers/phone:{PHONE}/identity").json()["data"] == answer["data"]


@pytest.mark.parametrize("path", ["/v1/customers/u1/identity?x=1", f"/v1/identity/why?a=u1&b=phone:{PHONE}"])
def test_the_graph_is_shown_as_it_is_now_and_says_so(shop: Served, path: str) -> None:
    before = datetime.now(UTC)
    answer = shop.get(f"{path}&as_of=2026-01-10").json()
    assert datetime.fromisoformat(answer["as_of"]) >= before


def test_merge_and_unmerge_answer_with_the_customers_they_made(shop: Served) -> None:
    one, two = (shop.get(f"/v1/customers/{name}/identity").json()["data"]["customer"] for name in ("u1", "u2"))
    merged = shop.ask("POST", "/v1/identity/merge", json=body()).json()["data"]
    assert [c["customer_id"] for c in merged["customers"]] == [one["customer_id"]]
    assert merged["customers"][0]["aliases"] == [two["customer_id"]]
    alias = shop.get(f"/v1/customers/{two['customer_id']}/profile").json()["data"]
    assert alias["canonical_id"] == one["customer_id"]
    found = shop.get("/v1/identity/why", params={"a": "u1", "b": "u2"}).json()["data"]
    assert [edge["rule"] for edge in found["hops"]] == ["merge"]
    unmerged = shop.ask("POST", "/v1/identity/unmerge", json=body()).json()["data"]
    assert [c["customer_id"] for c in unmerged["customers"]] == [one["customer_id"], two["customer_id"]]
    assert shop.get(f"/v1/customers/{two['customer_id']}/profile").json()["data"]["customer_id"] == two["customer_id"]


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("merge", {"a": "u1"}, 422),
        ("merge", body() | {"workspace_id": "other"}, 422),
        ("merge", body(a=""), 422),
        ("merge", body(a="u\x00"), 422),
        ("merge", [], 422),
        ("merge", body(b="nobody"), 404),
        ("merge", body(b=PHONE), 422),
        ("unmerge", body(), 422),
        ("unmerge", body(b="u1"), 422),
    ],
)
def test_bad_requests_are_problems_and_write_nothing(shop: Served, path: str, sent: object, status: int) -> None:
    before = shop.stored()
    answer = shop.ask("POST", f"/v1/identity/{path}", json=sent)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert shop.stored() == before


@pytest.mark.parametrize("role", [Role.INGEST, Role.VIEWER])
def test_only_editors_merge(shop: Served, role: Role) -> None:
    assert shop.ask("POST", "/v1/identity/merge", role=role, json=body()).status_code == 403
    assert shop.get("/v1/customers/u1/identity", role=Role.INGEST).status_code == 403


def test_another_workspace_sees_and_merges_nothing_of_this_one(shop: Served) -> None:
    key = shop.issue("other")
    assert shop.get("/v1/customers/u1/identity", key=key).status_code == 404
    assert shop.ask("POST", "/v1/identity/merge", key=key, json=body()).status_code == 404
    assert shop.get("/v1/identity/why", key=key, params={"a": "u1", "b": PHONE}).status_code == 404
