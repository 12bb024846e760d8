"""Bring a database to the current schema. Alembic does the work; this file only points it at our scripts."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DatabaseError

from app.database.engine import Database
from app.errors import InvalidInput


def upgrade(database: Database, revision: str = "head") -> None:
    """Apply all migrations up to `revision`; a database that is there already is only read."""
    if revision != "head" or _current(database) != _scripts().get_current_head():
        _run(database, command.upgrade, revision)


def downgrade(database: Database, revision: str = "base") -> None:
    """Undo migrations down to `revision`. `base` drops every table."""
    _run(database, command.downgrade, revision)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _current(database: Database) -> str | None:
    try:
        with database.read() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except DatabaseError as error:
        raise InvalidInput(f"cannot use the database {database.engine.url}: {error.orig}") from None


def _run(database: Database, step: Callable[[Config, str], None], revision: str) -> None:
    config = _config()
    try:
        with database.write() as connection:
            config.attributes["connection"] = connection
            step(config, revision)
    except DatabaseError as error:
        raise InvalidInput(f"cannot use the database {database.engine.url}: {error.orig}") from None
