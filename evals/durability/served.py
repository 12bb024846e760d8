"""serve.py as a process of its own, with its own data folder and port: started, asked, killed."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Self

from app.access.schemas import Role, Workspace
from app.bootstrap import build
from app.config import ROOT, Settings
from app.errors import UnderstoryError

WORKSPACE = "shop"
START_S, STOP_S = 120, 60


class Place(NamedTuple):
    """Where a server works: its data folder, its database, its port, and a key for the clients."""

    folder: Path
    database_url: str
    port: int
    key: str


def settings_of(folder: Path, database_url: str) -> Settings:
    """Settings that nothing from outside changes."""
    return Settings(_env_file=None, data_dir=folder, database_url=database_url, llm_url="", small_llm_url="")


def prepare(folder: Path, database_url: str, *, now: datetime) -> Place:
    """An empty workspace in a new database, and a key that may write to it."""
    app = build(settings_of(folder, database_url))
    app.pipeline.access.ensure(Workspace(workspace_id=WORKSPACE))
    key = app.pipeline.access.issue_key(WORKSPACE, Role.EDITOR, now=now)
    app.database.close()
    return Place(folder, database_url, _free_port(), key)


class Served:
    """One life of the server, from its start until it is killed or stopped."""

    def __init__(self, place: Place, *, before: Sequence[str] = (), program: Sequence[str] = ("serve.py",)) -> None:
        """Start it; `before` is a command that runs it (strace), `program` what Python runs in its place."""
        self._port, self._born = place.port, time.monotonic()
        said = ["--port", str(place.port), "--data", str(place.folder), "--workspace", WORKSPACE]
        with (place.folder / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*before, sys.executable, *program, *said],
                cwd=ROOT, env=environment(place.database_url), stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def __enter__(self) -> Self:
        """The server, which does not outlive the block."""
        return self

    def __exit__(self, *_fault: object) -> None:
        """End what still runs."""
        if self._process.poll() is None:
            self.kill()

    def ready_s(self) -> float:
        """Seconds from the process's start to its first 200 of /readyz."""
        while time.monotonic() - self._born < START_S:
            if self._process.poll() is not None:
                raise UnderstoryError(f"the server ended by itself with status {self._process.returncode}")
            if answers(self._port):
                return time.monotonic() - self._born
            time.sleep(0.01)
        raise UnderstoryError(f"the server was not ready within {START_S} s")

    def kill(self) -> None:
        """End it with SIGKILL, and everything that it started."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM: what is under way may end."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, how)
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(STOP_S)


def answers(port: int) -> bool:
    """Whether /readyz says 200 now."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def environment(database_url: str) -> dict[str, str]:
    """Our variables without settings of other runs; Python may keep what it compiled, as under `make run`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("UNDERSTORY_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | {"UNDERSTORY_DATABASE_URL": database_url, "PYTHONUNBUFFERED": "1"}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
