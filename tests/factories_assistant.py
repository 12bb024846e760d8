"""An assistant over one database: a router that goes by words, and replies that write what they do into a list."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.access.schemas import Role, Workspace
from app.assistant.agent import Assistant
from app.assistant.asking import Asking
from app.assistant.one_turn import Parts
from app.assistant.planner import Planner
from app.assistant.schemas import Intent, Pending, Reply, Slots, Understood
from app.assistant.turn_words import spoken
from app.config import ROOT
from app.database.engine import Database
from app.errors import Conflict, UnderstoryError
from app.identity.store import IdentityStore
from app.llm.chat_model import ChatModel
from app.llm.prompts import PromptLibrary
from app.narrative.schemas import ClaimKind, Sentence
from app.privacy.vault import Vault
from app.schema import Lang
from app.strategy.audiences.store import SegmentStore
from app.text.taxonomy import Taxonomy

NOW = datetime(2026, 4, 1, 4, tzinfo=UTC)
SHOP = Workspace(workspace_id="shop")


class WordRouter:
    """Knows three words; is sure of those and of nothing else."""

    def understand(
        self,
        text: str,
        *,
        as_of: datetime,
        zone: ZoneInfo,
        lang: Lang | None = None,
        on_screen: str | None = None,
        segments: Sequence[str] = (),
        campaigns: Sequence[str] = (),
        minor_per_unit: int = 100,
        intent: Intent | None = None,
    ) -> Understood:
        intent, confidence = Intent.AMBIGUOUS, 0.5
        for word, meant in (
            ("approve", Intent.APPROVE_OR_CHANGE_STRATEGY),
            ("who", Intent.READ_CUSTOMER),
            ("forbidden", Intent.OUT_OF_SCOPE),
        ):
            if word in text:
                intent, confidence = meant, 0.95
        named = next(
            (word.strip(",?") for word in text.split() if word[:2] in ("13", "u1") or word[:4] == "this"), None
        )
        slots = Slots(customer=named)
        return Understood(intent=intent, slots=slots, lang=lang or "en", confidence=confidence)


class DiaryReplies:
    """Says what it understood; proposes when asked to approve, and notes what it carries out."""

    def __init__(self) -> None:
        self.done: list[Pending] = []
        self.fault: UnderstoryError | None = None

    def answer(self, asking: Asking, understood: Understood) -> Reply:
        if self.fault:
            raise self.fault
        reply = spoken("rejected", understood, asking.as_of)
        said = Sentence(text=f"{understood.intent}.", kind=ClaimKind.LINK, claim_ids=())
        pending = None
        if understood.intent is Intent.APPROVE_OR_CHANGE_STRATEGY:
            arguments: dict[str, str | int | float | bool | None] = {"campaign": "c1", "share": 0.1, "until": None}
            pending = Pending(pending_id="", action="approve_campaign", said="c1 begins", arguments=arguments)
        return reply.model_copy(update={"sentences": (said,), "pending": pending})

    def carry_out(self, asking: Asking, understood: Understood, pending: Pending) -> Reply:
        if self.fault:
            raise self.fault
        if pending in self.done:
            raise Conflict("it was done before")
        self.done.append(pending)
        return spoken("rejected", understood, asking.as_of)


def an_assistant(
    database: Database, taxonomy: Taxonomy, replies: DiaryReplies, model: ChatModel | None = None
) -> Assistant:
    """The assistant as bootstrap wires it, over parts that need no shop."""
    prompts = PromptLibrary(ROOT / "prompts")
    planner = Planner(WordRouter(), taxonomy, SegmentStore(database), prompts, model)
    folder = ROOT / "data"  # no key is read: nobody is looked up by a phone here
    identity = IdentityStore(database, Vault(database, folder))
    return Assistant(database, Parts(planner, replies, identity))


def asking(workspace: Workspace = SHOP, role: Role = Role.EDITOR, **more: str) -> Asking:
    """An editor of `shop` at its computer."""
    return Asking(workspace, as_of=NOW, now=NOW, by="key 1", role=role, **more)  # type: ignore[arg-type]
