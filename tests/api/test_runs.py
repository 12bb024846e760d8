"""Campaigns over HTTP: who may decide, what an answer holds, and what is refused with which status."""

import json
from datetime import timedelta
from typing import Any

import pytest

from app.access.schemas import Role
from tests.factories import an_incoming
from tests.factories_api import Served
from tests.factories_running import BEGIN, NOW, a_shop_of, begin, campaign_of, name_of, order, take

TERMS = {"holdout_share": 0.5, "reason": "worth a try"}


@pytest.fixture(scope="module")
def api(shared: Served) -> Served:
    a_shop_of(shared.app, 50)
    return shared


def proposed(api: Served, number: int) -> str:
    answer = api.ask("POST", f"/v1/customers/{name_of(number)}/strategy?lang=en")
    strategy = answer.json()["data"]["strategy"]
    assert strategy["status"] == "proposed"
    return str(strategy["decision_id"])


def post(api: Served, path: str, body: Any = None, **more: Any) -> tuple[int, dict[str, Any]]:
    answer = api.ask("POST", path, json={} if body is None else body, **more)
    return answer.status_code, answer.json()


def test_a_strategy_is_approved_watched_handed_out_and_stopped(api: Served) -> None:
    decision_id = proposed(api, 1)
    assert api.get(f"/v1/decisions/{decision_id}").json()["data"]["status"] == "proposed"
    status, made = post(api, f"/v1/decisions/{decision_id}/approval", TERMS)
    assert (status, made["data"]["status"]) == (201, "running")
    campaign_id = made["data"]["run"]["campaign"]["campaign_id"]
    assert made["data"]["run"]["approved"]["by"].startswith("key key_")
    assert campaign_id in [row["run"]["campaign"]["campaign_id"] for row in api.get("/v1/runs").json()["data"]]
    assert api.get(f"/v1/runs/{campaign_id}").json()["data"]["counts"] == made["data"]["counts"]
    found = api.get(f"/v1/runs/{campaign_id}/outcomes").json()
    assert found["data"]["preliminary"] is True
    assert "preliminary: read it first" in found["warnings"]
    status, handed = post(api, f"/v1/runs/{campaign_id}/handout", {"limit": 3})
    assert (status, len(handed["data"]["rows"])) == (200, 3)
    status, stopped = post(api, f"/v1/runs/{campaign_id}/stop", {"reason": "wrong price"})
    assert (status, stopped["data"]["status"]) == (200, "stopped")
    for path, body in (("handout", {}), ("stop", {"reason": "again"}), ("case", {})):
        status, problem = post(api, f"/v1/runs/{campaign_id}/{path}", body)
        assert (status, problem["type"]) == (409, "/problems/conflict"), path
        assert "was stopped" in problem["detail"]
    assert api.get(f"/v1/decisions/{decision_id}").json()["data"]["status"] == "stopped"


def test_only_who_may_decide_decides(api: Served) -> None:
    decision_id = proposed(api, 2)
    paths = [
        (f"/v1/decisions/{decision_id}/approval", {}),
        (f"/v1/decisions/{decision_id}/rejection", {"reason": "no"}),
        ("/v1/runs/stop", {"reason": "fire"}),
        ("/v1/runs/any/stop", {"reason": "fire"}),
        ("/v1/runs/any/handout", {}),
        ("/v1/runs/any/case", {}),
    ]
    for path, body in paths:
        for role in (Role.VIEWER, Role.INGEST):
            assert post(api, path, body, role=role)[0] == 403, (path, role)
    assert api.get("/v1/runs", role=Role.VIEWER).status_code == 200
    assert api.get("/v1/runs", role=Role.INGEST).status_code == 403
    assert api.get(f"/v1/decisions/{decision_id}", key=api.issue("other")).status_code == 404
    assert api.get(f"/v1/decisions/{decision_id}").json()["data"]["status"] == "proposed"


def test_a_rejection_is_final(api: Served) -> None:
    decision_id = proposed(api, 3)
    status, made = post(api, f"/v1/decisions/{decision_id}/rejection", {"reason": "not before the holiday"})
    assert (status, made["data"]["status"], made["data"]["said"]["reason"]) == (
        201,
        "rejected",
        "not before the holiday",
    )
    status, problem = post(api, f"/v1/decisions/{decision_id}/approval", TERMS)
    assert status == 409
    assert "was rejected" in problem["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"holdout_share": 0},
        {"holdout_share": 1},
        {"holdout_share": "much"},
        {"window_days": 0},
        {"audience": ""},
        {"audience": "no_such_field = 1"},
        {"starts_at": "tomorrow"},
        {"starts_at": "2026-05-01T00:00:00"},
        {"by": "somebody"},
        [],
        "approve",
    ],
)
def test_terms_that_make_no_sense_are_refused_and_nothing_is_decided(api: Served, body: Any) -> None:
    decision_id = proposed(api, 4)
    status, problem = post(api, f"/v1/decisions/{decision_id}/approval", body)
    assert (status, problem["type"]) == (422, "/problems/invalid-input"), problem
    assert api.get(f"/v1/decisions/{decision_id}").json()["data"]["status"] == "proposed"


def test_a_reason_is_needed_where_somebody_will_ask_why(api: Served) -> None:
    decision_id = proposed(api, 5)
    for path in (f"/v1/decisions/{decision_id}/rejection", "/v1/runs/stop", "/v1/runs/any/stop"):
        for body in ({}, {"reason": ""}, {"reason": "x" * 501}):
            assert post(api, path, body)[0] == 422


def test_what_is_not_there_is_404(api: Served) -> None:
    for path in ("/v1/runs/none", "/v1/runs/none/outcomes", "/v1/decisions/none"):
        assert api.get(path).status_code == 404
    for path, body in (("stop", {"reason": "x"}), ("handout", {}), ("case", {})):
        assert post(api, f"/v1/runs/none/{path}", body)[0] == 404
    assert post(api, "/v1/decisions/none/approval", {})[0] == 404


def test_a_closed_campaign_becomes_a_case(api: Served) -> None:
    shop = api.app.pipeline.access.workspace("shop")
    members = begin(api.app, shop, campaign_of("learned"))
    status, problem = post(api, "/v1/runs/learned/case")
    assert (status, "preliminary" in problem["detail"]) == (409, True)
    days = (BEGIN - NOW + timedelta(days=400)).days
    take(api.app, shop, [order(int(user[1:]), days + 2, 9_000 if m.held else 12_000) for user, m in members.items()])
    take(api.app, shop, [an_incoming("view", days + 30, identifiers={"user_id": name_of(0)}, item_id="milk")])
    status, made = post(api, "/v1/runs/learned/case")
    assert (status, made["data"]["imported"]) == (201, 1)
    result = api.get("/v1/runs/learned/outcomes").json()["data"]["results"][0]
    assert result["lift"]["mean"] == pytest.approx(3_000)
    assert api.get("/v1/runs/learned").json()["data"]["known"] is True
    assert json.dumps(api.get("/v1/runs").json()).count("NaN") == 0


def test_everything_stops_at_once(api: Served) -> None:
    shop = api.app.pipeline.access.workspace("shop")
    later = api.app.pipeline.clock(shop, now=NOW)
    begin(api.app, shop, campaign_of("a", starts_at=later))
    begin(api.app, shop, campaign_of("b", starts_at=later))
    status, made = post(api, "/v1/runs/stop", {"reason": "fire"})
    assert status == 200
    assert {"a", "b"} <= set(made["data"]["campaign_ids"])
    assert post(api, "/v1/runs/stop", {"reason": "fire"})[1]["data"]["campaign_ids"] == []
