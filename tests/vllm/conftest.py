"""What the tests against a real vLLM share: one server of the tiny random model. Here a skip is a failure."""

from collections.abc import Iterator

import httpx
import pytest

from app.config import TINY_MODEL, VLLM_PYTHON
from app.llm.server import ServerChild, free_port, read_mark, vllm_command

BOOT_S = 400
"""A restart takes half a minute on two idle cores, and four times that on busy ones."""


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.stats.get("skipped"):
        reporter.write_line("a skip counts as a failure here: these tests exist to run", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerChild]:
    """The server, started once. Missing parts fail: `make test-vllm` builds them."""
    port, log = free_port(), tmp_path_factory.mktemp("vllm") / "vllm.log"
    command = vllm_command(VLLM_PYTHON, TINY_MODEL, read_mark(TINY_MODEL).name, port)
    with ServerChild(command, port, log=log, say=print) as child:
        if not child.wait_ready(BOOT_S):
            pytest.fail(f"vLLM did not come up in {BOOT_S} s:\n{log.read_text()[-3000:]}")
        yield child


@pytest.fixture
def server(kept: ServerChild) -> ServerChild:
    """The server, healthy."""
    assert kept.wait_ready(BOOT_S)
    return kept


def metric(server: ServerChild, name: str) -> float:
    """The sum of a Prometheus metric of the server."""
    text = httpx.get(f"{server.url.removesuffix('/v1')}/metrics", trust_env=False).text
    lines = [line for line in text.splitlines() if line.startswith((f"{name}{{", f"{name} "))]
    assert lines, f"the server has no metric {name}"
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)
