"""Questions as they are understood, and who asks them in the demo shop."""

from datetime import UTC, datetime
from typing import Any

from app.access.schemas import Role
from app.assistant.asking import Asking
from app.assistant.replies.answering import Replies
from app.assistant.schemas import Intent, Reply, Slots, Understood
from app.bootstrap import App
from app.schema import Lang

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def asking_in(app: App, workspace: str = "demo", **changes: Any) -> Asking:
    """A reader without a model, as far as the data reach."""
    shop = app.pipeline.access.workspace(workspace)
    as_of = app.pipeline.clock(shop, now=NOW)
    known: dict[str, Any] = {"by": "tests", "role": Role.VIEWER, "ask_model": False}
    return Asking(workspace=shop, as_of=as_of, now=NOW, **{**known, **changes})


def understood(intent: Intent, lang: Lang = "en", missing: tuple[str, ...] = (), **slots: Any) -> Understood:
    """What a router makes of a question."""
    return Understood(intent=intent, slots=Slots(**slots), lang=lang, confidence=0.9, missing=missing)


def replied(app: App, intent: Intent, lang: Lang = "en", *, asking: Asking | None = None, **slots: Any) -> Reply:
    """The answer of the demo shop."""
    return Replies(app.pipeline).answer(asking or asking_in(app), understood(intent, lang, **slots))
