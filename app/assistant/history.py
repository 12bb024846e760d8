"""Conversations and their turns in the database. What a person typed of phones and addresses is redacted first."""

from datetime import datetime
from secrets import token_hex
from typing import Any, Literal

from sqlalchemy import Column, Connection, Integer, Row, String, Table, Text, delete, insert, select, update

from app.assistant.approvals import chat_approvals, statuses
from app.assistant.schemas import ABSTAINS, Reply, Understood
from app.database.engine import Database, metadata
from app.database.types import UtcTime
from app.errors import Conflict, NotFound
from app.llm.tables import kept_answers
from app.privacy.redaction import redact
from app.schema import Frozen
from app.text.normalise import shorten

MAX_TITLE = 80
LOOKS_BACK = 6
"""Turns among which the last question that was understood is looked for."""
MAX_TURNS = 500
"""From so many turns on a conversation takes no more questions; what waits in it can still be decided on."""

chat_conversations = Table(
    "chat_conversations",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("conversation_id", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("begun_by", String, nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("turns", Integer, nullable=False),
)

chat_turns = Table(
    "chat_turns",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("conversation_id", String, primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("asked_by", String, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("question", Text, nullable=False),
    Column("pending_id", String),
    Column("decision", String),
    Column("reply", Text, nullable=False),
)

Decision = Literal["approve", "reject"]
"""What a person says to something that waits."""


class Conversation(Frozen):
    """One conversation in a list."""

    conversation_id: str
    title: str
    """How it began."""
    begun_by: str
    begun_at: datetime
    changed_at: datetime
    turns: int


class Turn(Frozen):
    """One question and its answer, or one decision and what came of it."""

    turn: int
    """From 1 on."""
    asked_by: str
    asked_at: datetime
    question: str
    """As it was asked, without phones and addresses; empty for a decision."""
    pending_id: str | None = None
    """What was decided, when this is a decision."""
    decision: Decision | None = None
    reply: Reply


class NewTurn(Frozen):
    """A turn that is not kept yet."""

    asked_by: str
    asked_at: datetime
    question: str = ""
    pending_id: str | None = None
    decision: Decision | None = None
    reply: Reply


class History:
    """The conversations of all workspaces, each seen by its own only."""

    def __init__(self, database: Database) -> None:
        """Read and write through `database`."""
        self._database = database

    def conversations(self, workspace_id: str, *, limit: int) -> tuple[Conversation, ...]:
        """The conversations that were last added to, newest first."""
        c = chat_conversations.c
        found = select(*_SHOWN).where(c.workspace_id == workspace_id)
        newest = found.order_by(c.changed_at.desc(), c.conversation_id).limit(limit)
        with self._database.read() as connection:
            return tuple(Conversation.model_validate(row._mapping) for row in connection.execute(newest))

    def conversation(self, workspace_id: str, conversation_id: str) -> Conversation:
        """One conversation; NotFound when this workspace has none of that id."""
        with self._database.read() as connection:
            return _known(connection, workspace_id, conversation_id)

    def turns(self, workspace_id: str, conversation_id: str) -> tuple[Turn, ...]:
        """All turns, in order; what waited in them with what became of it. NotFound without the conversation."""
        t = chat_turns.c
        mine = (t.workspace_id == workspace_id, t.conversation_id == conversation_id)
        with self._database.read() as connection:
            _known(connection, workspace_id, conversation_id)
            became = statuses(connection, workspace_id, conversation_id)
            rows = connection.execute(select(chat_turns).where(*mine).order_by(t.turn)).all()
        return tuple(_turn(row, became) for row in rows)

    def last_understood(self, workspace_id: str, conversation_id: str) -> Understood | None:
        """What a new question goes on from: the last one that was not refused and could be made out.

        NotFound without the conversation, Conflict when it takes no more.
        """
        t = chat_turns.c
        mine = (t.workspace_id == workspace_id, t.conversation_id == conversation_id)
        with self._database.read() as connection:
            if _known(connection, workspace_id, conversation_id).turns >= MAX_TURNS:
                raise Conflict(f"this conversation has {MAX_TURNS} turns: begin another one")
            newest = select(t.reply).where(*mine).order_by(t.turn.desc()).limit(LOOKS_BACK)
            bodies = connection.scalars(newest).all()
        read = (Reply.model_validate_json(body).understood for body in bodies)
        return next((one for one in read if one.intent not in ABSTAINS), None)

    def forget(self, workspace_id: str, conversation_id: str) -> Conversation:
        """Erase a conversation with all that belongs to it, also what models answered. NotFound when there is none."""
        with self._database.write() as connection:
            gone = _known(connection, workspace_id, conversation_id)
            for table in (chat_approvals, chat_turns, chat_conversations):
                mine = (table.c.workspace_id == workspace_id, table.c.conversation_id == conversation_id)
                connection.execute(delete(table).where(*mine))
            k = kept_answers.c
            about = (k.workspace_id == workspace_id, k.subject == subject_of(conversation_id))
            connection.execute(delete(kept_answers).where(*about))
        return gone


def subject_of(conversation_id: str) -> str:
    """How budgets and kept answers of models name a conversation."""
    return f"conversation:{conversation_id}"


def new_conversation_id() -> str:
    """An id that nobody can guess."""
    return f"conv_{token_hex(8)}"


def begin(connection: Connection, workspace_id: str, conversation_id: str, new: NewTurn) -> None:
    """A new conversation, which `new` will be the first turn of."""
    row = Conversation(
        conversation_id=conversation_id,
        title=shorten(redact(new.question), MAX_TITLE),
        begun_by=new.asked_by,
        begun_at=new.asked_at,
        changed_at=new.asked_at,
        turns=0,
    )
    connection.execute(insert(chat_conversations).values(workspace_id=workspace_id, **row.model_dump()))


def add(connection: Connection, workspace_id: str, conversation_id: str, new: NewTurn) -> Turn:
    """Keep a turn at the end of a conversation. NotFound when it is gone."""
    before = _known(connection, workspace_id, conversation_id).turns
    kept = Turn(
        turn=before + 1,
        asked_by=new.asked_by,
        asked_at=new.asked_at,
        question=redact(new.question),
        pending_id=new.pending_id,
        decision=new.decision,
        reply=redacted(new.reply),
    )
    row = kept.model_dump(exclude={"reply"}) | {"reply": kept.reply.model_dump_json()}
    mine = {"workspace_id": workspace_id, "conversation_id": conversation_id}
    connection.execute(insert(chat_turns).values(**mine, **row))
    c = chat_conversations.c
    here = (c.workspace_id == workspace_id, c.conversation_id == conversation_id)
    connection.execute(update(chat_conversations).where(*here).values(turns=kept.turn, changed_at=new.asked_at))
    return kept


def redacted(reply: Reply) -> Reply:
    """The reply without phones and addresses that its sentences repeat from the question."""
    sentences = tuple(s.model_copy(update={"text": redact(s.text)}) for s in reply.sentences)
    return reply.model_copy(update={"sentences": sentences})


def _known(connection: Connection, workspace_id: str, conversation_id: str) -> Conversation:
    c = chat_conversations.c
    mine = (c.workspace_id == workspace_id, c.conversation_id == conversation_id)
    row = connection.execute(select(*_SHOWN).where(*mine)).one_or_none()
    if row is None:
        raise NotFound("there is no such conversation in this workspace; leave conversation_id out to begin one")
    return Conversation.model_validate(row._mapping)


def _turn(row: Row[Any], became: dict[str, str]) -> Turn:
    reply = Reply.model_validate_json(row.reply)
    if reply.pending:
        status = became.get(reply.pending.pending_id, reply.pending.status)
        reply = reply.model_copy(update={"pending": reply.pending.model_copy(update={"status": status})})
    fields = {name: value for name, value in row._mapping.items() if name in Turn.model_fields}
    return Turn.model_validate(fields | {"reply": reply})


_SHOWN = [column for column in chat_conversations.c if column.name != "workspace_id"]
