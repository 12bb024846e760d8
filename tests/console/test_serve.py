"""serve.py from outside: what a person sees who starts it wrongly."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def started(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "serve.py", *arguments],
        cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--port", "abc"), "port: Input should be a valid integer"),
        (("--port", "70000"), "port: Input should be less than or equal to 65535"),
        (("--prot", "1"), "unrecognized arguments"),
        (("--llm", "http://127.0.0.1:1/v1"), "--llm-model"),
        (("--small-llm", "http://127.0.0.1:1/v1"), "--small-llm-model"),
        (("--small-llm", "elsewhere"), "small_llm_url: Value error, 'elsewhere' is no http(s) URL"),
        (("--llm", "cpu", "--llm-model", "/nowhere"), "make tiny-model"),
        (("--workspace", "nowhere"), "no workspace 'nowhere'"),
    ],
)
def test_a_bad_argument_is_one_line_and_exit_code_2(
    tmp_path: Path, free_port: int, arguments: tuple[str, ...], said: str
) -> None:
    done = started("--data", str(tmp_path), "--port", str(free_port), *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("understory: ")


def test_bad_settings_of_models_are_one_line_and_exit_code_2(tmp_path: Path, free_port: int) -> None:
    done = started("--data", str(tmp_path), "--port", str(free_port), UNDERSTORY_MODELS='{"m": {"price": 1}}')
    assert (done.returncode, done.stderr) == (2, "understory: models.m.price: Extra inputs are not permitted\n")


def test_a_port_in_use_is_said_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = started("--port", str(port), "--data", str(tmp_path / "new"))
    assert done.returncode == 2
    assert f"port {port} on 127.0.0.1 is in use" in done.stderr
    assert not (tmp_path / "new").exists()
