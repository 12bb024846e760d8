"""The queue over the API: read by viewers, worked off by editors, each only within its own workspace."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.access.schemas import Role
from tests.factories_acting import a_quiet_shop
from tests.factories_api import Served


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    app = a_quiet_shop(tmp_path_factory.mktemp("quiet"))
    yield Served(app)
    app.database.close()


def queue(quiet: Served, query: str = "") -> Any:
    answer = quiet.get(f"/v1/queue?lang=en{query}", role=Role.VIEWER)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_a_viewer_reads_the_day_with_its_curve(quiet: Served) -> None:
    found = queue(quiet)
    assert [team["team"] for team in found["teams"]] == ["messages", "service_desk"]
    assert found["items"][0]["reason"].startswith("Churn risk ")
    assert len(found["curve"]["points"]) > 10
    assert found["day"] == "2026-04-30"


def test_day_and_team_narrow_it(quiet: Served) -> None:
    earlier = queue(quiet, "&day=2026-04-20&team=service_desk&waiting=1")
    assert earlier["as_of"] == "2026-04-20T15:59:59.999999Z"
    assert [team["team"] for team in earlier["teams"]] == ["service_desk"]
    assert len(earlier["waiting"]) <= 1


@pytest.mark.parametrize("query", ["day=soon", "team=nobody", "waiting=-1", "waiting=1001", "team=a%00b", "lang=fr"])
def test_a_question_that_cannot_be_answered_is_refused(quiet: Served, query: str) -> None:
    answer = quiet.get(f"/v1/queue?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_editor_takes_somebody_off_and_a_second_one_is_told(quiet: Served) -> None:
    who = queue(quiet, "&team=service_desk")["items"][0]["customer_id"]
    assert quiet.ask("POST", f"/v1/queue/{who}/done", role=Role.VIEWER).status_code == 403
    done = quiet.ask("POST", f"/v1/queue/{who}/done")
    assert (done.status_code, done.json()["data"]["level"]) == (201, "strong")
    assert who not in {item["customer_id"] for item in queue(quiet)["items"]}
    again = quiet.ask("POST", f"/v1/queue/{who}/done")
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (409, "conflict")
    standing = quiet.get(f"/v1/customers/{who}/acting?lang=en", role=Role.VIEWER).json()["data"]
    assert (standing["level"], standing["hold"]) == ("strong", "resting")


def test_somebody_is_put_off_with_a_reason(quiet: Served) -> None:
    who = queue(quiet, "&team=messages")["items"][0]["customer_id"]
    path = f"/v1/queue/{who}/snooze"
    for body in ({"days": 3}, {"days": 0, "reason": "x"}, {"days": 3, "reason": "x", "by": "me"}, [], {"reason": "x"}):
        answer = quiet.ask("POST", path, json=body)
        assert answer.status_code == 422, body
        assert "send days and reason" in answer.json()["detail"]
    assert quiet.ask("POST", path, json={"days": 3, "reason": "on leave"}).status_code == 201
    assert {item["customer_id"]: item["hold"] for item in queue(quiet)["waiting"]}[who] == "snoozed"


def test_another_workspace_has_a_queue_of_its_own(quiet: Served) -> None:
    who = queue(quiet)["items"][0]["customer_id"]
    key = quiet.issue("other")
    answer = quiet.get("/v1/queue", key=key)
    assert (answer.status_code, answer.json()["data"]["items"]) == (200, [])
    assert quiet.ask("POST", f"/v1/queue/{who}/done", key=key).status_code == 404


def test_a_day_outside_the_calendar_of_events_is_refused(quiet: Served) -> None:
    for day in ("0001-01-01", "9999-12-31"):
        answer = quiet.get(f"/v1/queue?day={day}")
        assert (answer.status_code, day in answer.json()["detail"]) == (422, True)
