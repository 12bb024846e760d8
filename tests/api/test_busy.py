"""What a sender is told when the database or the process cannot take more, and that nothing is kept half."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import event
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.in_flight import InFlight
from app.api.request_id import RequestId
from app.bootstrap import build
from app.config import Settings
from tests.factories_api import Served, an_order_body, no_further_pages

BOUND_S = 20


def test_a_writer_that_does_not_let_go_is_503_with_retry_after_and_nothing_is_kept(served: Served) -> None:
    served.app.database.patience_s = 0.05
    with served.app.database.write():
        answer = served.send(an_order_body(1))
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/busy"
    assert "send it again" in answer.json()["detail"]
    assert answer.headers["retry-after"] == "1"
    assert served.stored() == (0, 0)
    assert served.send(an_order_body(1)).json()["data"]["accepted"] == 1


def test_a_full_disk_is_507_and_what_was_acknowledged_before_stays(tmp_path: Path) -> None:
    app = build(Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'small.db'}", llm_url=""))
    served = Served(app)
    assert served.send(an_order_body(1)).status_code == 200
    event.listen(app.database.engine, "begin", no_further_pages)
    answer = served.send(*(an_order_body(n, properties={"note": "x" * 2_000}) for n in range(2, 200)))
    assert answer.status_code == 507
    assert answer.json()["type"] == "/problems/storage-full"
    assert answer.headers["retry-after"] == "30"
    assert served.stored() == (1, 0)
    assert served.send(an_order_body(1)).json()["data"]["duplicates"] == 1
    app.database.close()


@pytest.mark.asyncio
async def test_beyond_the_bound_a_request_is_turned_away_unread_and_later_ones_are_served() -> None:
    released, arrived = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.set()
        await released.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    gate = RequestId(InFlight(slow, most=1))
    first = asyncio.create_task(asked(gate))
    await asyncio.wait_for(arrived.wait(), BOUND_S)
    status, headers, body = await asked(gate)
    assert (status, headers[b"retry-after"], headers[b"content-type"]) == (503, b"1", b"application/problem+json")
    assert b"/problems/busy" in body
    released.set()
    assert (await asyncio.wait_for(first, BOUND_S))[0] == 200
    assert (await asked(gate))[0] == 200


async def asked(app: ASGIApp) -> tuple[int, dict[bytes, bytes], bytes]:
    """One request whose body nobody may read."""
    sent: list[Message] = []

    async def unread() -> Message:
        raise AssertionError("the body was read")

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": "http", "method": "POST", "path": "/v1/events", "headers": []}, unread, send)
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]
