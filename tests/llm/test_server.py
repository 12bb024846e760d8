"""The model server's keeper, with a small real server in vLLM's place: up, down, up again, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from app.errors import InvalidInput
from app.llm.server import ModelMark, Patience, ServerChild, free_port, quiet_environment, read_mark, vllm_command

SERVER = """
import http.server, subprocess, sys
subprocess.Popen(["sleep", "1000"])  # as vLLM has an engine beside its front
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
print("listening", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Health).serve_forever()
"""
SILENT = """
import http.server, sys, time
class Health(http.server.BaseHTTPRequestHandler):
    answers = ANSWERS
    def do_GET(self):
        if Health.answers == 0:
            time.sleep(1000)
        Health.answers -= 1
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Health).serve_forever()
"""
OWNER = """
import sys, time
from pathlib import Path
from app.llm.server import ServerChild
child = ServerChild([sys.executable, *sys.argv[2:]], int(sys.argv[1]), log=Path("/dev/null"), say=lambda line: None)
child.start()
assert child.wait_ready(30)
print(child.group, flush=True)
time.sleep(1000)
"""


def until(true: Callable[[], bool]) -> bool:
    ends = time.monotonic() + 20
    while not true() and time.monotonic() < ends:
        time.sleep(0.02)
    return true()


def processes() -> Iterator[tuple[int, int, int]]:
    """Pid, parent and group of all that run; one that is dead but not yet buried does not."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent, group = path.read_text().rpartition(")")[2].split()[:3]
            if state != "Z":
                yield int(path.parent.name), int(parent), int(group)


def alive(group: int) -> bool:
    return any(found == group for _, _, found in processes())


class Kept:
    """A kept server and what was said about it."""

    def __init__(self, folder: Path, script: str, patience: Patience = Patience()) -> None:
        self.said: list[str] = []
        self.port = free_port()
        self.log = folder / "logs" / "server.log"
        command = [sys.executable, "-c", script, str(self.port)]
        self.child = ServerChild(command, self.port, log=self.log, say=self.said.append, patience=patience)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(tmp_path, SERVER)
    with kept.child:
        yield kept
    assert until(lambda: not alive(kept.child.group))


def test_it_is_ready_once_the_server_is_healthy_and_says_so_with_a_log(kept: Kept) -> None:
    assert kept.child.wait_ready(20)
    assert kept.child.url == f"http://127.0.0.1:{kept.port}/v1"
    assert kept.said[0].startswith(f"the model server is ready at {kept.child.url}")
    assert kept.log.read_text().startswith("listening\n")


@pytest.mark.parametrize("whom", ["the server", "all of them"])
def test_a_killed_server_takes_its_family_along_and_is_started_again(kept: Kept, whom: str) -> None:
    assert kept.child.wait_ready(20)
    first = kept.child.group
    if whom == "all of them":
        os.killpg(first, signal.SIGKILL)
    else:
        os.kill(next(pid for pid, parent, _ in processes() if parent == first), signal.SIGKILL)
    assert until(lambda: kept.child.group != first)
    assert until(lambda: not alive(first))
    assert kept.child.wait_ready(20)
    assert "starting it again in 1 s" in kept.said[1]


def test_a_server_that_never_comes_up_is_tried_again_after_longer_and_longer_pauses(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "raise SystemExit('no such model')")
    with kept.child:
        assert until(lambda: len(kept.said) == 2)
        assert not kept.child.wait_ready(0)
    assert [line.split("again in ")[1] for line in kept.said] == ["1 s", "2 s"]
    assert "no such model" in kept.log.read_text()


@pytest.mark.parametrize("answers", [0, 1])
def test_a_server_that_hangs_is_ended_and_started_again(tmp_path: Path, answers: int) -> None:
    patience = Patience(poll=0.05, probe=0.3, misses=2, start=1.0)
    kept = Kept(tmp_path, SILENT.replace("ANSWERS", str(answers)), patience)
    with kept.child:
        assert until(lambda: kept.child.group != 0)
        first = kept.child.group
        assert until(lambda: kept.child.group != first)
        assert until(lambda: not alive(first))
    assert any("starting it again" in line for line in kept.said)
    assert any("is ready" in line for line in kept.said) == bool(answers)


def test_watching_goes_on_when_nobody_listens_any_more(tmp_path: Path) -> None:
    def deaf(_line: str) -> None:
        raise BrokenPipeError

    command = [sys.executable, "-c", SERVER, str(port := free_port())]
    with ServerChild(command, port, log=tmp_path / "server.log", say=deaf) as child:
        assert child.wait_ready(20)
        first = child.group
        os.killpg(first, signal.SIGKILL)
        assert until(lambda: child.group != first)
        assert child.wait_ready(20)
    assert until(lambda: not alive(child.group))


def test_an_owner_that_is_killed_leaves_no_server_behind() -> None:
    command = [sys.executable, "-c", OWNER, str(port := free_port()), "-c", SERVER, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        group = int(owner.stdout.readline())
        assert alive(group)
        owner.kill()
    assert until(lambda: not alive(group))


def test_a_folder_says_which_rung_it_serves_and_under_which_name(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert read_mark(tmp_path) == ModelMark(rung="large", name=tmp_path.name)
    (tmp_path / "understory.json").write_text('{"rung": "small", "name": "chooser-1"}')
    assert read_mark(tmp_path) == ModelMark(rung="small", name="chooser-1")


def test_what_is_missing_or_wrong_is_said_with_the_way_to_mend_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="make tiny-model"):
        read_mark(tmp_path)
    (tmp_path / "config.json").write_text('{"max_position_embeddings": 131072}')
    (tmp_path / "understory.json").write_text('{"rung": "middle"}')
    with pytest.raises(InvalidInput, match=r"understory\.json"):
        read_mark(tmp_path)
    with pytest.raises(InvalidInput, match="make vllm"):
        vllm_command(tmp_path / ".venv-vllm" / "bin" / "python", tmp_path, "m", 1)


def test_vllm_is_started_on_loopback_with_its_schema_engine_pinned_and_no_reporting(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"max_position_embeddings": 131072}')
    command = " ".join(vllm_command(Path(sys.executable), tmp_path, "m", 8123))
    assert "-m vllm.entrypoints.openai.api_server" in command
    assert "--host 127.0.0.1 --port 8123 --max-model-len 16384" in command
    assert '{"backend": "guidance", "disable_any_whitespace": true}' in command
    outside = quiet_environment(
        {"PATH": "/bin", "UNDERSTORY_LLM_API_KEY": "s", "VLLM_API_KEY": "k", "OMP_NUM_THREADS": "9"}
    )
    assert "UNDERSTORY_LLM_API_KEY" not in outside
    assert "VLLM_API_KEY" not in outside
    assert outside["OMP_NUM_THREADS"] == "9"
    assert outside["PATH"] == "/bin"
    assert (outside["VLLM_NO_USAGE_STATS"], outside["HF_HUB_OFFLINE"]) == ("1", "1")
