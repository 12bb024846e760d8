"""A real server: uvicorn on a free port over a SQLite file, in a thread so that a test can stop and start it."""

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import insert
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.schemas import Role, Workspace
from app.access.store import api_keys
from app.api.app import create_app
from app.api.server import bind
from app.bootstrap import App, build
from app.config import Settings
from tests.factories_api import NOW

KEY = "testsecret"
"""The write key of the SDKs' own test suites. Real keys are long and random; this one is put beside them by hand."""
WAIT = 60
"""Seconds within which anything here must have happened."""


class LosesAnswers:
    """Between server and app: the next `lose` answers are lost after the app has done its work."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self.lose, self.requests = app, 0, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            self.requests += 1
            if self.lose:
                self.lose -= 1
                await self._app(scope, receive, _nowhere)
                await send({"type": "http.response.start", "status": 503, "headers": []})
                await send({"type": "http.response.body", "body": b"{}"})
                return
        await self._app(scope, receive, send)


async def _nowhere(message: Any) -> None:
    """Where a lost answer goes."""


class RunningServer:
    """The API over one data folder. `stop` and `start` are a restart: only what is on disk remains."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, 0
        self.start()
        self.address = f"http://127.0.0.1:{self.port}"
        access = self.app.pipeline.access
        access.ensure(Workspace(workspace_id="shop"))
        self.editor = access.issue_key("shop", Role.EDITOR, now=NOW)
        self.register(KEY)

    def start(self) -> None:
        self.app: App = build(Settings(_env_file=None, data_dir=self.folder, database_url="", llm_url=""))
        self.front = LosesAnswers(create_app(self.app))
        listener = bind("127.0.0.1", self.port)
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(self.front, log_level="error", access_log=False, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()
        wait_for(lambda: self._server.started)

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(WAIT)
        self.app.database.close()

    def register(self, key: str) -> None:
        row = {"key_id": f"key_{key}", "key_hash": hashlib.sha256(key.encode()).hexdigest(), "workspace_id": "shop"}
        with self.app.database.write() as connection:
            connection.execute(insert(api_keys).values(**row, role=Role.INGEST.value, created_at=NOW))

    def get(self, path: str) -> Any:
        answer = httpx.get(self.address + path, headers={"Authorization": f"Bearer {self.editor}"}, timeout=WAIT)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def stored(self) -> tuple[int, int]:
        """Events in the log, records in quarantine."""
        return self.app.pipeline.log.count("shop"), self.app.pipeline.quarantine.count("shop")


def wait_for(done: Any) -> None:
    until = monotonic() + WAIT
    while not done():
        assert monotonic() < until, "waited in vain"
        sleep(0.01)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path)
    yield running
    running.stop()


def import_sdks() -> None:
    """One of them reads any .env file above it into the environment: that must stay as it was."""
    before = dict(os.environ)
    import rudderstack.analytics  # noqa: F401
    import segment.analytics  # noqa: F401

    os.environ.clear()
    os.environ.update(before)


import_sdks()
