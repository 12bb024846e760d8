"""Bring a database to the current schema. Alembic does the work; this file only points it at our scripts."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from app.database.engine import Database


def upgrade(database: Database, revision: str = "head") -> None:
    """Apply all migrations up to `revision`; a database that is there already is left as it is."""
    _run(database, command.upgrade, revision)


def downgrade(database: Database, revision: str = "base") -> None:
    """Undo migrations down to `revision`. `base` drops every table."""
    _run(database, command.downgrade, revision)


def _run(database: Database, step: object, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with database.write() as connection:
        config.attributes["connection"] = connection
        step(config, revision)  # type: ignore[operator]
