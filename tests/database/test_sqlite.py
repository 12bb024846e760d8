"""What only SQLite has to prove: its pragmas, and a disk that takes no more."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from app.database.engine import Database
from app.errors import Busy, StorageFull


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'lite.db'}")
    with database.write() as connection:
        connection.execute(text("CREATE TABLE notes (note TEXT)"))
    yield database
    database.close()


def write(database: Database, work: Callable[[Connection], None]) -> None:
    with database.write() as connection:
        work(connection)


def test_writers_begin_immediately_and_commits_reach_the_disk(lite: Database) -> None:
    with lite.write() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_a_full_disk_is_told_and_keeps_nothing_of_the_write(lite: Database) -> None:
    with lite.write() as connection:
        connection.execute(text("INSERT INTO notes VALUES ('before')"))
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def fill(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 10}")
        for _ in range(1_000):
            connection.execute(text("INSERT INTO notes VALUES (:note)"), {"note": "x" * 1_000})

    with pytest.raises(StorageFull, match="free some space"):
        write(lite, fill)
    with lite.read() as connection:
        assert connection.execute(text("SELECT note FROM notes")).scalars().all() == ["before"]
    assert lite.commit_together(lambda c: c.execute(text("INSERT INTO notes VALUES ('small')")).rowcount) == 1


def test_a_file_that_cannot_be_written_is_told(lite: Database) -> None:
    def scribble(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.execute(text("INSERT INTO notes VALUES ('never')"))

    with pytest.raises(StorageFull, match="does not take this write"):
        write(lite, scribble)


def test_a_writer_of_another_process_that_does_not_end_is_told(lite: Database, tmp_path: Path) -> None:
    other = Database(f"sqlite:///{tmp_path / 'lite.db'}")
    with lite.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=10")
    with other.write(), pytest.raises(Busy, match="another process is writing"), lite.write():
        pass
    other.close()
    with lite.write() as connection:
        connection.execute(text("INSERT INTO notes VALUES ('now')"))
