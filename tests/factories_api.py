"""A served app as a caller meets it: two workspaces, a key for every role, a client over real ASGI."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Connection

from app.access.schemas import Role, Workspace
from app.api.app import create_app
from app.bootstrap import App

NOW = datetime(2026, 5, 1, 4, tzinfo=UTC)


class Running(NamedTuple):
    """A server in a process of its own, as its user meets it."""

    address: str
    key: str


class Served:
    """Asks on behalf of an editor of `shop` unless told otherwise."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.client = TestClient(create_app(app), raise_server_exceptions=False)
        for name in ("shop", "other"):
            app.pipeline.access.ensure(Workspace(workspace_id=name))
        self.keys = {role: self.issue("shop", role) for role in Role}

    def issue(self, workspace_id: str, role: Role = Role.EDITOR) -> str:
        return self.app.pipeline.access.issue_key(workspace_id, role, now=NOW)

    def ask(self, method: str, path: str, *, role: Role = Role.EDITOR, key: str = "", **more: Any) -> Response:
        headers = {"Authorization": f"Bearer {key or self.keys[role]}"} | more.pop("headers", {})
        return self.client.request(method, path, headers=headers, **more)  # type: ignore[return-value]

    def get(self, path: str, **more: Any) -> Response:
        return self.ask("GET", path, **more)

    def send(self, *events: dict[str, Any], **more: Any) -> Response:
        return self.ask("POST", "/v1/events", json={"source": "till", "events": list(events)}, **more)

    def send_raw(self, body: bytes, **headers: str) -> Response:
        headers = {"content-type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return self.ask("POST", "/v1/events", content=body, headers=headers)

    def stored(self, workspace_id: str = "shop") -> tuple[int, int]:
        """Events in the log, records in quarantine."""
        pipeline = self.app.pipeline
        return pipeline.log.count(workspace_id), pipeline.quarantine.count(workspace_id)


def an_order_body(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "message_id": f"m{number}",
        "kind": "order",
        "occurred_at": f"2026-03-{1 + number % 28:02d}T10:00:00+08:00",
        "identifiers": {"user_id": "u1"},
        "order_id": f"o{number}",
        "amount_minor": 12_900,
        **changes,
    }


def no_further_pages(connection: Connection) -> None:
    """The database's own limit, which it answers as it does a full disk."""
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 5}")
