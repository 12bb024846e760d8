"""Messages of tracking SDKs, sent as they send them, and what the log makes of them."""

import json
from datetime import timedelta
from typing import Any

from httpx import Response

from app.access.schemas import Role
from app.events.schemas import Event
from tests.factories_api import NOW, Served


def a_message(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "event": "Product Viewed",
        "userId": "u1",
        "messageId": f"m{number}",
        "timestamp": (NOW - timedelta(minutes=number)).isoformat(),
        "properties": {"product_id": f"p{number}"},
        **fields,
    }


def post(served: Served, body: Any, path: str = "/v1/batch", **more: Any) -> Response:
    """As the SDKs do: the write key is the user name, the password is empty."""
    auth = more.pop("auth", (served.keys[Role.INGEST], ""))
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": "application/json"} | more.pop("headers", {})
    return served.client.post(path, content=content, auth=auth, headers=headers, **more)  # type: ignore[no-any-return]


def send(served: Served, *messages: Any, **more: Any) -> Response:
    return post(served, {"batch": list(messages), "sentAt": NOW.isoformat()}, **more)


def verdicts(served: Served, *messages: Any, **more: Any) -> list[dict[str, Any]]:
    answer = send(served, *messages, path="/v1/batch?verdicts=1", **more)
    assert answer.status_code == 200
    return list(answer.json()["verdicts"])


def logged(served: Served, workspace_id: str = "shop") -> list[Event]:
    return [event for _, event in served.app.pipeline.log.since(workspace_id, 0, limit=99)]
