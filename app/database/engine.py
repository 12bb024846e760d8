"""Open a database, read from it, and write to it through one writer.

SQLite runs in WAL mode with synchronous=FULL, so that a committed transaction survives power loss, and every write
transaction starts with BEGIN IMMEDIATE: a deferred one that reads and then writes fails at once under contention
(measured: 3,399 of 6,000) however long its timeout. PostgreSQL gives the same meaning: writers first take one advisory
lock, commits wait for the disk, readers have a read-only snapshot.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar

from sqlalchemy import Connection, MetaData

from app.database import postgres, sqlite
from app.database.faults import told
from app.database.group import PATIENCE_S, GroupCommit
from app.errors import Busy, InvalidInput

T = TypeVar("T")

metadata = MetaData()
"""All tables of all stages register here; each table is declared in its stage's `store.py`."""


class Database:
    """One database with many readers and one writer at a time (a lock here, one in the database across processes)."""

    def __init__(self, url: str) -> None:
        """Prepare the engine for `url` (SQLAlchemy form); the SQLite file's folder is created."""
        self.patience_s = PATIENCE_S
        self._kind = _kind_of(url)
        self.engine = self._kind.make_engine(url)
        self._writer = threading.Lock()
        self._group = GroupCommit(self.write)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent snapshot for reading."""
        with told(), self._kind.reading(self.engine) as connection:
            yield connection

    @contextmanager
    def write(self, *, derived: bool = False) -> Iterator[Connection]:
        """One transaction: commits when the block ends, rolls back when it raises.

        What is `derived` from the log need not be flushed: after a power cut it is there whole or is derived again.
        Busy when the writer is not free in time or the database does not answer, StorageFull when the disk is full.
        """
        if not self._writer.acquire(timeout=self.patience_s):  # before a connection is taken that readers need
            raise Busy(
                f"another write takes longer than {self.patience_s:g} s; nothing was kept of this, send it again"
            )
        try:
            with told(), self._kind.writing(self.engine, flushed=not derived) as connection:
                yield connection
        finally:
            self._writer.release()

    def commit_together(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction shared with those who wait, and return its result once that is committed.

        Each work has a savepoint: what one raises reaches its own caller and undoes its own writes only.
        """
        return self._group.run(work)

    @property
    def kind(self) -> Literal["sqlite", "postgresql"]:
        """Which database this is."""
        return self._kind.name

    @property
    def file_name(self) -> str:
        """What a copy of it is called."""
        return self._kind.file_name

    def save(self, file: Path, ask: Callable[[Connection], T]) -> T:
        """Copy everything as of one moment to `file` while writers go on; returns what `ask` finds in the copy."""
        return self._kind.save(self.engine, file, ask)

    def load(self, file: Path, check: Callable[[Connection], None]) -> None:
        """Take over a saved copy that `check` finds whole. Conflict when something is here already."""
        self._kind.load(self.engine, file, check)

    def close(self) -> None:
        """Release all connections."""
        self.engine.dispose()


def _kind_of(url: str) -> postgres.Postgres | sqlite.Sqlite:
    """What the URL asks for; InvalidInput for any database that we do not know."""
    if url.startswith("sqlite:"):
        return sqlite.Sqlite()
    if url.startswith(postgres.SCHEMES):
        return postgres.Postgres()
    raise InvalidInput("database_url: write sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME")
