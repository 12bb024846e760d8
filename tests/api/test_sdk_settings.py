"""What SDKs of pages, apps and servers ask for before they send their first event."""

import pytest
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse

from app.access.schemas import Role
from app.api.app import Fronts, create_app
from tests.factories_api import Served

PAGE = {"origin": "https://shop.example"}


def test_segment_sdks_learn_that_events_go_to_where_they_asked(shared: Served) -> None:
    key = shared.keys[Role.INGEST]
    answer = shared.client.get(f"https://events.shop.example:8443/v1/projects/{key}/settings", headers=PAGE)
    assert answer.headers["access-control-allow-origin"] == "*"
    settings = answer.json()
    assert settings["integrations"] == {
        "Segment.io": {"apiKey": key, "apiHost": "events.shop.example:8443/v1", "protocol": "https"}
    }
    assert (settings["plan"], settings["metrics"]["sampleRate"]) == ({}, 0)


@pytest.mark.parametrize("path", ["/sourceConfig", "/sourceConfig/", "/sourceConfig/?p=npm&v=3&build=modern"])
def test_rudderstack_sdks_learn_that_there_is_no_other_destination(shared: Served, path: str) -> None:
    answer = shared.client.get(path, auth=(shared.keys[Role.INGEST], ""), headers=PAGE)
    assert answer.headers["access-control-allow-origin"] == "*"
    source = answer.json()["source"]
    assert (source["enabled"], source["workspaceId"], source["destinations"]) == (True, "shop", [])
    assert {"id", "name", "writeKey", "updatedAt", "dataplanes"} <= source.keys()
    assert [part["enabled"] for part in source["config"]["statsCollection"].values()] == [False, False]


def test_a_page_may_ask_with_its_key(shared: Served) -> None:
    ask = PAGE | {"access-control-request-method": "GET", "access-control-request-headers": "authorization"}
    assert shared.client.options("/sourceConfig/", headers=ask).status_code == 200
    assert "access-control-allow-origin" not in shared.client.options("/v1/sources", headers=ask).headers


def test_only_a_key_that_may_send_gets_settings(shared: Served) -> None:
    viewer = shared.keys[Role.VIEWER]
    assert shared.client.get("/v1/projects/wrong/settings").json()["code"] == "unauthorized"
    assert shared.client.get(f"/v1/projects/{viewer}/settings").status_code == 403
    assert shared.client.get("/sourceConfig", auth=("wrong", "")).status_code == 401
    assert shared.client.get("/sourceConfig").status_code == 401


@pytest.mark.parametrize("path", ["/sourceConfig", "/sourceConfig/", "/beacon/v1/batch", "/v1/projects/key/settings"])
def test_beside_the_console_sdks_still_reach_the_api(shared: Served, path: str) -> None:
    client = TestClient(Fronts(create_app(shared.app), PlainTextResponse("the console")))
    assert client.get(path).text != "the console"
    assert client.get("/customers").text == "the console"
