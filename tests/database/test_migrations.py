from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

import app.bootstrap  # noqa: F401  (declares every stage's tables)
from app.database.engine import Database, metadata
from app.database.migrate import downgrade, upgrade
from app.database.types import UtcTime
from app.errors import InvalidInput


def test_the_migrations_give_exactly_the_declared_tables(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": _same_type})
        assert compare_metadata(context, metadata) == []


def _same_type(_context: object, _column: object, _meta: object, _found: object, declared: object) -> bool | None:
    return False if isinstance(declared, UtcTime) else None


def test_down_and_up_again_leaves_an_empty_current_schema(database: Database) -> None:
    downgrade(database)
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    upgrade(database)
    upgrade(database)
    assert "events" in inspect(database.engine).get_table_names()


def test_a_folder_or_file_that_cannot_hold_a_database_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InvalidInput, match="cannot make the data folder"):
        Database(f"sqlite:///{tmp_path / 'file' / 'understory.db'}")
    (tmp_path / "understory.db").write_bytes(b"not a database, but long enough to be read as one" * 40)
    with pytest.raises(InvalidInput, match="cannot use the database"):
        upgrade(Database(f"sqlite:///{tmp_path / 'understory.db'}"))


def test_every_table_of_customer_data_is_keyed_by_workspace() -> None:
    assert all("workspace_id" in table.columns for table in metadata.tables.values())


def test_writers_begin_immediately_and_commits_reach_the_disk(database: Database) -> None:
    with database.write() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
