"""Save everything to a folder while the product runs, and bring it back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection, inspect, select

from app.cli.options import AsJson, DataDir
from app.cli.output import print_json, progress
from app.config import Settings
from app.database.backup import Manifest, back_up
from app.database.backup import restore as restore_from
from app.database.engine import Database
from app.events.tables import log_heads

backup_commands = typer.Typer()
Folder = Annotated[Path, typer.Argument(help="Folder of the backup.")]


@backup_commands.command()
def backup(folder: Folder, data: DataDir = None, as_json: AsJson = False) -> None:
    """Save database and keys to a new folder while the server runs. The keys open personal numbers: guard the copy."""
    settings = _settings(data)
    database = Database(settings.resolved_database_url())
    try:
        progress(f"saving to {folder}")
        keys = settings.resolved_keys_dir()
        manifest = back_up(database, folder, keys=keys, positions=_positions, now=datetime.now(UTC))
    finally:
        database.close()
    _print(manifest, folder, as_json)


@backup_commands.command()
def restore(folder: Folder, data: DataDir = None, as_json: AsJson = False) -> None:
    """Bring a backup back to an empty data folder or PostgreSQL database, after comparing it with its manifest."""
    settings = _settings(data)
    progress(f"checking and restoring {folder}")
    keys = settings.resolved_keys_dir()
    manifest = restore_from(folder, settings.resolved_database_url(), keys=keys, positions=_positions)
    _print(manifest, folder, as_json)
    progress("compare the profiles with the log: understory rebuild --check --workspace NAME")


def _settings(data: Path | None) -> Settings:
    return Settings(data_dir=data) if data else Settings()


def _positions(connection: Connection) -> dict[str, int]:
    """How far each log goes. The first schema kept no such account."""
    if not inspect(connection).has_table(log_heads.name):
        return {}
    rows = connection.execute(select(log_heads.c.workspace_id, log_heads.c.position).order_by(log_heads.c.workspace_id))
    return {row.workspace_id: row.position for row in rows}


def _print(manifest: Manifest, folder: Path, as_json: bool) -> None:
    if as_json:
        print_json(manifest.model_dump(mode="json"))
        return
    size = sum(file.size for file in manifest.files)
    print(f"{folder}: {manifest.database} at schema {manifest.revision}, {size / 1e6:,.1f} MB, {manifest.created_at}")
    for workspace, position in manifest.positions.items():
        print(f"  {workspace}: {position:,} log entries")
