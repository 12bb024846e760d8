"""The kill loop and the witness of the fsync, small: a real serve.py process, real kills, real system calls."""

import random
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from evals.durability.audit import audit
from evals.durability.client import Client
from evals.durability.loop import Plan, kill_loop, moments
from evals.durability.served import Served, prepare
from evals.durability.witness import Witnessed, calls, judge, watched
from tests.factories import RECEIVED

PLAIN = """
11 read(18<socket:[99]>, "POST /v1/events HTTP/1.1\\r\\n", 65536) = 900
12 pwrite64(7</d/understory.db-wal>, "7", 24, 4152) = 24
12 pwrite64(7</d/understory.db-wal>, "page", 4096, 4176) = 4096
12 fdatasync(7</d/understory.db-wal>) = 0
11 write(18<socket:[99]>, "HTTP/1.1 200 OK\\r\\n", 200) = 200
""".strip().splitlines()
NO_FLUSH = (
    "import contextlib, app.database.sqlite as s",
    "s.PRAGMAS = (*s.PRAGMAS, 'synchronous=OFF')",
    "s._unflushed = contextlib.nullcontext",  # it would put synchronous=FULL back after the first fold
    "import serve",
    "serve.main()",
)

BOUND_S = 60

needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is missing: apt-get install strace")


def test_after_kills_nothing_acknowledged_is_lost_or_double_and_profiles_equal_the_log(tmp_path: Path) -> None:
    place = prepare(tmp_path, f"sqlite:///{tmp_path / 'understory.db'}", now=RECEIVED)
    run = kill_loop(place, Plan(kills=3, events=1_500, size=50, seed=11), lambda _: None)
    found = run.found
    assert run.acknowledged >= 1_500
    assert (found.lost, found.duplicates, found.torn, found.gaps, found.conflicts) == (0, 0, 0, 0, 0)
    assert found.stored >= run.acknowledged
    assert found.integrity_ok
    assert found.profiles_equal_log
    assert len(run.killed_at) == 3
    assert run.killed_at[-1] >= 1_500


def test_kills_are_spread_evenly_over_the_events_at_moments_that_the_seed_draws() -> None:
    plan = Plan(kills=100, events=100_000, size=50, seed=7)
    drawn = moments(plan, random.Random(plan.seed))
    assert (len(drawn), drawn[-1]) == (100, 100_000)
    for number, wanted in enumerate(drawn[:-1]):
        assert wanted is None or number * 1_000 <= wanted <= (number + 1) * 1_000
    assert 0 < drawn.count(None) < 30
    assert moments(plan, random.Random(8)) != drawn == moments(plan, random.Random(7))


@needs_strace
def test_every_answer_leaves_after_the_log_was_flushed(tmp_path: Path) -> None:
    place = prepare(tmp_path, f"sqlite:///{tmp_path / 'understory.db'}", now=RECEIVED)
    assert watched(place, requests=20, seed=1) == Witnessed(acknowledged=20, early=0)


@needs_strace
def test_the_witness_sees_a_database_that_does_not_flush(tmp_path: Path) -> None:
    place = prepare(tmp_path, f"sqlite:///{tmp_path / 'understory.db'}", now=RECEIVED)
    assert watched(place, requests=5, seed=1, program=("-c", "\n".join(NO_FLUSH))) == Witnessed(acknowledged=5, early=5)


def test_an_answer_between_the_write_and_the_end_of_its_flush_is_early() -> None:
    asked, *written, flushed, answered = PLAIN
    begun, ended = flushed.replace(") = 0", " <unfinished ...>"), "12 <... fdatasync resumed>) = 0"
    assert judge(calls(PLAIN)).early == 0
    assert judge(calls([asked, *written, begun, ended, answered])).early == 0
    assert judge(calls([asked, *written, begun, answered, ended])).early == 1
    assert judge(calls([asked, *written, answered, flushed])).early == 1
    assert judge(calls([asked, flushed, *written, answered])).early == 1
    assert judge(calls([asked, *written, flushed.replace("= 0", "= -1 EIO (Input/output error)"), answered])).early == 1
    assert judge(calls([asked, answered])).early == 1


def test_a_server_that_is_terminated_loses_nothing_that_it_acknowledged_and_tears_no_batch(tmp_path: Path) -> None:
    place = prepare(tmp_path, f"sqlite:///{tmp_path / 'understory.db'}", now=RECEIVED)
    stop, acknowledged = tmp_path / "stop", list[int]()

    def write() -> None:
        with closing(Client("one", place.port, place.key, size=100, seed=1)) as client:
            number = 0
            while client.delivered(number, stop):
                acknowledged.append(number)
                number += 1

    with Served(place) as server, ThreadPoolExecutor(1) as pool:
        server.ready_s()
        writing = pool.submit(write)
        wait_until(lambda: len(acknowledged) >= 3 or writing.done())
        server.stop()
        stop.touch()
        writing.result(BOUND_S)
    found = audit(place, {"one": set(acknowledged)}, size=100)
    assert len(acknowledged) >= 3
    assert (found.lost, found.torn, found.duplicates) == (0, 0, 0)
    assert found.stored - 100 * len(acknowledged) in (0, 100)
    assert found.integrity_ok


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(BOUND_S * 100):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to that in time")
