"""Back a database up while it is written to, and restore it where there is none.

A backup is a folder: the database as of one moment, the folder of keys as it was right after, and a manifest with the
hash of every file. It gets its name only when all of it is on disk, and never takes a name that is in use.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

from alembic.migration import MigrationContext
from pydantic import ValidationError
from sqlalchemy import Connection

from app.database.engine import Database
from app.database.sqlite import sync
from app.errors import Conflict, InvalidInput
from app.schema import Frozen

MANIFEST, KEYS = "manifest.json", "keys"
Positions = Callable[[Connection], dict[str, int]]
"""Reads how far each workspace's log goes; this layer does not know where that is kept."""


class SavedFile(Frozen):
    """One file of a backup."""

    name: str
    size: int
    sha256: str


class Manifest(Frozen):
    """What a backup holds."""

    format: Literal[1] = 1
    created_at: datetime
    database: Literal["sqlite", "postgresql"]
    revision: str
    """The schema's migration. A newer product migrates on its first start."""
    positions: dict[str, int]
    """Workspace -> its last log position in this backup: all events up to there, and none beyond."""
    files: tuple[SavedFile, ...]


def back_up(database: Database, folder: Path, *, keys: Path, positions: Positions, now: datetime) -> Manifest:
    """Write a backup to `folder`, which must not be there yet. Writers go on meanwhile."""
    if folder.exists():
        raise Conflict(f"{folder} is there already: a backup never overwrites, so name a new folder")
    with _unfinished(folder) as partial:
        revision, reached = database.save(partial / database.file_name, lambda c: (_revision(c), positions(c)))
        if keys.is_dir():  # after the database, so that no workspace in it lacks its key
            _copy_keys(keys, partial / KEYS)
        saved = tuple(_saved(partial, path) for path in sorted(partial.rglob("*")) if path.is_file())
        manifest = Manifest(created_at=now, database=database.kind, revision=revision, positions=reached, files=saved)
        _write(partial / MANIFEST, manifest.model_dump_json(indent=2).encode() + b"\n")
        _sync_folders(partial)
        partial.rename(folder)
        sync(folder.parent)
    return manifest


def read_backup(folder: Path) -> Manifest:
    """The manifest, after every file has been compared with it. InvalidInput names what is missing or changed."""
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise InvalidInput(f"{folder} is no backup: it has no {MANIFEST}") from None
    except ValidationError:
        raise InvalidInput(f"{folder / MANIFEST} cannot be read as a manifest; take another backup") from None
    for file in manifest.files:
        path = folder / file.name
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            raise InvalidInput(f"{path} is missing; take another backup")
        if _saved(folder, path) != file:
            raise InvalidInput(f"{path} is not what was saved (its hash differs); take another backup")
    return manifest


def restore(folder: Path, url: str, *, keys: Path, positions: Positions) -> Manifest:
    """Bring a backup to the database at `url` and the folder `keys`, both of which must be empty or absent."""
    manifest = read_backup(folder)
    if keys.is_dir() and any(keys.iterdir()):
        raise Conflict(f"{keys} holds keys already: restore to an empty data folder")
    database = Database(url)
    try:
        if database.kind != manifest.database:
            raise InvalidInput(f"this backup is of {manifest.database}, the target is {database.kind}")
        database.load(folder / database.file_name, _found_equal(manifest, positions))
    finally:
        database.close()
    if (folder / KEYS).is_dir():
        _copy_keys(folder / KEYS, keys)
    return manifest


def _found_equal(manifest: Manifest, positions: Positions) -> Callable[[Connection], None]:
    def check(connection: Connection) -> None:
        if (_revision(connection), positions(connection)) != (manifest.revision, manifest.positions):
            raise InvalidInput("the copy does not end where its manifest says; take another backup")

    return check


def _revision(connection: Connection) -> str:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        raise InvalidInput("there is no Understory database to save")
    return revision


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """A folder beside the wanted one, on the same disk; removed unless it was renamed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".unfinished", dir=folder.parent))
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _copy_keys(source: Path, target: Path) -> None:
    """Readable by their owner only, as they are where they come from."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        if path.is_file():
            _write(target / path.name, path.read_bytes())
    sync(target)


def _write(path: Path, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _saved(folder: Path, path: Path) -> SavedFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return SavedFile(name=path.relative_to(folder).as_posix(), size=path.stat().st_size, sha256=digest)


def _sync_folders(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        sync(path)
