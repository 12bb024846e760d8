"""What only a PostgreSQL server can prove: its own locks, snapshots and settings, and a connection that is cut."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import InternalError

from app.database.engine import Database
from app.errors import Busy
from tests.databases import empty_database_url


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    """Two processes' worth of database objects over one database with a table of counters."""
    url = empty_database_url(tmp_path)
    first, second = Database(url), Database(url)
    with first.write() as connection:
        connection.execute(text("CREATE TABLE counters (n BIGINT NOT NULL)"))
        connection.execute(text("INSERT INTO counters VALUES (0)"))
    yield first, second
    first.close()
    second.close()


def count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT n FROM counters")).scalar_one())


def one_more(connection: Connection) -> None:
    n = connection.execute(text("SELECT n FROM counters")).scalar_one()
    connection.execute(text("UPDATE counters SET n = :n"), {"n": n + 1})


def test_commits_wait_for_the_disk_of_a_server_that_flushes(two: tuple[Database, Database]) -> None:
    with two[0].write() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        assert connection.exec_driver_sql("SHOW fsync").scalar() == "on"


def test_writers_of_two_processes_take_turns_and_see_what_the_other_left(two: tuple[Database, Database]) -> None:
    def fifty(database: Database) -> None:
        for _ in range(50):
            database.commit_together(one_more)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(fifty, [*two, *two]))
    assert count(two[0]) == 200


def test_statistics_that_cannot_be_made_do_not_fail_the_write_before_them(two: tuple[Database, Database]) -> None:
    failed = []

    def divided_by_zero(_c: Connection, _cur: object, statement: str, values: Any, *_: object) -> tuple[str, Any]:
        if "pg_stat_user_tables" not in statement:
            return statement, values
        failed.append(statement)
        return "SELECT 1 / 0", values

    event.listen(two[0].engine, "before_cursor_execute", divided_by_zero, retval=True)
    for _ in range(20):
        with two[0].write() as connection:
            one_more(connection)
    assert failed
    assert count(two[0]) == 20


def test_a_reader_keeps_its_snapshot_while_others_write(two: tuple[Database, Database]) -> None:
    with two[0].read() as connection:
        assert connection.execute(text("SELECT n FROM counters")).scalar_one() == 0
        two[1].commit_together(one_more)
        assert connection.execute(text("SELECT n FROM counters")).scalar_one() == 0
    assert count(two[0]) == 1


def test_a_reader_cannot_write(two: tuple[Database, Database]) -> None:
    with two[0].read() as connection, pytest.raises(InternalError, match="read-only transaction"):
        one_more(connection)


@pytest.mark.parametrize("cut", ["work", "commit"])
def test_a_connection_that_is_cut_acknowledges_nothing_and_the_next_write_works(
    two: tuple[Database, Database], cut: str
) -> None:
    def work(connection: Connection) -> None:
        one_more(connection)
        end(two[1], connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
        if cut == "work":
            one_more(connection)

    with pytest.raises(Busy, match="nothing was acknowledged"):
        two[0].commit_together(work)
    assert count(two[0]) == 0
    two[0].commit_together(one_more)
    assert count(two[0]) == 1


def end(database: Database, pid: int) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
