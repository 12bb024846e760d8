from typing import Any
from urllib.parse import quote

import pytest

from app.access.schemas import Role
from tests.factories_api import Served, an_order_body

PHONE = "13912345678"


def early(number: int = 1, **changes: Any) -> dict[str, Any]:
    """An event that comes too soon, whenever the test runs."""
    return an_order_body(number, occurred_at="2098-05-08T04:00:00Z", **changes)


def data_of(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_a_cleaning_report_is_read_by_viewers(served: Served) -> None:
    order = an_order_body(1)
    served.send(order, order, {**order, "amount_minor": 1}, early(2), an_order_body(3, kind="zoomed"))
    report = data_of(served.get("/v1/sources/till/cleaning", role=Role.VIEWER))
    assert (report["records"], report["accepted"], report["duplicates"]) == (5, 2, 1)
    assert (report["conflicts"], report["quarantined"], report["waiting"]) == (1, 1, 2)
    assert report["unknown_kinds"] == {"zoomed": 1}
    assert {f["check"]: f["done"] for f in report["findings"] if f["count"]}["time_future"] == "quarantined"


def test_days_narrow_the_report(served: Served) -> None:
    served.send(an_order_body(1))
    assert data_of(served.get("/v1/sources/till/cleaning?since=2020-05-01&until=2098-05-01"))["records"] == 1
    assert data_of(served.get("/v1/sources/till/cleaning?since=2098-05-02"))["records"] == 0
    assert served.get("/v1/sources/till/cleaning?since=2026-05-02&until=2026-05-01").status_code == 422
    assert served.get("/v1/sources/till/cleaning?since=soon").status_code == 422
    for days in ("until=9999-12-31", "since=0001-01-01"):
        assert served.get(f"/v1/sources/till/cleaning?{days}").status_code == 422


@pytest.mark.parametrize("name", ["tills/north 1", "收银台", "a?b&c", "cleaning"])
def test_any_source_name_can_stand_in_the_path(served: Served, name: str) -> None:
    sent = served.ask("POST", "/v1/events", json={"source": name, "events": [an_order_body(1)]})
    assert sent.status_code == 200
    assert data_of(served.get(f"/v1/sources/{quote(name, safe='')}/cleaning"))["accepted"] == 1
    (listed,) = data_of(served.get("/v1/sources"))
    assert (listed["source"], listed["accepted"], listed["newest_event"]) == (name, 1, "2026-03-02T02:00:00Z")


def test_settings_of_a_source_hold_from_the_next_batch_on(served: Served) -> None:
    assert served.send(an_order_body(1, occurred_at="03/02/2026 10:00")).json()["data"]["quarantined"] == 1
    put = served.ask("PUT", "/v1/sources/till", json={"timezone": "Europe/London", "time_format": "dmy"})
    assert data_of(put)["time_format"] == "dmy"
    assert served.send(an_order_body(2, occurred_at="03/02/2026 10:00")).json()["data"]["accepted"] == 1
    (listed,) = data_of(served.get("/v1/sources"))
    assert listed["newest_event"] == "2026-02-03T10:00:00Z"
    assert data_of(served.ask("POST", "/v1/quarantine/replay", json={}))["accepted"] == 1


@pytest.mark.parametrize(
    "body",
    [{"timezone": "Mars/Olympus"}, {"time_format": "ymd"}, {"zone": "Asia/Shanghai"}, [], "x", {"time_format": None}],
)
def test_settings_that_cannot_be_are_refused_and_nothing_changes(served: Served, body: Any) -> None:
    answer = served.ask("PUT", "/v1/sources/till", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert data_of(served.get("/v1/sources")) == []


def test_the_quarantine_is_listed_counted_and_paged_without_personal_numbers(served: Served) -> None:
    served.send(*(early(n, identifiers={"phone": PHONE}, text=f"call {PHONE}") for n in range(3)))
    page = data_of(served.get("/v1/quarantine?limit=2&reason=time_future&source=till&state=waiting", role=Role.VIEWER))
    assert (page["total"], len(page["records"])) == (3, 2)
    rest = data_of(served.get(f"/v1/quarantine?limit=2&after={page['next']}"))
    assert (len(rest["records"]), rest["next"]) == (1, None)
    assert PHONE not in str(page) + str(rest)
    counts = data_of(served.get("/v1/quarantine/counts"))["counts"]
    assert counts == [{"source": "till", "code": "time_future", "state": "waiting", "count": 3}]


def test_a_conflict_shows_both_hashes(served: Served) -> None:
    served.send(an_order_body(1), an_order_body(1, amount_minor=5))
    (record,) = data_of(served.get("/v1/quarantine"))["records"]
    assert record["code"] == "conflict"
    assert len({record["sent_hash"], record["known_hash"]} - {None}) == 2
    assert data_of(served.ask("POST", "/v1/quarantine/replay", json={"accept_conflicts": True}))["accepted"] == 1
    assert served.stored() == (2, 0)


def test_records_are_discarded_with_the_name_of_the_key(served: Served) -> None:
    served.send(early(1), early(2))
    first = data_of(served.get("/v1/quarantine"))["records"][0]["record_id"]
    assert data_of(served.ask("POST", "/v1/quarantine/discard", json={"ids": [first]})) == {"discarded": 1}
    (record,) = data_of(served.get("/v1/quarantine?state=discarded"))["records"]
    assert record["record_id"] == first
    assert record["settled_by"].startswith("key key_")
    assert data_of(served.get("/v1/quarantine"))["total"] == 1
    assert data_of(served.get("/v1/quarantine?state=all"))["total"] == 2
    assert served.stored() == (0, 1)


@pytest.mark.parametrize("path", ["/v1/quarantine/replay", "/v1/quarantine/discard"])
def test_only_editors_decide(served: Served, path: str) -> None:
    for role in (Role.VIEWER, Role.INGEST):
        assert served.ask("POST", path, json={}, role=role).status_code == 403
    assert served.ask("PUT", "/v1/sources/till", json={}, role=Role.VIEWER).status_code == 403
    assert served.get("/v1/quarantine", role=Role.INGEST).status_code == 403


@pytest.mark.parametrize(
    "body", [[], {"source": 5}, {"ids": "q_1"}, {"workspace_id": "other"}, {"accept_conflicts": 2}]
)
def test_bodies_that_say_something_else_are_refused(served: Served, body: Any) -> None:
    assert served.ask("POST", "/v1/quarantine/replay", json=body).status_code == 422


def test_what_is_not_there_is_said(served: Served) -> None:
    assert served.get("/v1/sources/nobody/cleaning").status_code == 404
    assert served.get("/v1/quarantine?after=q_nothing").status_code == 422
    assert served.get("/v1/quarantine?state=lost").status_code == 422


def test_another_workspace_sees_none_of_it(served: Served) -> None:
    served.send(early(1))
    key = served.issue("other")
    assert data_of(served.get("/v1/quarantine", key=key))["total"] == 0
    assert data_of(served.get("/v1/sources", key=key)) == []
    assert served.get("/v1/sources/till/cleaning", key=key).status_code == 404
    assert data_of(served.ask("POST", "/v1/quarantine/discard", json={}, key=key)) == {"discarded": 0}
