"""Plans over the API: an editor drafts and confirms, a viewer looks, each within its own workspace."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest

from app.access.schemas import Role
from tests.factories_acting import a_quiet_shop
from tests.factories_api import Served

WISH = {"segment": "orders >= 25", "budget_minor": 100_000}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    app = a_quiet_shop(tmp_path_factory.mktemp("quiet"))
    yield Served(app)
    app.database.close()


@pytest.fixture(scope="module")
def plan(quiet: Served) -> Any:
    answer = quiet.ask("POST", "/v1/plans?lang=en&rows=3", json=WISH)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def test_a_draft_says_who_gets_what_and_can_be_read_again(quiet: Served, plan: Any) -> None:
    assert len(plan["rows"]) == 3
    assert plan["plan"]["given"] + plan["plan"]["held"] == plan["total"]
    path = f"/v1/plans/{plan['plan']['plan_id']}"
    assert quiet.get(f"{path}?rows=3", role=Role.VIEWER).json()["data"] == plan
    listed = quiet.get("/v1/plans", role=Role.VIEWER).json()["data"]
    assert plan["plan"]["plan_id"] in [one["plan_id"] for one in listed]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"segment": "orders >= 1"},
        {"segment": "", "budget_minor": 5},
        {"segment": "orders >= 1", "budget_minor": -1},
        {"segment": "orders >= 1", "budget_minor": 1.5},
        {"segment": "orders >= 1", "budget_minor": 5, "channels": ["fax"]},
        {"segment": "orders >= 1", "budget_minor": 5, "holdout_share": 1},
        {"segment": "orders >= 1", "budget_minor": 5, "workspace": "other"},
        {"segment": "orders >>= 1", "budget_minor": 5},
        {"segment": "orders >= 99999", "budget_minor": 5},
    ],
)
def test_a_wish_that_cannot_be_met_is_refused_with_what_to_do(quiet: Served, body: dict[str, Any]) -> None:
    answer = quiet.ask("POST", "/v1/plans", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_viewers_draft_and_confirm_nothing(quiet: Served, plan: Any) -> None:
    path = f"/v1/plans/{plan['plan']['plan_id']}"
    assert quiet.ask("POST", "/v1/plans", role=Role.VIEWER, json=WISH).status_code == 403
    assert quiet.ask("POST", f"{path}/confirmation", role=Role.VIEWER, json={}).status_code == 403
    assert quiet.ask("POST", f"{path}/export", role=Role.VIEWER).status_code == 403


def test_another_workspace_knows_nothing_of_it(quiet: Served, plan: Any) -> None:
    key, path = quiet.issue("other"), f"/v1/plans/{plan['plan']['plan_id']}"
    assert quiet.get(path, key=key).status_code == 404
    assert quiet.ask("POST", f"{path}/confirmation", key=key, json={}).status_code == 404
    assert quiet.get("/v1/plans", key=key).json()["data"] == []


def test_a_plan_is_confirmed_once_and_exported_as_a_file(quiet: Served, plan: Any) -> None:
    path = f"/v1/plans/{plan['plan']['plan_id']}"
    assert quiet.ask("POST", f"{path}/export").status_code == 409
    confirmed = quiet.ask("POST", f"{path}/confirmation", json={"reason": "spring"})
    assert confirmed.status_code == 201, confirmed.text
    assert quiet.ask("POST", f"{path}/confirmation", json={}).status_code == 409
    assert quiet.get(path).json()["data"]["plan"]["status"] == "confirmed"
    sent = quiet.ask("POST", f"{path}/export?format=csv")
    assert sent.headers["content-type"] == "text/csv; charset=utf-8"
    assert sent.content.startswith(b"\xef\xbb\xbfdecision_id,")
    rows = list(csv.DictReader(io.StringIO(sent.text.removeprefix("\ufeff"))))
    assert len(rows) == plan["plan"]["given"]
    again = quiet.ask("POST", f"{path}/export").json()["data"]
    assert again["rows"] == []
