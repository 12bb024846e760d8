import base64

import pytest

from app.access.schemas import Role
from app.events.sources.mapping import Parsed
from tests.factories import an_incoming
from tests.factories_api import NOW, Served, an_order_body

READS = ("/v1/customers", "/v1/customers/u1/profile", "/v1/customers/u1/interests")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic", "Basic !!!", "Digest x", "uk_x"])
def test_without_a_valid_key_nothing_is_answered(served: Served, header: str) -> None:
    answer = served.client.get("/v1/customers", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"]


def test_a_key_may_come_as_basic_user_name(served: Served) -> None:
    token = base64.b64encode(f"{served.keys[Role.VIEWER]}:".encode()).decode()
    assert served.client.get("/v1/customers", headers={"Authorization": f"Basic {token}"}).status_code == 200


def test_a_revoked_key_is_useless_at_once(served: Served) -> None:
    served.app.pipeline.access.revoke_key(served.keys[Role.EDITOR], now=NOW)
    assert served.get("/v1/customers").status_code == 401


@pytest.mark.parametrize("path", READS)
def test_an_ingest_key_reads_nothing(served: Served, path: str) -> None:
    served.send(an_order_body(1))
    assert served.get(path, role=Role.INGEST).status_code == 403
    assert served.get(path, role=Role.VIEWER).status_code == 200


def test_a_viewer_neither_writes_nor_decides(served: Served) -> None:
    served.send(an_order_body(1))
    assert served.send(an_order_body(2), role=Role.VIEWER).status_code == 403
    assert served.ask("POST", "/v1/customers/u1/strategy", role=Role.VIEWER).status_code == 403
    assert served.stored() == (1, 0)


def test_one_workspace_sees_nothing_of_another(served: Served) -> None:
    served.send(an_order_body(1))
    own_id = served.get("/v1/customers").json()["data"]["rows"][0]["customer_id"]
    stranger = served.issue("other")
    assert served.get("/v1/customers", key=stranger).json()["data"]["total"] == 0
    for ref in ("u1", "user_id:u1", own_id):
        for method, path in (("GET", "profile"), ("GET", "interests"), ("POST", "strategy")):
            answer = served.ask(method, f"/v1/customers/{ref}/{path}", key=stranger)
            assert answer.status_code == 404


def test_health_needs_no_key(served: Served) -> None:
    assert served.client.get("/healthz").json() == {"status": "ok"}
    assert served.client.get("/readyz").json()["database_ms"] >= 0


def test_readiness_names_no_workspace_and_a_key_reads_the_lag_of_its_own(served: Served) -> None:
    pipeline = served.app.pipeline
    for name, events in (("shop", 3), ("other", 2)):
        records = [Parsed(n, an_incoming(message_id=f"m{n}"), None, {}) for n in range(events)]
        pipeline.take(pipeline.access.workspace(name), "till", records, now=NOW)
    ready = served.client.get("/readyz")
    assert (ready.json()["fold_lag"]["events"], ready.json()["fold_lag"]["seconds"] > 0) == (5, True)
    assert "shop" not in ready.text
    assert served.client.get("/v1/lag").status_code == 401
    assert served.get("/v1/lag", role=Role.VIEWER).json()["data"]["events"] == 3
    for name in ("shop", "other"):
        pipeline.catch_up(pipeline.access.workspace(name))
    assert served.client.get("/readyz").json()["fold_lag"] == {"events": 0, "seconds": 0.0}
