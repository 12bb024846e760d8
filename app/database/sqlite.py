"""SQLite as we open it: write-ahead log, every commit flushed, writers begin at once."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event

from app.errors import Conflict, InvalidInput

T = TypeVar("T")

PRAGMAS = (
    "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000",
    "wal_autocheckpoint=8000", "cache_size=-32768",
)  # fmt: skip
"""A checkpoint every 32 MB, 32 MB of pages at hand: an index page is then written back once for many batches."""


class Sqlite:
    """One file, one writer, readers that never wait for it."""

    name: Literal["sqlite"] = "sqlite"
    file_name = "understory.db"

    def make_engine(self, url: str) -> Engine:
        """An engine whose connections are durable; the file's folder is created."""
        path = url.removeprefix("sqlite:///")
        if path not in ("", ":memory:"):
            _make_folder(Path(path).parent)
        settings = {"timeout": 30, "check_same_thread": False}
        engine = create_engine(url, hide_parameters=True, connect_args=settings)  # no customer's data in an error
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return engine

    @contextmanager
    def reading(self, engine: Engine) -> Iterator[Connection]:
        """A connection whose first read fixes the snapshot."""
        with engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, engine: Engine, *, flushed: bool = True) -> Iterator[Connection]:
        """A transaction that holds the file's write lock from its first moment; its commit waits for the disk."""
        connecting = engine.connect().execution_options(understory_write=True)
        with connecting as connection, nullcontext() if flushed else _unflushed(connection), connection.begin():
            yield connection

    def save(self, engine: Engine, file: Path, ask: Callable[[Connection], T]) -> T:
        """All pages in one step of SQLite's backup: one read snapshot, so a busy writer cannot make it start again."""
        if not _path(engine).exists():
            raise InvalidInput(f"there is no database at {_path(engine)}: name the data folder with --data")
        try:
            with (
                closing(sqlite3.connect(f"{_path(engine).as_uri()}?mode=rw", uri=True)) as source,
                closing(sqlite3.connect(file)) as target,
            ):
                source.backup(target)
        except sqlite3.Error as error:
            raise InvalidInput(f"cannot save {_path(engine)} to {file}: {error}") from None
        return _asked(file, ask)

    def load(self, engine: Engine, file: Path, check: Callable[[Connection], None]) -> None:
        """Copy a saved file to where the engine looks for its own, once it is found whole."""
        path = _path(engine)
        if path.exists():
            raise Conflict(f"{path} is there already: a restore never overwrites, so name an empty data folder")
        arriving = path.with_name(f".{path.name}.restoring")
        shutil.copyfile(file, arriving)
        try:
            _asked(arriving, _check_pages)
            _asked(arriving, check)
            sync(arriving)
            os.link(arriving, path)  # fails where a file has come meanwhile
            sync(path.parent)
        finally:
            arriving.unlink()


def _path(engine: Engine) -> Path:
    return Path(engine.url.database or "").resolve()


def _asked(file: Path, ask: Callable[[Connection], T]) -> T:
    """What `ask` finds in a file that nobody writes to; no journal is left beside it."""
    engine = create_engine(f"sqlite:///{file.resolve().as_uri()}?immutable=1&uri=true")
    try:
        with engine.connect() as connection:
            return ask(connection)
    finally:
        engine.dispose()


def _check_pages(connection: Connection) -> None:
    found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
    if found != "ok":
        raise InvalidInput(f"the saved database is damaged ({found}); take another backup")


def sync(path: Path) -> None:
    """Return once a file, or the names in a folder, are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"cannot make the data folder {folder}: {error.strerror}; choose another") from None


@contextmanager
def _unflushed(connection: Connection) -> Iterator[None]:
    """The next commit stands in the write-ahead log in its place, and is flushed with the one that follows."""
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection is closed")
    driver.execute("PRAGMA synchronous=NORMAL")
    try:
        yield
    finally:
        driver.execute("PRAGMA synchronous=FULL")


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we emit BEGIN ourselves, below
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("understory_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
