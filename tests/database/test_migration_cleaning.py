"""Migration 0004 keeps what lay in quarantine, and counts what had come in."""

from pathlib import Path

from sqlalchemy import text

import app.bootstrap  # noqa: F401  (declares every stage's tables)
from app.database.engine import Database
from app.database.migrate import downgrade, upgrade
from app.events.quarantine import Quarantine
from app.privacy.vault import Vault

_OLD = text(
    "INSERT INTO quarantine (workspace_id, source, line, content_hash, reason, content, received_at) "
    "VALUES ('shop', 'pos', :line, :digest, 'time before 1990: x', '{\"phone\":\"13912345678\"}', 1774929600000000)"
)


def test_old_records_are_kept_counted_and_sealed_at_the_next_start(database: Database, tmp_path: Path) -> None:
    downgrade(database, "0003")
    with database.write() as connection:
        connection.execute(_OLD, [{"line": line, "digest": "d"} for line in (2, 3)])
    upgrade(database)
    kept = Quarantine(database, Vault(database, tmp_path / "keys"))
    assert kept.count("shop") == 2
    assert kept.seal_old() == 2
    assert [(k.line, k.code, k.content) for k in kept.find("shop")] == [
        (2, "time_unset", '{"phone":"13912345678"}'),
        (3, "time_unset", '{"phone":"13912345678"}'),
    ]
    with database.read() as connection:
        counted = connection.execute(text("SELECT source, day, name, n FROM source_counts")).all()
    assert [tuple(row) for row in counted] == [("pos", "2026-03-31", "quarantined", 2)]


def test_plain_records_survive_the_way_down(database: Database) -> None:
    downgrade(database, "0003")
    with database.write() as connection:
        connection.execute(_OLD, [{"line": 2, "digest": "d"}])
    upgrade(database)
    downgrade(database, "0003")
    with database.read() as connection:
        (row,) = connection.execute(text("SELECT source, line, reason FROM quarantine")).all()
    assert tuple(row) == ("pos", 2, "time before 1990: x")
