"""Group commit on a real database: who shares a commit, and who is hurt by whose failure."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import pytest
from sqlalchemy import Connection, event, text

from app.database.engine import Database
from app.database.group import GroupCommit
from app.errors import Busy

T = TypeVar("T")
BOUND_S = 20


@pytest.fixture
def notes(database: Database) -> Database:
    with database.write() as connection:
        connection.execute(text("CREATE TABLE notes (note TEXT PRIMARY KEY)"))
    return database


def put(note: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.execute(text("INSERT INTO notes VALUES (:note)"), {"note": note})
        return note

    return work


def kept(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.execute(text("SELECT note FROM notes")).scalars())


@contextmanager
def commits(database: Database) -> Iterator[list[Connection]]:
    seen: list[Connection] = []

    def note(connection: Connection) -> None:
        seen.append(connection)

    event.listen(database.engine, "commit", note)
    yield seen
    event.remove(database.engine, "commit", note)


@contextmanager
def all_waiting(
    database: Database, group: GroupCommit, works: list[Callable[[Connection], T]]
) -> Iterator[list[Future[T]]]:
    """While the block runs, all works wait in the order given, for a writer that is held; after it they have ended."""
    with ThreadPoolExecutor(len(works)) as pool, database.write():
        asked: list[Future[T]] = []
        for work in works:
            asked.append(pool.submit(group.run, work))
            wait_until(lambda: group.waiting == len(asked))
        yield asked


def wait_until(holds: Callable[[], bool]) -> None:
    ticking = threading.Event()
    for _ in range(BOUND_S * 200):
        if holds():
            return
        ticking.wait(0.005)
    raise AssertionError("it did not come to that in time")


def test_one_caller_gets_its_result_and_the_write_is_there(notes: Database) -> None:
    assert notes.commit_together(put("a")) == "a"
    assert kept(notes) == {"a"}


def test_many_waiting_callers_share_one_commit_and_each_gets_its_own_result(notes: Database) -> None:
    group = GroupCommit(notes.write)
    names = [f"n{i}" for i in range(20)]
    with commits(notes) as seen:
        with all_waiting(notes, group, [put(name) for name in names]) as asked:
            pass
        assert [one.result(BOUND_S) for one in asked] == names
        assert len(seen) == 2  # the writer that held everyone up, then one for all twenty
    assert kept(notes) == set(names)


def test_works_run_in_the_order_of_arrival_and_see_those_before_them(notes: Database) -> None:
    def count(connection: Connection) -> int:
        seen = connection.execute(text("SELECT count(*) FROM notes")).scalar_one()
        put(f"n{seen}")(connection)
        return int(seen)

    with all_waiting(notes, GroupCommit(notes.write), [count] * 8) as asked:
        pass
    assert [one.result(BOUND_S) for one in asked] == list(range(8))


def test_one_failing_work_undoes_its_own_writes_only_and_its_caller_alone_hears_of_it(notes: Database) -> None:
    class TooMuchError(Exception):
        pass

    def half(connection: Connection) -> str:
        put("half")(connection)
        raise TooMuchError("mine")

    with all_waiting(notes, GroupCommit(notes.write), [put("a"), half, put("b"), put("a"), put("c")]) as asked:
        pass
    faults = [one.exception(BOUND_S) for one in asked]
    assert [type(fault).__name__ for fault in faults] == [
        "NoneType",
        "TooMuchError",
        "NoneType",
        "IntegrityError",
        "NoneType",
    ]
    assert kept(notes) == {"a", "b", "c"}


@pytest.mark.parametrize("leads", [True, False])
def test_a_work_that_raises_an_exit_neither_stops_nor_blocks_the_others(notes: Database, leads: bool) -> None:
    def leave(_connection: Connection) -> str:
        raise SystemExit(3)

    works = [leave, put("a"), put("b")] if leads else [put("a"), leave, put("b")]
    with all_waiting(notes, GroupCommit(notes.write), works) as asked:
        pass
    faults = [one.exception(BOUND_S) for one in asked]
    assert [type(fault) for fault in faults].count(SystemExit) == 1
    assert type(faults[0 if leads else 1]) is SystemExit
    assert kept(notes) == {"a", "b"}
    assert notes.commit_together(put("later")) == "later"


def test_a_commit_takes_a_bounded_number_of_works_and_leaves_none_behind(notes: Database) -> None:
    group = GroupCommit(notes.write, most_works=4)
    with commits(notes) as seen:
        with all_waiting(notes, group, [put(f"n{i}") for i in range(10)]) as asked:
            pass
        assert all(one.result(BOUND_S) for one in asked)
        assert len(seen) == 1 + 3
    assert group.waiting == 0


def test_a_caller_beyond_the_bound_is_turned_away_and_the_others_are_served(notes: Database) -> None:
    group = GroupCommit(notes.write, most_waiting=3)
    works = [put("a"), put("b"), put("c")]
    with all_waiting(notes, group, works) as asked, pytest.raises(Busy, match="3 writers wait already"):
        group.run(put("d"))
    assert [one.result(BOUND_S) for one in asked] == ["a", "b", "c"]
    assert kept(notes) == {"a", "b", "c"}


def test_who_waits_too_long_is_told_so_and_its_work_never_runs(notes: Database) -> None:
    group = GroupCommit(notes.write, patience_s=0.05)
    with all_waiting(notes, group, [put("leads"), put("waits")]) as asked:
        assert isinstance(asked[1].exception(BOUND_S), Busy)
    assert asked[0].result(BOUND_S) == "leads"
    assert kept(notes) == {"leads"}
    assert group.run(put("next")) == "next"


def test_a_transaction_that_is_lost_as_a_whole_acknowledges_nobody(notes: Database) -> None:
    def lose(connection: Connection) -> str:
        put("lost")(connection)
        connection.exec_driver_sql("ROLLBACK")  # as the database does by itself when the disk is full
        raise OSError("no room")

    with all_waiting(notes, GroupCommit(notes.write), [put("a"), lose, put("b")]) as asked:
        pass
    faults = [one.exception(BOUND_S) for one in asked]
    assert all(faults)
    assert isinstance(faults[1], OSError)
    assert kept(notes) == set()
    assert notes.commit_together(put("a")) == "a"


def test_threads_that_write_all_the_time_all_get_through(notes: Database) -> None:
    def many(thread: int) -> list[str]:
        return [notes.commit_together(put(f"{thread}-{i}")) for i in range(40)]

    with commits(notes) as seen, ThreadPoolExecutor(8) as pool:
        results = [note for some in pool.map(many, range(8)) for note in some]
    assert kept(notes) == set(results)
    assert len(results) == 320
    assert len(seen) <= 320
