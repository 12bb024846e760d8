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
LOOK_S = 0.005
"""Between two looks at what is acknowledged."""
LATEST_S = 0.05
"""Seconds that a kill may come after the acknowledgement it waited for: at any point of the work on the next ones."""
LONGEST_START_S = 2.0
DURING_START = 0.1
"""Share of kills that hit a server which is still starting."""
STUCK_S = ANSWER_S * 2
"""Without an acknowledgement for so long, the run gives up."""
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
    killed_at: tuple[int, ...]
    """Events that were acknowledged when each kill came."""
    ready_s: tuple[float, ...]
    seconds: float
    found: Found


def kill_loop(place: Place, plan: Plan, say: Say) -> Run:
    """All kills, spread over the events; the last comes when enough is acknowledged, and the audit follows."""
    born, killed_at = time.monotonic(), list[int]()
    ready: list[float] = []
    dice = random.Random(plan.seed)
    with _clients(place, plan) as acknowledged:
        for wanted in moments(plan, dice):
            ready += _life(place, wanted, acknowledged, dice)
            killed_at.append(acknowledged())
            if len(killed_at) % 10 == 0:
                said = f"{len(killed_at)} kills, {killed_at[-1]:,} events acknowledged"
                say(f"{said}, slowest start {max(ready, default=0):.1f} s")
    told = {name: _ledger(place, name) for name in CLIENTS}
    return Run(
        acknowledged=_events(told, plan),
        killed_at=tuple(killed_at),
        ready_s=tuple(ready),
        seconds=time.monotonic() - born,
        found=audit(place, told, size=plan.size),
    )


def moments(plan: Plan, dice: random.Random) -> list[float | None]:
    """For each kill how many events must be acknowledged before it, or None for one that hits a start.

    The events are cut into as many even parts as there are kills, and each part has its kill somewhere in it.
    """
    part = plan.events / plan.kills
    drawn = [(kill + dice.random()) * part for kill in range(plan.kills - 1)]
    return [None if dice.random() < DURING_START else wanted for wanted in drawn] + [plan.events]


def _life(place: Place, wanted: float | None, acknowledged: Callable[[], int], dice: random.Random) -> list[float]:
    """One start and one kill; the seconds until it was ready, if it lived to be."""
    with Served(place) as server:
        if wanted is None:
            time.sleep(dice.uniform(0, LONGEST_START_S))
            took = []
        else:
            took = [server.ready_s()]
            _await(wanted, acknowledged)
            time.sleep(dice.uniform(0, LATEST_S))
        server.kill()
    return took


def _await(wanted: float, acknowledged: Callable[[], int]) -> None:
    """Return once so many events are acknowledged."""
    moved, before = time.monotonic(), -1
    while (now := acknowledged()) < wanted:
        if now > before:
            moved, before = time.monotonic(), now
        if time.monotonic() - moved > STUCK_S:
            raise UnderstoryError(f"nothing was acknowledged for {STUCK_S} s; {now} events were before")
        time.sleep(LOOK_S)


@contextmanager
def _clients(place: Place, plan: Plan) -> Iterator[Callable[[], int]]:
    """Client processes that write while the block runs; gives a function that counts events acknowledged so far."""
    stop = place.folder / "stop"
    running = [_client(name, place, plan, stop) for name in CLIENTS]

    def acknowledged() -> int:
        if any(client.poll() for client in running):
            raise UnderstoryError(f"a client gave up: {(place.folder / 'clients.log').read_text()[-300:]}")
        return _events({name: _ledger(place, name) for name in CLIENTS}, plan)

    try:
        yield acknowledged
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
