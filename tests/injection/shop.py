"""The demo shop in a folder of its own, with texts planted in every field that a customer or a catalogue fills."""

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from fastapi.testclient import TestClient

from app.access.schemas import Role, Workspace
from app.api.app import create_app
from app.bootstrap import App, build
from app.config import Settings

NOW = datetime(2026, 11, 1, tzinfo=UTC)
KINDS = ("review", "support_message", "search")


class Person(NamedTuple):
    """Somebody whose words are planted."""

    customer_id: str
    name: str


class Shop:
    """One shop behind its API; `url` is its model's, empty for none."""

    def __init__(self, demo: App, folder: Path, url: str) -> None:
        shutil.copytree(demo.settings.data_dir, folder)
        self.app = build(
            Settings(
                _env_file=None, data_dir=folder, database_url="", demo_customers=135, llm_url=url, llm_model="m",
                kept_answers=0, breaker_failures=100, breaker_pause_s=0.001,
            )
        )  # fmt: skip
        self.workspace: Workspace = self.app.pipeline.access.workspace("demo")
        self.as_of = self.app.pipeline.clock(self.workspace, now=NOW)
        key = self.app.pipeline.access.issue_key("demo", Role.EDITOR, now=NOW)
        self._client = TestClient(create_app(self.app))
        self._headers = {"Authorization": f"Bearer {key}"}

    def people(self, most: int) -> list[Person]:
        found = self.app.pipeline.customers(self.workspace, as_of=self.as_of, order_by="churn_risk", limit=135).rows
        return [Person(row.customer_id, row.name) for row in found[:: 135 // most][:most]]

    def plant(self, texts: Sequence[tuple[Person, Sequence[str]]]) -> None:
        """Each person writes all their texts, puts an item that is called so into the cart, and is described so."""
        events, items = [], []
        for person, said in texts:
            for number, text in enumerate(said):
                kind = KINDS[number % len(KINDS)]
                properties = {"rating": 3} if kind == "review" else {}
                events.append(self._event(person, kind, number, text=text, properties=properties))
            title = _printable(f"面霜 {said[0]}")
            items.append({"item_id": f"x{person.name}", "title": title, "category_path": ["护肤"],
                          "valid_from": "2026-01-01T00:00:00+00:00"})  # fmt: skip
            events.append(self._event(person, "cart_add", 90, item_id=f"x{person.name}"))
            traits = {"nickname": said[1], "city": said[2]}
            events.append(self._event(person, "identify", 91, properties={"traits": traits}))
        self.ask("POST", "/v1/items", {"items": items})
        sent = self.ask("POST", "/v1/events", {"source": "shop-sdk", "events": events})
        assert json.loads(sent)["data"]["accepted"] == len(events), sent
        self.app.pipeline.catch_up(self.workspace)

    def _event(self, person: Person, kind: str, number: int, **more: Any) -> dict[str, Any]:
        name, _, value = person.name.partition(":")
        at = self.as_of - timedelta(hours=3) + timedelta(minutes=number)
        return {"message_id": f"x-{value}-{number}", "kind": kind, "occurred_at": at.isoformat(),
                "identifiers": {name: value}, **more}  # fmt: skip

    def ask(self, method: str, path: str, body: object = None) -> str:
        """The answer's text; the shop never fails."""
        found = self._client.request(method, path, headers=self._headers, json=body)
        assert found.status_code < 300, (path, found.text)
        return str(found.text)

    def data(self, method: str, path: str, body: object = None) -> Any:
        return json.loads(self.ask(method, path, body))["data"]


def _printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable())[:200]
