"""Does the disk have it before the client is told? System calls of the real server, recorded by strace, decide.

A client posts one batch after the other and waits in between until nothing is left to fold, so that every write to the
write-ahead log between a request and its answer belongs to that request. The answer is early when no such write was
made, or when no fsync or fdatasync of the log succeeded after the last of them.
"""

import http.client
import json
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import NamedTuple

from app.errors import InvalidInput, UnderstoryError
from evals.durability.client import Client
from evals.durability.served import Place, Served

CALLS = "trace=read,recvfrom,write,writev,sendto,sendmsg,pwrite64,fsync,fdatasync"
_LINE = re.compile(r"^(?P<thread>\d+) +(?P<rest>.*)$")
_RESUMED = re.compile(r"^<\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)$")
_CALL = re.compile(r"^(?P<name>\w+)\((?P<fd>\d+)<(?P<path>[^>]*)>")
_OK = re.compile(r"\) += 0\b")


class Witnessed(NamedTuple):
    """What strace saw."""

    acknowledged: int
    early: int
    """Answers that left before the log was flushed."""


class Call(NamedTuple):
    """One system call on a file or socket, at its end unless `begun`."""

    name: str
    path: str
    text: str
    begun: bool


def watched(place: Place, *, requests: int, seed: int, program: tuple[str, ...] = ("serve.py",)) -> Witnessed:
    """Send `requests` batches to a server under strace and judge every answer."""
    if shutil.which("strace") is None:
        raise InvalidInput("strace is missing: apt-get install strace")
    record = place.folder / "calls.strace"
    before = ("strace", "-f", "-y", "-s", "48", "--seccomp-bpf", "-e", CALLS, "-o", str(record))
    with Served(place, before=before, program=program) as server:
        server.ready_s()
        _send(place, requests, seed)
        server.stop()
    with record.open(encoding="utf-8", errors="replace") as lines:
        return judge(calls(lines))


def judge(seen: Iterable[Call]) -> Witnessed:
    """Walk through the calls in their order and look at the log whenever an answer leaves."""
    acknowledged = early = 0
    asked: set[str] = set()
    written = flushed = False
    for call in seen:
        if call.path.endswith("-wal"):
            if call.name == "pwrite64" and call.begun:
                written, flushed = True, False
            elif call.name in ("fsync", "fdatasync") and not call.begun and _OK.search(call.text):
                flushed = True
        elif call.name in ("read", "recvfrom") and not call.begun and '"POST /v1/events' in call.text:
            asked.add(call.path)
            written = flushed = False
        elif call.begun and call.path in asked and '"HTTP/1.1 200' in call.text:
            asked.discard(call.path)
            acknowledged += 1
            early += not (written and flushed)
    return Witnessed(acknowledged, early)


def calls(lines: Iterable[str]) -> Iterator[Call]:
    """Each call twice, when it begins and when it ends: another thread's calls may lie between the two."""
    open_calls: dict[str, str] = {}
    for line in lines:
        found = _LINE.match(line.rstrip("\n"))
        if not found:
            continue
        thread, rest = found["thread"], found["rest"]
        if resumed := _RESUMED.match(rest):
            yield from _call(open_calls.pop(thread, "") + resumed["rest"], begun=False)
        elif rest.endswith("<unfinished ...>"):
            open_calls[thread] = rest.removesuffix("<unfinished ...>")
            yield from _call(rest, begun=True)
        else:
            yield from _call(rest, begun=True)
            yield from _call(rest, begun=False)


def _call(text: str, *, begun: bool) -> Iterator[Call]:
    if found := _CALL.match(text):
        yield Call(found["name"], found["path"], text, begun)


def _send(place: Place, requests: int, seed: int) -> None:
    never = place.folder / "never"
    with closing(Client("witness", place.port, place.key, size=2, seed=seed)) as client:
        for number in range(requests):
            client.delivered(number, never)
            _wait_until_folded(place.port)


def _wait_until_folded(port: int) -> None:
    for _ in range(2_000):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/readyz")
        lag = json.loads(connection.getresponse().read())["fold_lag"]
        connection.close()
        if not lag["events"]:
            return
        time.sleep(0.01)
    raise UnderstoryError("profiles did not catch up with the log")
