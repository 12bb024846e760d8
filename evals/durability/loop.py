"""Kill the server at random moments while clients write to it, until they have written enough."""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from app.config import ROOT
from app.errors import UnderstoryError
from evals.durability.audit import Found, audit
from evals.durability.client import ANSWER_S
from evals.durability.served import Place, Served

CLIENTS = ("one", "two")
LONGEST_LIFE_S = 2.0
"""Seconds that the server works at most before it is killed."""
DURING_START = 0.1
"""Share of kills that hit a server which is still starting."""
Say = Callable[[str], None]


class Plan(NamedTuple):
    """How often, how much, and the seed of every moment and every batch."""

    kills: int
    events: int
    size: int
    seed: int


class Run(NamedTuple):
    """What one loop gave."""

    acknowledged: int
    ready_s: tuple[float, ...]
    seconds: float
    found: Found


def kill_loop(place: Place, plan: Plan, say: Say) -> Run:
    """All kills, then on until enough is acknowledged; a last kill comes before the audit."""
    born, ready = time.monotonic(), []
    with _clients(place, plan) as told:
        dice = random.Random(plan.seed)
        for kill in range(plan.kills):
            ready += _life(place, dice)
            if (kill + 1) % 10 == 0:
                say(
                    f"{kill + 1} kills, {_events(told(), plan):,} events acknowledged, slowest start {max(ready):.1f} s"
                )
        with Served(place) as server:
            ready.append(server.ready_s())
            while _events(told(), plan) < plan.events:
                time.sleep(0.1)
            server.kill()
    acknowledged = told()
    return Run(
        acknowledged=_events(acknowledged, plan),
        ready_s=tuple(ready),
        seconds=time.monotonic() - born,
        found=audit(place, acknowledged, size=plan.size),
    )


def _life(place: Place, dice: random.Random) -> list[float]:
    """One start and one kill; the seconds until it was ready, if it lived to be."""
    with Served(place) as server:
        took = [server.ready_s()] if dice.random() >= DURING_START else []
        time.sleep(dice.uniform(0, LONGEST_LIFE_S))
        server.kill()
    return took


@contextmanager
def _clients(place: Place, plan: Plan) -> Iterator[Callable[[], Mapping[str, Set[int]]]]:
    """Client processes that write while the block runs; gives a function that reads what they were told so far."""
    stop = place.folder / "stop"
    running = [_client(name, place, plan, stop) for name in CLIENTS]

    def told() -> Mapping[str, Set[int]]:
        if any(client.poll() for client in running):
            raise UnderstoryError(f"a client gave up: {(place.folder / 'clients.log').read_text()[-300:]}")
        return {name: _ledger(place, name) for name in CLIENTS}

    try:
        yield told
    finally:
        stop.touch()
        for client in running:
            client.wait(ANSWER_S * 2)


def _client(name: str, place: Place, plan: Plan, stop: Path) -> subprocess.Popen[bytes]:
    said = [
        name,
        str(place.port),
        str(plan.size),
        str(plan.seed),
        str(place.folder / f"{name}.acknowledged"),
        str(stop),
    ]
    with (place.folder / "clients.log").open("ab") as log:
        client = subprocess.Popen(
            [sys.executable, "-m", "evals.durability.client", *said], cwd=ROOT, stdin=subprocess.PIPE, stderr=log
        )
    assert client.stdin
    client.stdin.write(f"{place.key}\n".encode())
    client.stdin.close()
    return client


def _ledger(place: Place, name: str) -> set[int]:
    book = place.folder / f"{name}.acknowledged"
    return {int(line) for line in book.read_text().split()} if book.exists() else set()


def _events(told: Mapping[str, Set[int]], plan: Plan) -> int:
    return plan.size * sum(map(len, told.values()))
