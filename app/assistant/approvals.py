"""What waits for a person's decision, with the stopped run that goes on after it. Each is decided once.

Whoever decides first claims it, and holds the claim while the work is done; a second one is refused. A claim whose
process died is free again after a while, so that what was said yes to is not stuck for ever.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, LargeBinary, String, Table, Text, insert, or_, select, update

from app.assistant.schemas import Pending, Reply
from app.database.engine import Database, metadata
from app.database.types import UtcTime
from app.errors import Conflict, NotFound

CLAIM = timedelta(minutes=15)
"""Longer than any approval takes."""

chat_approvals = Table(
    "chat_approvals",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("pending_id", String, primary_key=True),
    Column("conversation_id", String, nullable=False),
    Column("reply", Text, nullable=False),
    Column("status", String, nullable=False),
    Column("claimed_at", UtcTime),
    Column("decided_by", String),
    Column("decided_at", UtcTime),
    Column("checkpoint", LargeBinary),
)


class Waiting(NamedTuple):
    """What waits, and the run that stopped before it."""

    proposed: Reply
    """The answer that proposes it."""
    checkpoint: bytes

    @property
    def pending(self) -> Pending:
        """What was proposed."""
        if self.proposed.pending is None:
            raise ValueError("an answer that proposes nothing cannot wait")
        return self.proposed.pending


class Approvals:
    """What waits, by workspace."""

    def __init__(self, database: Database) -> None:
        """Read and write through `database`."""
        self._database = database

    def claim(self, workspace_id: str, conversation_id: str, pending_id: str, *, now: datetime) -> Waiting:
        """Take what waits, with the run that stopped before it. NotFound without it, Conflict once it is decided."""
        a = chat_approvals.c
        mine = _mine(workspace_id, conversation_id, pending_id)
        with self._database.write() as connection:
            row = connection.execute(select(chat_approvals).where(*mine)).one_or_none()
            if row is None:
                raise NotFound("nothing of that id waits in this conversation")
            free = (a.status == "waiting", or_(a.claimed_at.is_(None), a.claimed_at < now - CLAIM))
            taken = connection.execute(update(chat_approvals).where(*mine, *free).values(claimed_at=now))
            if not taken.rowcount:
                raise Conflict(_standing(row.status))
        return Waiting(Reply.model_validate_json(row.reply), row.checkpoint)

    def release(self, workspace_id: str, conversation_id: str, pending_id: str) -> None:
        """Let it wait again: it could not be tried now."""
        mine = _mine(workspace_id, conversation_id, pending_id)
        with self._database.write() as connection:
            connection.execute(update(chat_approvals).where(*mine).values(claimed_at=None))


def await_person(connection: Connection, workspace_id: str, conversation_id: str, waiting: Waiting) -> None:
    """Keep what an answer proposes, with the run that stopped after it."""
    connection.execute(
        insert(chat_approvals).values(
            workspace_id=workspace_id,
            pending_id=waiting.pending.pending_id,
            conversation_id=conversation_id,
            reply=waiting.proposed.model_dump_json(),
            status="waiting",
            checkpoint=waiting.checkpoint,
        )
    )


def settle(
    connection: Connection,
    workspace_id: str,
    conversation_id: str,
    pending_id: str,
    status: str,
    *,
    by: str,
    now: datetime,
) -> None:
    """Close it; its run is over."""
    mine = _mine(workspace_id, conversation_id, pending_id)
    done = {"status": status, "decided_by": by, "decided_at": now, "checkpoint": None}
    connection.execute(update(chat_approvals).where(*mine).values(**done))


def statuses(connection: Connection, workspace_id: str, conversation_id: str) -> dict[str, str]:
    """What became of everything that waited in one conversation, by id."""
    a = chat_approvals.c
    found = select(a.pending_id, a.status).where(a.workspace_id == workspace_id, a.conversation_id == conversation_id)
    return {row.pending_id: row.status for row in connection.execute(found)}


def _mine(workspace_id: str, conversation_id: str, pending_id: str) -> tuple[ColumnElement[bool], ...]:
    a = chat_approvals.c
    return (
        a.workspace_id == workspace_id,
        a.conversation_id == conversation_id,
        a.pending_id == pending_id,
    )


def _standing(status: str) -> str:
    if status == "waiting":
        return "somebody else is deciding on this right now"
    return f"this was decided before: {status}"
