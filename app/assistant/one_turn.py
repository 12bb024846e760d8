"""One run of the agent: what its steps do for one person, in one workspace, about one question."""

from collections.abc import Callable
from secrets import token_hex
from typing import Literal, NamedTuple, Protocol

from app.assistant.approvals import Waiting
from app.assistant.asking import Asking
from app.assistant.carrying import with_customer
from app.assistant.going_on import asks_who
from app.assistant.planner import Planner
from app.assistant.schemas import Pending, Reply, Understood
from app.assistant.turn_words import spoken
from app.errors import UnderstoryError
from app.identity.store import IdentityStore
from app.llm.chat_model import About
from app.schema import Lang

Heard = Callable[[Understood], None]
"""Is told what a question was understood as, before it is answered."""
Outcome = Literal["approved", "rejected", "failed"]
_OURS = 500
"""From this status on an error is the machine's: it is raised, and the same request may work later."""


class Replying(Protocol):
    """What answers, and does what was approved; `app/assistant/replies/` holds it."""

    def answer(self, asking: Asking, understood: Understood) -> Reply:
        """The answer to a question; creates nothing."""
        ...

    def carry_out(self, asking: Asking, understood: Understood, pending: Pending) -> Reply:
        """Do what an editor approved, once."""
        ...


class Parts(NamedTuple):
    """What every run works with."""

    planner: Planner
    replies: Replying
    identity: IdentityStore


class QuestionTurn:
    """Plans and answers a question. What is wrong with the question becomes words; what goes wrong here is raised."""

    def __init__(self, parts: Parts, asking: Asking, message: str, about: About, *, lang: Lang | None, heard: Heard):
        """Nothing is asked yet."""
        self._parts, self._asking, self._message = parts, asking, message
        self._about, self._lang, self._heard = about, lang, heard

    def plan(self) -> Understood:
        """What the question asks for."""
        understood = self._parts.planner.understand(self._message, self._asking, self._about, lang=self._lang)
        understood = with_customer(understood, self._asking, self._parts.identity)
        self._heard(understood)
        return understood

    def answer(self, understood: Understood) -> Reply:
        """The answer; what would be created gets the id that a decision on it names."""
        try:
            reply = self._parts.replies.answer(self._asking_of(understood), understood)
        except UnderstoryError as error:
            if error.status >= _OURS:
                raise
            return spoken("unanswerable", understood, self._asking.as_of, reason=str(error), abstained=True)
        if reply.pending is None:
            return reply
        waiting = reply.pending.model_copy(update={"pending_id": f"pend_{token_hex(8)}", "status": "waiting"})
        return reply.model_copy(update={"pending": waiting})

    def _asking_of(self, understood: Understood) -> Asking:
        """Who asks after everybody does not mean the customer of the question before."""
        earlier = self._asking.earlier
        if earlier is None or understood.slots.customer or not asks_who(self._message, understood.lang):
            return self._asking
        slots = earlier.slots.model_copy(update={"customer": None})
        return self._asking._replace(earlier=earlier.model_copy(update={"slots": slots}))

    def carry_out(self, pending: Pending) -> Reply:
        """Nothing: a question carries nothing out, whatever planned it."""
        raise PermissionError(f"{pending.action} without a decision")


class DecisionTurn:
    """Goes on after a person's decision."""

    def __init__(self, parts: Parts, asking: Asking, waiting: Waiting) -> None:
        """`waiting` is what was decided on."""
        self._parts, self._asking = parts, asking
        self._proposed, self._pending = waiting.proposed, waiting.pending
        self.outcome: Outcome = "rejected"
        """What became of it; without a yes nothing is carried out."""

    def plan(self) -> Understood:
        """What the question was that led here."""
        return self._proposed.understood

    def answer(self, understood: Understood) -> Reply:
        """What was answered then."""
        return self._proposed

    def carry_out(self, pending: Pending) -> Reply:
        """Do what was approved; when it cannot be done, say why."""
        try:
            reply = self._parts.replies.carry_out(self._asking, self._proposed.understood, self._pending)
        except UnderstoryError as error:
            if error.status >= _OURS:
                raise
            self.outcome = "failed"
            return self._say("failed", reason=str(error))
        self.outcome = "approved"
        return reply

    def said(self, reply: Reply | None) -> Reply:
        """What is answered in the end, with what became of it."""
        settled = self._pending.model_copy(update={"status": self.outcome})
        return (reply or self._say("rejected")).model_copy(update={"pending": settled})

    def _say(self, key: str, reason: str = "") -> Reply:
        return spoken(key, self._proposed.understood, self._asking.as_of, reason=reason)
