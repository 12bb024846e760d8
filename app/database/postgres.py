"""PostgreSQL as we open it: through psycopg, one writer by an advisory lock, commits that wait for the disk."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeVar

from sqlalchemy import Connection, Engine, create_engine, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from app.errors import Conflict, InvalidInput

T = TypeVar("T")

SCHEMES = ("postgresql:", "postgresql+psycopg:", "postgres:")
LOCK = 0x756E6465_72  # the bytes of "under"
"""The advisory lock of our writers: one for a database, held until the transaction ends."""
CONNECT_S = 10
"""Seconds to wait for a server that does not answer."""
_SETTINGS = "-c synchronous_commit=on -c lock_timeout=30s -c jit=off"
"""Compiling a statement takes the server longer than any of ours takes to run."""
_DEBIAN = Path("/usr/lib/postgresql")
_LOOK_EVERY = 8
"""Writes between two looks for tables without statistics."""
_NEVER_ANALYSED = """
SELECT quote_ident(schemaname) || '.' || quote_ident(relname) FROM pg_stat_user_tables
WHERE n_mod_since_analyze > 500 AND last_analyze IS NULL AND last_autoanalyze IS NULL
"""


class Postgres:
    """A server with many processes of ours; one of them writes at a time."""

    name: Literal["postgresql"] = "postgresql"
    file_name = "understory.dump"

    def __init__(self) -> None:
        """Nothing is connected yet."""
        self._writes = 0

    def make_engine(self, url: str) -> Engine:
        """An engine for a server that need not run yet; InvalidInput without a driver or with a URL that is none."""
        try:
            address = make_url(url).set(drivername="postgresql+psycopg")
            theirs = address.query.get("options", "")
            settings = {"connect_timeout": CONNECT_S, "options": f"{theirs} {_SETTINGS}"}
            # Positional parameters, so that hand-written statements look alike on both databases.
            # Parameters are hidden: no customer's data in an error.
            return create_engine(
                address, paramstyle="format", pool_pre_ping=True, hide_parameters=True, connect_args=settings
            )
        except ModuleNotFoundError:
            raise InvalidInput("PostgreSQL needs its driver: pip install 'understory[postgres]'") from None
        except (ArgumentError, NoSuchModuleError, ValueError):
            raise InvalidInput("database_url: write postgresql://USER:PASSWORD@HOST:PORT/NAME") from None

    @contextmanager
    def reading(self, engine: Engine) -> Iterator[Connection]:
        """A snapshot that stays as it is, on a connection that cannot write."""
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with engine.connect().execution_options(**options) as connection:
            yield connection

    @contextmanager
    def writing(self, engine: Engine, *, flushed: bool = True) -> Iterator[Connection]:
        """A transaction that waits for the writer before it; READ COMMITTED, so that it then sees what that left."""
        with engine.begin() as connection:
            if not flushed:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            yield connection
        self._writes += 1
        if self._writes % _LOOK_EVERY == 0:
            with suppress(DBAPIError):  # the work is committed: statistics are not worth an error to its caller
                _analyse_new(engine)

    def save(self, engine: Engine, file: Path, ask: Callable[[Connection], T]) -> T:
        """pg_dump over the very snapshot that `ask` reads."""
        with self.reading(engine) as connection:
            found = ask(connection)
            snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
            _run("pg_dump", engine, "--format=custom", f"--snapshot={snapshot}", f"--file={file}")
        return found

    def load(self, engine: Engine, file: Path, check: Callable[[Connection], None]) -> None:
        """pg_restore in one transaction into a database without tables, then `check`."""
        if tables := inspect(engine).get_table_names():
            raise Conflict(f"the database has tables already ({tables[0]} ...): a restore needs an empty one")
        _run("pg_restore", engine, "--exit-on-error", "--single-transaction", str(file))
        with self.reading(engine) as connection:
            check(connection)


def _analyse_new(engine: Engine) -> None:
    """First statistics of tables that have filled: the server's own come a minute later, and plans are poor till then.

    Measured on a new log of 2,700 events: one history took 225 ms without them, 3 ms with them.
    """
    with engine.begin() as connection:
        if found := connection.exec_driver_sql(_NEVER_ANALYSED).scalars().all():
            connection.exec_driver_sql(f"ANALYZE {', '.join(found)}")


def _run(tool: str, engine: Engine, *arguments: str) -> None:
    """One of PostgreSQL's own tools on the engine's database; the password goes by environment, not by argument."""
    address = engine.url.set(drivername="postgresql", password=None).render_as_string()
    password = {"PGPASSWORD": str(engine.url.password)} if engine.url.password else {}
    done = subprocess.run(
        [_tool(tool), f"--dbname={address}", "--no-owner", "--no-privileges", "--no-password", *arguments],
        env=os.environ | password, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise InvalidInput(f"{tool} failed: {done.stderr.strip()[-300:]}")


def _tool(name: str) -> str:
    """The newest one: an older pg_dump refuses a newer server."""
    found = sorted(_DEBIAN.glob(f"*/bin/{name}"), key=lambda path: path.parent.parent.name.zfill(4))
    tool = str(found[-1]) if found else shutil.which(name)
    if tool is None:
        raise InvalidInput(f"{name} is missing: install PostgreSQL's client tools (apt-get install postgresql-client)")
    return tool
