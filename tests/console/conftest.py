import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories_api import Running

ROOT = Path(__file__).parents[2]
READY_S = 90


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture
def free_port() -> int:
    return a_free_port()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of an installed browser; tests that need one are skipped without it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        pytest.skip("no chromium on this machine: the console is not driven")
    return found


@pytest.fixture(scope="session")
def console(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A real server over a small demo shop, started as a user starts it."""
    port, data = a_free_port(), tmp_path_factory.mktemp("console")
    command = [sys.executable, "-u", "serve.py", "--port", str(port), "--data", str(data), "--workspace", "demo"]
    environment = os.environ | {"UNDERSTORY_DEMO_CUSTOMERS": "200", "UNDERSTORY_LLM_URL": ""}
    said = data / "serve.log"
    with said.open("w") as log, subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log) as server:
        try:
            yield Running(f"http://127.0.0.1:{port}", _key_when_ready(server, said))
        finally:
            server.terminate()


def _key_when_ready(server: subprocess.Popen[bytes], said: Path) -> str:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and server.poll() is None:
        if key := re.search(r"key +(uk_\S+)", said.read_text()):
            return key[1]
        time.sleep(0.1)
    raise AssertionError(f"serve.py did not come up: {said.read_text()}")
