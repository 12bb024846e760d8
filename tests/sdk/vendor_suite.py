"""Run an SDK's own test suite, as it was shipped, against the server at ADDRESS; write {test: outcome} to FILE.

    python vendor_suite.py segment|rudderstack ADDRESS FILE [TEST ...]

Nothing of the suite is changed. What it sends to its vendor's host goes to ADDRESS; nothing else leaves the machine.
"""

import json
import os
import socket
import sys
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

VENDOR_HOSTS = {"segment": "https://api.segment.io", "rudderstack": "https://api.rudderstack.com"}


class ToAddress(HTTPAdapter):
    """Sends what is meant for the vendor's host to another address."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__()
        self._host, self._address = host, address

    def send(self, request: PreparedRequest, *args: Any, **more: Any) -> Response:
        request.url = (request.url or "").replace(self._host, self._address)
        return super().send(request, *args, **more)


class Outcomes:
    """Notes what became of each test."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.split("/")[-1]
        if report.outcome != "passed" or (report.when == "call" and name not in self.found):
            self.found[name] = report.outcome

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.outcome == "failed":
            self.found[report.nodeid.split("/")[-1]] = "not collected"


def loopback_only() -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"{address[0]} is not this machine")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign,assignment]


def main(sdk: str, address: str, out: Path, tests: list[str]) -> None:
    os.environ |= {"TEST_DATA_PLANE_URL": address, "TEST_WRITE_KEY": "testsecret"}
    sys.modules["mock"] = mock  # a suite imports it by the name that it had before it came into Python
    loopback_only()
    module = import_module(f"{sdk}.analytics.request")
    module._session.mount(VENDOR_HOSTS[sdk], ToAddress(VENDOR_HOSTS[sdk], address))
    folder = Path(module.__file__ or "").parent / "test"
    wanted = [str(folder / test) for test in tests] or [str(folder)]
    outcomes = Outcomes()
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=", "-c", os.devnull, "--noconftest"]
    pytest.main([*options, "--import-mode=importlib", *wanted], plugins=[outcomes])
    out.write_text(json.dumps(outcomes.found, indent=1, sort_keys=True))
    # A client whose consumers still wait would hold up the exit for minutes.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2].rstrip("/"), Path(sys.argv[3]), sys.argv[4:])
