"""Where tests keep their data: a SQLite file, or with POSTGRES_URL a database of its own on that server."""

import os
from hashlib import blake2s
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from app.database.engine import Database
from app.database.migrate import upgrade

SERVER = os.environ.get("POSTGRES_URL", "")
"""What `make test-postgres` sets."""
EXAMPLES = 5 if SERVER else 25
"""Generated histories that a test takes through a whole app: on a server each step waits for an answer."""
_made: set[str] = set()


def database_url(folder: Path) -> str:
    """The database of a folder: always the same one, on PostgreSQL with the current schema in it."""
    if not SERVER:
        return f"sqlite:///{folder / 'understory.db'}"
    return _made_as(f"test_{blake2s(bytes(folder), digest_size=12).hexdigest()}", template=_template())


def empty_database_url(folder: Path) -> str:
    """A database without a schema."""
    if not SERVER:
        return f"sqlite:///{folder / 'empty.db'}"
    return _made_as(f"empty_{blake2s(bytes(folder), digest_size=12).hexdigest()}", template="template0")


def _template() -> str:
    """The migrated database that others are copies of, made once for a process."""
    name = f"template_{os.getpid()}"
    if name not in _made:
        database = Database(_made_as(name, template="template0"))
        upgrade(database)
        database.close()
    return name


def _made_as(name: str, *, template: str) -> str:
    url = make_url(SERVER).set(drivername="postgresql+psycopg")
    if name not in _made:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            if not connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}):
                connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        engine.dispose()
        _made.add(name)
    return url.set(database=name).render_as_string(hide_password=False)
