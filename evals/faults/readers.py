"""Readers of the API while its model fails: what they ask, and what they were answered."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from fastapi.testclient import TestClient
from pydantic import BaseModel, ValidationError

from app.access.schemas import Role
from app.api.answers import Answer
from app.api.app import create_app
from app.bootstrap import App, build
from app.config import Settings
from app.demo.load import load_shop
from app.demo.shop import DemoShop
from app.reflecting import Reflected
from app.views import CustomerReading, Recommendation
from evals.task import Say

QUESTIONS: Final[dict[str, tuple[str, str, type[BaseModel]]]] = {
    "story": ("GET", "profile", Answer[CustomerReading]),
    "strategy": ("POST", "strategy", Answer[Recommendation]),
    "reflection": ("POST", "reflections", Answer[Reflected]),
}
"""What is asked about a customer: method, path, and the schema of the answer."""


class Heard(NamedTuple):
    """One answer."""

    question: str
    status: int
    valid: bool
    """Whether it has the schema of its question."""
    rung: str
    reason: str | None
    seconds: float


class Readers:
    """Ask the API of one app about its customers, one after the other or many at once."""

    def __init__(self, app: App, workspace_id: str, *, now: datetime) -> None:
        """Readers with an editor's key to the workspace."""
        self.app = app
        self._client = TestClient(create_app(app), raise_server_exceptions=False)
        key = app.pipeline.access.issue_key(workspace_id, Role.EDITOR, now=now)
        self._headers = {"Authorization": f"Bearer {key}"}
        self._customers = self._named()
        self._next = 0

    def ask(self, question: str = "story") -> Heard:
        """One question about the next customer."""
        self._next += 1
        method, path, shape = QUESTIONS[question]
        url = f"/v1/customers/{self._customers[self._next % len(self._customers)]}/{path}"
        started = time.monotonic()
        response = self._client.request(method, url, headers=self._headers)
        took_s = time.monotonic() - started
        try:
            rung, reason = _speaker(shape.model_validate_json(response.content))
        except ValidationError:
            return Heard(question, response.status_code, False, "", None, took_s)
        return Heard(question, response.status_code, True, rung, reason, took_s)

    def ask_together(self, number: int) -> list[Heard]:
        """So many stories at once."""
        with ThreadPoolExecutor(number) as pool:
            return list(pool.map(lambda _: self.ask(), range(number)))

    def _named(self) -> list[str]:
        listing = self._client.get("/v1/customers?limit=50", headers=self._headers).json()
        return [row["customer_id"] for row in listing["data"]["rows"]]


def _speaker(found: BaseModel) -> tuple[str, str | None]:
    """Which rung spoke, and why no higher one."""
    if not isinstance(found, Answer):
        return "", None
    where = found.data if isinstance(found.data, Reflected) else found.provenance
    return str(where.rung), where.fallback_reason


@contextmanager
def readers(
    folder: Path, url: str, model: str, *, seed: int, customers: int, deadline_s: float, say: Say
) -> Iterator[Readers]:
    """Readers of a demo shop whose large model is served at `url`; nothing is kept, so each story is asked for."""
    shop = DemoShop(seed, customers)
    settings = Settings(
        data_dir=folder, database_url="", llm_url=url, llm_model=model, llm_timeout_s=deadline_s, kept_answers=0
    )
    app = build(settings)
    try:
        workspace = load_shop(app.pipeline, shop, now=shop.ends_at, progress=say)
        yield Readers(app, workspace.workspace_id, now=shop.ends_at)
    finally:
        app.database.close()
