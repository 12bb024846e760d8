from typing import Any

import pytest

from app.access.schemas import Role
from tests.factories_api import Served


@pytest.fixture
def shop(served: Served) -> Served:
    who, at = {"user_id": "u1"}, "2026-03-02T10:00:00+08:00"
    served.send(
        {"message_id": "m1", "kind": "identify", "occurred_at": at, "identifiers": who,
         "properties": {"traits": {"city": "北京"}}},
        {"message_id": "m2", "kind": "search", "occurred_at": at, "identifiers": who, "text": "宝宝辅食添加顺序"},
    )  # fmt: skip
    return served


def body(**changes: Any) -> dict[str, Any]:
    return {"attribute": "city", "value": "上海", "action": "set", "by": "customer", "reason": "they said so"} | changes


def profile(shop: Served) -> dict[str, Any]:
    found: dict[str, Any] = shop.get("/v1/customers/u1/profile").json()["data"]
    return found.get("profile", found)  # type: ignore[no-any-return]


def test_a_correction_answers_with_its_event_and_the_profile_shows_it(shop: Served) -> None:
    answer = shop.ask("POST", "/v1/customers/u1/corrections", json=body())
    assert answer.status_code == 201
    said = answer.json()["data"]
    (city,) = profile(shop)["attributes"]
    assert (city["value"], city["authority"], city["evidence"]) == ("上海", "correction", [said["event_id"]])


def test_withdrawing_and_rejecting_go_the_same_way(shop: Served) -> None:
    shop.ask("POST", "/v1/customers/u1/corrections", json=body())
    shop.ask("POST", "/v1/customers/u1/corrections", json=body(action="withdraw", value=None))
    assert profile(shop)["attributes"][0]["value"] == "北京"
    assert shop.ask("POST", "/v1/customers/u1/reflections").status_code == 201
    assert "infant_at_home" in str(profile(shop)["attributes"])
    rejection = body(attribute="infant_at_home", value=None, action="reject")
    assert shop.ask("POST", "/v1/customers/u1/corrections", json=rejection).status_code == 201
    shown = profile(shop)
    assert "infant_at_home" not in str(shown["attributes"])
    assert [t["name"] for t in shown["tombstones"]] == ["infant_at_home"]


def test_a_reflection_answers_with_quotes_and_the_rung_that_read_them(shop: Served) -> None:
    found = shop.ask("POST", "/v1/customers/u1/reflections?lang=en").json()["data"]
    assert (found["rung"], found["threshold"] > 0) == ("lexicon", True)
    assert [(i["name"], i["quote"]) for i in found["inferred"]] == [("infant_at_home", "宝宝辅食添加顺序")]
    again = shop.ask("POST", "/v1/customers/u1/reflections").json()["data"]
    assert (again["event_id"], again["inferred"]) == (None, [])


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("u1/corrections", {}, 422),
        ("u1/corrections", [], 422),
        ("u1/corrections", body(workspace_id="other"), 422),
        ("u1/corrections", body(action="erase"), 422),
        ("u1/corrections", body(by="model"), 422),
        ("u1/corrections", body(attribute=""), 422),
        ("u1/corrections", body(value=3), 422),
        ("u1/corrections", body(value="怀孕"), 422),
        ("u1/corrections", body(reason=" "), 422),
        ("u1/corrections", body(action="withdraw"), 422),
        ("nobody/corrections", body(), 404),
        ("u1/reflections?trigger=incremental", None, 422),
        ("u1/reflections?lang=fr", None, 422),
        ("nobody/reflections", None, 404),
    ],
)
def test_bad_requests_are_problems_and_write_nothing(shop: Served, path: str, sent: object, status: int) -> None:
    before = shop.stored()
    answer = shop.ask("POST", f"/v1/customers/{path}", json=sent)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert shop.stored() == before


@pytest.mark.parametrize("role", [Role.INGEST, Role.VIEWER])
@pytest.mark.parametrize("path", ["corrections", "reflections"])
def test_only_editors_may(shop: Served, role: Role, path: str) -> None:
    assert shop.ask("POST", f"/v1/customers/u1/{path}", json=body(), role=role).status_code == 403
