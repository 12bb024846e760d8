"""`serve.py --llm cpu` as a user starts it: the model is named, becomes ready, speaks, and is gone when serve.py is."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.config import ROOT, TINY_MODEL
from app.llm.server import free_port

READY_S = 400


class Served:
    """A running serve.py: what it has said so far, and where it answers."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.said = folder / "said.txt"
        options = ["--llm", "cpu", "--llm-model", TINY_MODEL, "--port", str(self.port), "--data", folder]
        with self.said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "serve.py", *options],
                cwd=ROOT,
                env=os.environ | {"UNDERSTORY_DEMO_CUSTOMERS": "40", "UNDERSTORY_LLM_TIMEOUT_S": "110"},
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    def said_by_now(self, pattern: str, *, seconds: float = READY_S) -> re.Match[str]:
        """What it said that matches, waited for."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and self.process.poll() is None:
            if found := re.search(pattern, self.said.read_text()):
                return found
            time.sleep(0.2)
        pytest.fail(f"serve.py did not say {pattern!r}:\n{self.said.read_text()}")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    yield served
    served.process.kill()
    served.process.wait()


def servers_of(model: Path) -> list[str]:
    """Command lines of running model servers of this folder."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if "vllm.entrypoints" in line and str(model) in line:
            lines.append(line)
    return lines


def test_the_model_is_named_becomes_ready_speaks_and_ends_with_its_owner(served: Served, tmp_path: Path) -> None:
    before = len(servers_of(TINY_MODEL))
    key = served.said_by_now(r"uk_[\w-]+")[0]
    greeting = served.said_by_now(r"model +(.*)")[1]
    assert greeting.startswith("large rung tiny-random at http://127.0.0.1:")
    served.said_by_now("the model server is ready")
    assert len(servers_of(TINY_MODEL)) > before
    address, headers = f"http://127.0.0.1:{served.port}", {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=address, headers=headers, timeout=120, trust_env=False) as api:
        customer = api.get("/v1/customers?limit=1&order_by=total").json()["data"]["rows"][0]["customer_id"]
        answer = api.get(f"/v1/customers/{customer}/profile").json()
    assert answer["provenance"]["rung"] == "composer"
    assert "sentences kept to the claims" in json.dumps(answer["warnings"])
    assert (tmp_path / "vllm.log").stat().st_size
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(30) == 0
    assert len(servers_of(TINY_MODEL)) == before
