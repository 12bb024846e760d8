"""What a question asks for: the router reads it; where that is unsure, a served model chooses from the same lists.

The model chooses, code checks. Its intent is one of an enum, and every slot must stand in the question, the taxonomy or
this workspace, or it is left out. Numbers, dates and refusals are the router's alone: whatever a model answers, nobody
is let into what the router is sure to be out of scope.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from app.assistant.asking import Asking
from app.assistant.carrying import carried_on
from app.assistant.filling import missing
from app.assistant.going_on import SURE, asked_why, asks_again, with_new
from app.assistant.planned_action import PlannedAction
from app.assistant.schemas import Intent, Slots, Understood
from app.assistant.slots.references import THIS
from app.events.amounts import minor_units
from app.llm.chat_model import About, ChatModel
from app.llm.ladder import Said, Step, descend
from app.llm.prompts import LANGUAGES, PromptLibrary
from app.llm.structured import Answer, ask
from app.privacy.redaction import redact
from app.profile.schemas import RfmClass
from app.schema import Lang
from app.strategy.audiences.store import SegmentStore
from app.text.normalise import normalise
from app.text.taxonomy import Taxonomy

_CLASSES = tuple(rfm_class.value for rfm_class in RfmClass)
_MODEL_CONFIDENCE = 0.8
"""What a model's choice counts for where the router is unsure; models do not know how sure they are."""


class Reads(Protocol):
    """Whatever reads a question without a model; `app/assistant/router.py` does."""

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
        """Intent and slots, and how sure that is; with an `intent` only the slots."""
        ...


Titles = Callable[[str], Sequence[str]]
"""The titles of a workspace's campaigns."""


class _Shown(NamedTuple):
    """What a model is shown of a question."""

    text: str
    earlier: Understood | None
    lang: Lang
    segments: Sequence[str]


class Planner:
    """Reads questions."""

    def __init__(
        self,
        router: Reads,
        taxonomy: Taxonomy,
        segments: SegmentStore,
        prompts: PromptLibrary,
        model: ChatModel | None,
        titles: Titles = lambda _: (),
    ) -> None:
        """Without a `model` the router's reading stands; `titles` names the campaigns that a question may name."""
        self._titles = titles
        self._router, self._taxonomy, self._segments = router, taxonomy, segments
        self._prompts, self._model = prompts, model

    def understand(self, text: str, asking: Asking, about: About, *, lang: Lang | None) -> Understood:
        """What a question asks for, in the light of the one before it."""
        names = tuple(saved.name for saved in self._segments.all(asking.workspace.workspace_id))
        read = self._gone_on(text, asking, lang, names)
        if not asking.ask_model or _is_sure(read):
            return read

        def say(model: ChatModel, spent_ms: float) -> Said[Understood]:
            answer = self._ask(model, _Shown(text, asking.earlier, read.lang, names), about, spent_ms)
            chosen = self._chosen(text, answer.value, read, names)
            return Said(chosen, answer, unfit=None if answer.value.sure else "the model is unsure what is asked")

        found = descend([Step("large", self._model, say)], lambda: read)
        return found.value.model_copy(update={"origin": found.origin if self._model else None})

    def _gone_on(self, text: str, asking: Asking, lang: Lang | None, segments: Sequence[str]) -> Understood:
        """The router's reading, with what the question before says for it."""
        earlier, read = asking.earlier, self._read(text, asking, lang, segments)
        if earlier and asks_again(text, read, earlier):
            again = self._read(text, asking, read.lang, segments, intent=earlier.intent)
            read = with_new(again, earlier) or read
        return carried_on(text, asked_why(text, read, earlier), earlier)

    def _read(
        self, text: str, asking: Asking, lang: Lang | None, segments: Sequence[str], *, intent: Intent | None = None
    ) -> Understood:
        workspace = asking.workspace
        return self._router.understand(
            text,
            as_of=asking.as_of,
            zone=workspace.zone,
            lang=lang,
            on_screen=asking.on_screen,
            segments=segments,
            campaigns=self._titles(workspace.workspace_id),
            minor_per_unit=minor_units(workspace.currency),
            intent=intent,
        )

    def _ask(self, model: ChatModel, shown: _Shown, about: About, spent_ms: float) -> Answer[PlannedAction]:
        topics = (f"{topic}: {self._taxonomy.name(topic, shown.lang)}" for topic in self._taxonomy.topics)
        values = {
            "topics": "\n".join(topics),
            "segments": "\n".join((*_CLASSES, *map(redact, shown.segments))),
            "before": _before(shown.earlier),
            "question": redact(shown.text),
            "language": LANGUAGES[shown.lang],
        }
        prompt = self._prompts.render("plan_action", PlannedAction, values)
        return ask(model, prompt, PlannedAction, about, spent_ms=spent_ms)

    def _chosen(self, text: str, drawn: PlannedAction, read: Understood, segments: Sequence[str]) -> Understood:
        """The model's choice with the slots that stand up; what the router read of the words goes first."""
        chosen = {name: value for name, value in drawn.model_dump(exclude={"intent", "sure"}).items() if value}
        stands = {name: value for name, value in chosen.items() if self._stands(name, value, text, segments)}
        slots = Slots.model_validate(stands | read.slots.model_dump(exclude_none=True))
        return Understood(
            intent=drawn.intent,
            slots=slots,
            lang=read.lang,
            confidence=_MODEL_CONFIDENCE,
            missing=missing(drawn.intent, slots, on_screen=False),
            alternatives=tuple(i for i in (read.intent, *read.alternatives) if i is not drawn.intent),
        )

    def _stands(self, name: str, value: str, text: str, segments: Sequence[str]) -> bool:
        """Whether a slot that a model filled is there: in the question, in the taxonomy, or in this workspace."""
        if name in ("customer", "campaign"):
            return value == THIS or normalise(value) in normalise(text)
        if name in ("topic", "to_topic"):
            return value in self._taxonomy.topics
        if name in ("segment", "other_segment"):
            return value in _CLASSES or value in segments
        return True


def _is_sure(read: Understood) -> bool:
    return read.confidence >= SURE and read.intent is not Intent.AMBIGUOUS


def _before(earlier: Understood | None) -> str:
    """What the question before was about, in the terms of the answer; a dash without one."""
    if earlier is None:
        return "-"
    slots = earlier.slots.model_dump(mode="json", exclude_none=True, exclude={"customer", "campaign"})
    return " ".join([earlier.intent.value, *(f"{name}={value}" for name, value in slots.items())])
