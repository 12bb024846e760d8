"""Workspaces and keys in the database. A key is 256 random bits, shown once; only its SHA-256 is kept."""

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import Column, String, Table, delete, insert, select, update

from app.access.schemas import Credential, Role, Workspace
from app.database.engine import Database, metadata
from app.database.types import UtcTime
from app.errors import Conflict, NotFound, Unauthorized

workspaces = Table(
    "workspaces",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("timezone", String, nullable=False),
    Column("currency", String, nullable=False),
    Column("language", String, nullable=False),
    Column("name", String, nullable=False, server_default=""),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", String, primary_key=True),
    Column("key_hash", String, nullable=False, unique=True),
    Column("workspace_id", String, nullable=False, index=True),
    Column("role", String, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
)


class AccessStore:
    """Create and look up workspaces and keys."""

    def __init__(self, database: Database) -> None:
        """Read and write through `database`."""
        self._database = database

    def workspace(self, workspace_id: str) -> Workspace:
        """The workspace of that name; NotFound says which ones there are."""
        known = {w.workspace_id: w for w in self.workspaces()}
        if workspace_id not in known:
            names = ", ".join(sorted(known)) or "none yet; `understory ingest` creates one"
            raise NotFound(f"no workspace {workspace_id!r} here (there are: {names})")
        return known[workspace_id]

    def workspaces(self) -> list[Workspace]:
        """All workspaces."""
        with self._database.read() as connection:
            return [Workspace(**row._mapping) for row in connection.execute(select(workspaces))]

    def ensure(self, wanted: Workspace, *, empty: bool = False) -> Workspace:
        """Create the workspace, or return it when it is there already; another currency is a Conflict.

        An `empty` one, as a failed first import leaves it, takes on what is wanted now.
        """
        with self._database.write() as connection:
            row = connection.execute(select(workspaces).where(workspaces.c.workspace_id == wanted.workspace_id)).first()
            if row is None or empty:
                connection.execute(delete(workspaces).where(workspaces.c.workspace_id == wanted.workspace_id))
                connection.execute(insert(workspaces), wanted.model_dump())
                return wanted
        found = Workspace(**row._mapping)
        if found.currency != wanted.currency:
            raise Conflict(
                f"workspace {found.workspace_id!r} keeps amounts in {found.currency}, this source has "
                f"{wanted.currency}: choose another --workspace"
            )
        return found

    def rename(self, workspace_id: str, name: str) -> Workspace:
        """Set what customers know the shop by."""
        renamed = Workspace.model_validate(self.workspace(workspace_id).model_dump() | {"name": name.strip()})
        with self._database.write() as connection:
            connection.execute(
                update(workspaces).where(workspaces.c.workspace_id == workspace_id).values(name=renamed.name)
            )
        return renamed

    def issue_key(self, workspace_id: str, role: Role, *, now: datetime) -> str:
        """A new key for one workspace. This return value is the only copy."""
        key = f"uk_{secrets.token_urlsafe(32)}"
        with self._database.write() as connection:
            connection.execute(
                insert(api_keys).values(
                    key_id=f"key_{secrets.token_hex(6)}",
                    key_hash=_digest(key),
                    workspace_id=workspace_id,
                    role=role.value,
                    created_at=now,
                )
            )
        return key

    def credential(self, key: str) -> Credential:
        """What the key stands for; Unauthorized when it is unknown or revoked."""
        with self._database.read() as connection:
            row = connection.execute(
                select(api_keys).where(api_keys.c.key_hash == _digest(key), api_keys.c.revoked_at.is_(None))
            ).first()
        if row is None:
            raise Unauthorized("this API key is unknown or revoked; issue one with `understory keys create`")
        return Credential(
            key_id=row.key_id, workspace_id=row.workspace_id, role=Role(row.role), created_at=row.created_at
        )

    def keys(self, workspace_id: str) -> list[Credential]:
        """The workspace's valid keys, oldest first."""
        k = api_keys.c
        query = select(k.key_id, k.workspace_id, k.role, k.created_at)
        with self._database.read() as connection:
            rows = connection.execute(
                query.where(k.workspace_id == workspace_id, k.revoked_at.is_(None)).order_by(k.created_at)
            )
            return [Credential.model_validate(row._mapping) for row in rows]

    def revoke(self, workspace_id: str, key_id: str, *, now: datetime) -> None:
        """Make a key of this workspace useless from now on; NotFound when there is no such valid key."""
        k = api_keys.c
        with self._database.write() as connection:
            done = connection.execute(
                update(api_keys)
                .where(k.workspace_id == workspace_id, k.key_id == key_id, k.revoked_at.is_(None))
                .values(revoked_at=now)
            )
        if done.rowcount == 0:
            raise NotFound(f"no valid key {key_id!r} in workspace {workspace_id!r}; `understory keys list` shows them")

    def revoke_key(self, key: str, *, now: datetime) -> None:
        """Make a key useless from now on."""
        with self._database.write() as connection:
            connection.execute(update(api_keys).where(api_keys.c.key_hash == _digest(key)).values(revoked_at=now))


def _digest(key: str) -> str:
    # A plain hash suffices: the key itself holds 256 random bits, so there is nothing to guess.
    return hashlib.sha256(key.encode()).hexdigest()
