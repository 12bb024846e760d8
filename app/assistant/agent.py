"""The assistant: questions in, kept answers out; whatever would create something waits for a person.

    ask -> plan -> tool -> answer, kept -> [a person decides] -> done, kept

Read-only by default: any reader may ask, only an editor may decide. The workspace is the credential's; a conversation
of another one does not exist. An answer is given only after it is stored, and what waits is stored with the place to
go on from, so a decision also counts after a restart.
"""

from contextlib import ExitStack

from app.access.schemas import Role
from app.assistant.approvals import Approvals, Waiting, await_person, settle
from app.assistant.asking import Asking
from app.assistant.history import (
    Conversation,
    Decision,
    History,
    NewTurn,
    Turn,
    add,
    begin,
    new_conversation_id,
    subject_of,
)
from app.assistant.one_turn import DecisionTurn, Heard, Parts, QuestionTurn
from app.assistant.schemas import Reply
from app.database.engine import Database
from app.errors import Forbidden, InvalidInput
from app.llm.chat_model import About
from app.privacy.redaction import redact
from app.schema import Frozen, Lang

MAX_MESSAGE = 2000
"""Characters of one question."""


class Answered(Frozen):
    """An answer and where it is kept."""

    conversation_id: str
    turn: int
    """Its place in the conversation, from 1 on."""
    reply: Reply


class Assistant:
    """Answers questions about one database, for whatever front asks."""

    def __init__(self, database: Database, parts: Parts) -> None:
        """The graph's libraries are loaded with the first question."""
        self._database, self._parts = database, parts
        self._history, self._approvals = History(database), Approvals(database)

    def ask(
        self,
        asking: Asking,
        message: str,
        *,
        conversation_id: str | None = None,
        lang: Lang | None = None,
        heard: Heard = lambda _: None,
    ) -> Answered:
        """Answer a question, as the next turn of a conversation or the first of a new one, and keep both.

        `heard` is told what was understood before the answer is worked out. NotFound for a conversation that is not
        this workspace's; InvalidInput for a message that is empty, too long or no text.
        """
        from app.assistant import graph
        from app.assistant.notebook import Notebook

        workspace_id, question = asking.workspace.workspace_id, checked(message)
        if conversation_id:
            asking = asking._replace(earlier=self._history.last_understood(workspace_id, conversation_id))
        place = conversation_id or new_conversation_id()
        about = About(workspace_id, subject_of(place))
        turn = QuestionTurn(self._parts, asking, question, about, lang=lang, heard=heard)
        notebook = Notebook()
        reply = graph.begin(turn, redact(question), notebook)
        new = NewTurn(asked_by=asking.by, asked_at=asking.now, question=question, reply=reply)
        with self._database.write() as connection:
            if not conversation_id:
                begin(connection, workspace_id, place, new)
            kept = add(connection, workspace_id, place, new)
            if reply.pending:
                await_person(connection, workspace_id, place, Waiting(kept.reply, notebook.packed()))
        return Answered(conversation_id=place, turn=kept.turn, reply=kept.reply)

    def decide(self, asking: Asking, conversation_id: str, pending_id: str, decision: Decision) -> Answered:
        """Do, or leave undone, what waits; keep what came of it. Conflict when it was decided before.

        Where the machine fails, it waits again and the error is raised.
        """
        from app.assistant import graph
        from app.assistant.notebook import Notebook

        if not asking.role.allows(Role.EDITOR):
            raise Forbidden(f"this key has the role {asking.role.value!r}; a decision needs {Role.EDITOR.value!r}")
        mine = (asking.workspace.workspace_id, conversation_id)
        waiting = self._approvals.claim(*mine, pending_id, now=asking.now)
        with ExitStack() as unfinished:
            unfinished.callback(self._approvals.release, *mine, pending_id)
            turn = DecisionTurn(self._parts, asking, waiting)
            reply = turn.said(graph.resume(turn, decision, Notebook(waiting.checkpoint)))
            new = NewTurn(
                asked_by=asking.by, asked_at=asking.now, pending_id=pending_id, decision=decision, reply=reply
            )
            with self._database.write() as connection:
                kept = add(connection, *mine, new)
                settle(connection, *mine, pending_id, turn.outcome, by=asking.by, now=asking.now)
            unfinished.pop_all()
        return Answered(conversation_id=conversation_id, turn=kept.turn, reply=kept.reply)

    def conversations(self, workspace_id: str, *, limit: int) -> tuple[Conversation, ...]:
        """The conversations of a workspace, the one that was last added to first."""
        return self._history.conversations(workspace_id, limit=limit)

    def conversation(self, workspace_id: str, conversation_id: str) -> Conversation:
        """One of them; NotFound when there is none."""
        return self._history.conversation(workspace_id, conversation_id)

    def turns(self, workspace_id: str, conversation_id: str) -> tuple[Turn, ...]:
        """What was asked, answered and decided in it; NotFound when there is none."""
        return self._history.turns(workspace_id, conversation_id)

    def forget(self, workspace_id: str, conversation_id: str) -> Conversation:
        """Erase it with all its turns; what waits in it can no longer be approved."""
        return self._history.forget(workspace_id, conversation_id)


def checked(message: str) -> str:
    """The message as it is asked. InvalidInput when it is empty, too long or holds what is no text."""
    text = message.strip()
    if not text:
        raise InvalidInput("message: ask something")
    if len(text) > MAX_MESSAGE:
        raise InvalidInput(f"message: at most {MAX_MESSAGE} characters, this has {len(text)}")
    if not all(character.isprintable() or character in "\n\r\t\u3000\xa0" for character in text):
        raise InvalidInput("message: use printable characters only")
    return text
