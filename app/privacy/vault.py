"""Keys outside the database, and the raw values of phone and ID numbers, encrypted inside it.

One key file per workspace, made on first use. Whoever has the database alone cannot read the numbers, nor try them
out against the hashes. A lost key is never replaced: a new one would make strangers of all known customers.
"""

import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock

from sqlalchemy import Column, Connection, LargeBinary, String, Table, column, insert, select, table

from app.database.engine import Database, metadata
from app.errors import InvalidInput
from app.privacy.sealing import SECRET_BYTES, Sealer

_CHUNK = 500

identifier_vault = Table(
    "identifier_vault",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

_SEALED_IN = (identifier_vault, table("quarantine", column("workspace_id"), column("sealed", LargeBinary)))
"""Wherever something lies that only the key opens."""


class Vault:
    """The secrets of every workspace, and what they seal."""

    def __init__(self, database: Database, folder: Path) -> None:
        """`folder` holds the key files: keep it out of the database's backups, and back it up."""
        self._database, self._folder = database, folder
        self._sealers: dict[str, Sealer] = {}
        self._lock = Lock()

    def sealer(self, workspace_id: str) -> Sealer:
        """What hides and seals in one workspace. InvalidInput when its key is lost or belongs to another database."""
        found = self._sealers.get(workspace_id)
        if found is None:
            with self._lock:
                found = self._sealers.get(workspace_id) or self._load(workspace_id)
                self._sealers[workspace_id] = found
        return found

    def existing(self, workspace_id: str) -> Sealer | None:
        """The same for reading; None, and no key is made, while the workspace has nothing that is hidden."""
        path = self._folder / f"{workspace_id}.key"
        known = workspace_id in self._sealers or path.exists() or self._sample(workspace_id) is not None
        return self.sealer(workspace_id) if known else None

    def seal(self, workspace_id: str, text: str) -> bytes:
        """Encrypt a text for keeping in the database."""
        return self.sealer(workspace_id).seal(text)

    def open(self, workspace_id: str, sealed: bytes) -> str:
        """The text that was sealed."""
        return self.sealer(workspace_id).open(sealed)

    def keep(self, connection: Connection, workspace_id: str, raw: Mapping[str, str]) -> None:
        """Seal raw values of identifiers (key -> value) inside the caller's transaction; known ones are left."""
        if not raw:
            return
        known = _sealed(connection, workspace_id, sorted(raw))
        sealer = self.sealer(workspace_id)
        rows = [
            {"workspace_id": workspace_id, "key": key, "sealed": sealer.seal(value)}
            for key, value in sorted(raw.items())
            if key not in known
        ]
        if rows:
            connection.execute(insert(identifier_vault), rows)

    def raw(self, workspace_id: str, keys: Iterable[str]) -> dict[str, str]:
        """Identifier key -> raw normal form, for those of the keys that are sealed."""
        with self._database.read() as connection:
            found = _sealed(connection, workspace_id, sorted(set(keys)))
        if not found:
            return {}
        sealer = self.sealer(workspace_id)
        return {key: sealer.open(sealed) for key, sealed in found.items()}

    def _load(self, workspace_id: str) -> Sealer:
        path = self._folder / f"{workspace_id}.key"
        sample = self._sample(workspace_id)
        if sample is not None and not path.exists():
            raise InvalidInput(
                f"the key of workspace {workspace_id!r} is missing: restore {path} from your backup; "
                "without it phone numbers can neither be read nor recognised"
            )
        sealer = Sealer(workspace_id, _secret(path))
        if sample is not None:
            sealer.open(sample)
        return sealer

    def _sample(self, workspace_id: str) -> bytes | None:
        """Something that the workspace's key has sealed, wherever it lies."""
        with self._database.read() as connection:
            for place in _SEALED_IN:
                p = place.c
                query = select(p.sealed).where(p.workspace_id == workspace_id, p.sealed.is_not(None)).limit(1)
                if (sealed := connection.scalar(query)) is not None:
                    return bytes(sealed)
        return None


def _sealed(connection: Connection, workspace_id: str, keys: Sequence[str]) -> dict[str, bytes]:
    v = identifier_vault.c
    found: dict[str, bytes] = {}
    for start in range(0, len(keys), _CHUNK):
        query = select(v.key, v.sealed).where(v.workspace_id == workspace_id, v.key.in_(keys[start : start + _CHUNK]))
        found |= {key: bytes(sealed) for key, sealed in connection.execute(query)}
    return found


def _secret(path: Path) -> bytes:
    """The secret in a key file; of several processes that make it at once, one wins and all use its."""
    try:
        if not path.exists():
            _make(path)
        secret = bytes.fromhex(path.read_text("ascii").strip())
    except OSError as error:
        raise InvalidInput(f"cannot use the key file {path}: {error.strerror}") from None
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise InvalidInput(f"{path} is no key file (it holds {2 * SECRET_BYTES} hex digits): restore it from a backup")
    return secret


def _make(path: Path) -> None:
    """On disk as a whole or not at all, and there to stay when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(SECRET_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
