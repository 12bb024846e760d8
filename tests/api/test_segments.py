from typing import Any

import pytest

from app.access.schemas import Role
from tests.factories_api import Served, an_order_body

PHONE = {"user_id": "u1", "phone": "13912345678"}


def data_of(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


@pytest.fixture
def shop(served: Served) -> Served:
    consent = {"purpose": "marketing", "channel": "sms", "granted": True}
    served.send(
        an_order_body(1, identifiers=PHONE),
        an_order_body(2, identifiers=PHONE),
        an_order_body(3, identifiers={"user_id": "u2"}),
        {"message_id": "c1", "kind": "consent", "occurred_at": "2026-03-01T10:00:00+08:00", "identifiers": PHONE,
         "properties": consent},
    )  # fmt: skip
    served.app.pipeline.catch_up(served.app.pipeline.access.workspace("shop"))
    return served


def counted(shop: Served, expression: str, **more: Any) -> Any:
    return shop.ask("POST", "/v1/segments/count?lang=en", json={"expression": expression}, role=Role.VIEWER, **more)


def saved(shop: Served, expression: str = "orders >= 2", name: str = "Twice") -> str:
    answer = shop.ask("POST", "/v1/segments?lang=en", json={"name": name, "expression": expression})
    return str(data_of(answer, 201)["segment"]["segment_id"])


def test_an_expression_is_counted(shop: Served) -> None:
    found = data_of(counted(shop, "orders>=2 and consent(sms)"))
    assert (found["customers"], found["of"], found["expression"]) == (1, 2, "orders >= 2 and consent(sms)")
    assert sum(one["customers"] for one in found["classes"]) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"expression": "churnrisk > 0.5"}, "character 1: unknown field `churnrisk`: did you mean `churn_risk`?"),
        ({"expression": "(" * 3_000}, "nested too deeply"),
        ({"expression": "(" * 10_000}, "at most 4000)"),
        ({"expression": ""}, "character 1: the expression is empty"),
        ({"expression": "orders > 1", "workspace": "other"}, "Extra inputs"),
        ({}, "expression: Field required"),
        ([], "send expression"),
    ],
)
def test_a_bad_question_says_what_to_do(shop: Served, body: Any, said: str) -> None:
    answer = shop.ask("POST", "/v1/segments/count?lang=en", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_faults_are_told_in_the_language_asked_for(shop: Served) -> None:
    answer = shop.ask("POST", "/v1/segments/count?lang=zh", json={"expression": "churnrisk > 0.5"})
    assert answer.json()["detail"].startswith("第 1 个字符：没有字段 `churnrisk`")


def test_the_matrix_has_the_eight_classes_and_those_without_an_order(shop: Served) -> None:
    found = data_of(shop.get("/v1/segments/matrix", role=Role.VIEWER))
    assert [cell["rfm_class"] for cell in found["cells"]][-1] is None
    assert len(found["cells"]) == 9
    assert sum(cell["customers"] for cell in found["cells"]) == found["customers"] == 2


def test_fields_are_listed_with_their_values(shop: Served) -> None:
    groups = data_of(shop.get("/v1/segments/fields?lang=zh", role=Role.VIEWER))["groups"]
    by_name = {field["name"]: field for group in groups for field in group["fields"]}
    assert {"value": "important_keep", "name": "重要保持"} in by_name["rfm"]["values"]
    assert by_name["churn_risk"]["type"] == "share"


def test_a_segment_is_saved_changed_listed_and_deleted(shop: Served) -> None:
    made = saved(shop)
    (listed,) = data_of(shop.get("/v1/segments", role=Role.VIEWER))
    assert (listed["segment"]["name"], listed["count"]["customers"]) == ("Twice", 1)
    changed = shop.ask("PATCH", f"/v1/segments/{made}", json={"expression": "orders = 1"})
    assert data_of(changed)["segment"]["expression"] == "orders = 1"
    again = shop.ask("POST", "/v1/segments", json={"name": "Twice", "expression": "orders = 3"})
    assert again.status_code == 409
    assert shop.ask("DELETE", f"/v1/segments/{made}").status_code == 200
    assert shop.ask("DELETE", f"/v1/segments/{made}").status_code == 404
    assert data_of(shop.get("/v1/segments")) == []


def test_members_come_in_pages(shop: Served) -> None:
    made = saved(shop, "orders >= 1", "All")
    first = data_of(shop.get(f"/v1/segments/{made}/members?limit=1", role=Role.VIEWER))
    second = data_of(shop.get(f"/v1/segments/All/members?limit=1&after={first['next_after']}"))
    assert (first["total"], second["next_after"]) == (2, None)
    assert first["rows"][0]["customer_id"] < second["rows"][0]["customer_id"]
    assert "13912345678" not in str(first) + str(second)
    assert shop.get("/v1/segments/nobody/members").status_code == 404


def test_an_export_needs_an_editor_and_is_on_record(shop: Served) -> None:
    made = saved(shop, "orders >= 1", "全部")
    assert shop.get(f"/v1/segments/{made}/export?channel=sms", role=Role.VIEWER).status_code == 403
    answer = shop.get(f"/v1/segments/{made}/export?channel=sms")
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbfcustomer_id,phone,")
    assert answer.text.count("13912345678") == 1
    assert answer.headers["understory-left-out"] == "no_consent=1"
    assert "%E5%85%A8%E9%83%A8.csv" in answer.headers["content-disposition"]
    (record,) = data_of(shop.get("/v1/segments/exports", role=Role.VIEWER))
    assert (record["export_id"], record["customers"]) == (answer.headers["understory-export"], 1)
    assert record["exported_by"].startswith("key ")
    assert shop.get(f"/v1/segments/{made}/export?channel=fax").status_code == 422
    assert shop.get(f"/v1/segments/{made}/export?format=xlsx").status_code == 422


def test_workspaces_do_not_see_each_others_segments(shop: Served) -> None:
    made = saved(shop)
    key = shop.issue("other")
    assert data_of(shop.get("/v1/segments", key=key)) == []
    for method, path in (("GET", "members"), ("GET", "export")):
        assert shop.ask(method, f"/v1/segments/{made}/{path}", key=key).status_code == 404
    assert shop.ask("DELETE", f"/v1/segments/{made}", key=key).status_code == 404
    assert data_of(counted(shop, "orders >= 1", key=key))["of"] == 0


@pytest.mark.parametrize("path", ["/v1/segments/fields", "/v1/segments", "/v1/segments/exports"])
def test_a_key_for_sending_events_reads_nothing(shop: Served, path: str) -> None:
    assert shop.get(path, role=Role.INGEST).status_code == 403
    assert (
        shop.ask("POST", "/v1/segments", json={"name": "a", "expression": "orders > 1"}, role=Role.VIEWER).status_code
        == 403
    )
