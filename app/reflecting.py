"""Reflection: when a profile has moved enough, or it is time, read what may lie behind the newest words.

What is inferred goes into the log as events, one for each inference and one for the reflection itself; the fold does
the rest. So a rebuild needs no model, and a customer's rejection holds against whatever is inferred later.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from app.access.schemas import Workspace
from app.errors import NotFound
from app.events.schemas import Event, EventKind
from app.identity.schemas import Customer
from app.insights.conclusion.conclude import Concluder
from app.insights.conclusion.schemas import Concluded, Conclusion
from app.insights.fine_tags import Tag
from app.insights.material import material_of
from app.insights.tags import Read, Rung, Tagger
from app.llm.chat_model import About
from app.llm.ladder import Rung as ModelRung
from app.profile.concluded import CONCLUSION
from app.profile.fold import State
from app.profile.history import THRESHOLD, due, reflected_at, reflection_properties
from app.profile.known.attributes import rejected
from app.profile.schemas import UpdateMode
from app.profile.store import ProfileStore
from app.reading import Reader
from app.recording import Recorder, Saying, message_id
from app.schema import Frozen, Lang
from app.text.taxonomy import Taxonomy

EVERY_DAYS = 7
"""After so many days a profile that moved at all is reflected upon, without having moved enough."""


class Inferred(Frozen):
    """One inference as it was recorded."""

    name: str
    value: str
    """Hedged words."""
    topic: str | None
    quote: str
    event_id: str
    """The event whose words they are."""
    confidence: float
    model: str
    """`lexicon` when no model said so."""


class Reflected(Frozen):
    """What one reflection found."""

    customer_id: str
    as_of: datetime
    trigger: UpdateMode
    score: float
    """How far the profile had moved since the last one."""
    threshold: float
    rung: Rung | None
    """Who read the words; None when nothing was to be done."""
    fallback_reason: str | None
    """Why a higher rung that is configured did not."""
    inferred: tuple[Inferred, ...]
    dropped: tuple[str, ...]
    """Why inferences of a model were left out."""
    conclusions: tuple[Concluded, ...] = ()
    """What changed and what it may have to do with: inferences, never facts."""
    concluded_by: ModelRung | None = None
    """Who worded them; None without any."""
    event_id: str | None
    """The event that records the reflection; None when this very profile had been reflected upon already."""


class Due(NamedTuple):
    """A customer to reflect upon."""

    customer_id: str
    trigger: UpdateMode
    score: float


class Found(NamedTuple):
    """What one reflection infers and concludes."""

    read: Read
    conclusion: Conclusion


class Reflecting:
    """Reads customers' words and writes what they allow to infer into the log."""

    def __init__(
        self,
        *,
        reader: Reader,
        profiles: ProfileStore,
        recorder: Recorder,
        tagger: Tagger,
        concluder: Concluder,
        taxonomy: Taxonomy,
    ) -> None:
        """All parts share one database."""
        self._reader, self._profiles, self._recorder = reader, profiles, recorder
        self._tagger, self._concluder, self._taxonomy = tagger, concluder, taxonomy

    def reflect(
        self, workspace: Workspace, ref: str, *, trigger: UpdateMode | None, now: datetime, lang: Lang | None = None
    ) -> Reflected:
        """Infer what the words since the last reflection allow; the same profile is reflected upon once.

        Without a `trigger` it is the score that says which. Inferences are worded in the workspace's language unless
        told otherwise. A model that is down, slow or wrong never makes this fail. NotFound when there is no such
        customer, or nothing is known of them.
        """
        customer = self._reader.customer(workspace, ref)
        at = self._recorder.moment(workspace, now=now)
        book = self._reader.book(workspace, customer, as_of=at)
        if not book.history.events:
            raise NotFound(f"nothing is known of {ref!r} yet; there is nothing to reflect upon")
        state = self._reader.state(workspace, customer, book)
        trigger = trigger or (UpdateMode.PERIODIC if due(state.history) is None else UpdateMode.TRIGGERED)
        if not state.history.events and reflected_at(state.history) is not None:
            return _nothing_new(customer, state, trigger, at)
        before = state.history.reflections[-1].event_id if state.history.reflections else None
        arrived = next((e.received_at for e in book.history.events if e.event_id == before), None)
        material = material_of(book.history, self._taxonomy, as_of=at, arrived_after=arrived)
        said_in, about = lang or workspace.language, About(workspace.workspace_id, customer.customer_id)
        read = self._tagger.read(
            material,
            about=about,
            as_of=at,
            zone=workspace.zone,
            lang=said_in,
            refused=lambda name, value: rejected(state.attributes, name, value),
        )
        wanted = not rejected(state.attributes, CONCLUSION)
        found = Found(read, self._concluder.of(state, book, said_in, about) if wanted else Conclusion())
        sayings = list(_sayings(workspace, customer, state, found, trigger, book.history.events[-1]))
        fresh = self._recorder.write(workspace, customer, sayings, at=at, now=now)
        return _reflected(customer, state, found, trigger, at, event_id=fresh[-1] if fresh else None)

    def due(
        self, workspace: Workspace, *, now: datetime, every_days: int | None = EVERY_DAYS, limit: int | None = None
    ) -> list[Due]:
        """Whom to reflect upon, furthest moved first: over the threshold, or moved at all and `every_days` gone by.

        Without `every_days` only those over the threshold.
        """
        at = self._recorder.moment(workspace, now=now)
        states = self._profiles.states(workspace.workspace_id).items()
        found = [one for customer_id, state in states if (one := _due(customer_id, state, at, every_days))]
        return sorted(found, key=lambda one: (-one.score, one.customer_id))[:limit]


def _due(customer_id: str, state: State, at: datetime, every_days: int | None) -> Due | None:
    history = state.history
    if due(history) is not None:
        return Due(customer_id, UpdateMode.TRIGGERED, history.score)
    if every_days is None or not history.events:
        return None
    last = reflected_at(history)
    if last is not None and at - last < timedelta(days=every_days):
        return None
    return Due(customer_id, UpdateMode.PERIODIC, history.score)


def _sayings(
    workspace: Workspace, customer: Customer, state: State, found: Found, trigger: UpdateMode, newest: Event
) -> Iterator[Saying]:
    """One event for each inference, and one for the reflection, last; the same state gives the same message ids."""
    names, read = (workspace.workspace_id, customer.customer_id, newest.event_id), found.read
    base = message_id("reflection", *names, now=newest.received_at)
    for number, tag in enumerate(read.tags, 1):
        yield Saying(EventKind.INFERENCE_RECORDED, f"{base}-{number}", _inference(tag, trigger, read))
    recorded = reflection_properties(
        state.history, trigger, rung=read.rung, found=[tag.name for tag in read.tags], **_asked(read)
    )
    yield Saying(EventKind.INFERENCE_RECORDED, base, {**recorded, **_conclusion(found.conclusion)})


def _conclusion(found: Conclusion) -> dict[str, object]:
    """The conclusion with its evidence, its quotes and how its model was asked; nothing where nothing changed."""
    if not found.sentences:
        return {}
    sentences = [sentence.model_dump(mode="json") for sentence in found.sentences]
    return {CONCLUSION: {"sentences": sentences, **found.origin.model_dump(mode="json", exclude_none=True)}}


def _asked(read: Read) -> dict[str, object]:
    """How the model was asked that read the words, if one did."""
    return {} if read.origin.model is None else {"asked": read.origin.model_dump(mode="json", exclude_none=True)}


def _inference(tag: Tag, trigger: UpdateMode, read: Read) -> dict[str, object]:
    return {
        "name": tag.name,
        "value": tag.value,
        "topic": tag.topic,
        "quote": tag.quote,
        "evidence": [tag.event_id],
        "confidence": tag.confidence,
        "memory_days": tag.memory_days,
        "model": tag.model,
        "prompt_fingerprint": tag.prompt_fingerprint,
        "trigger": str(trigger),
        **(_asked(read) if tag.prompt_fingerprint else {}),
    }


def _nothing_new(customer: Customer, state: State, trigger: UpdateMode, at: datetime) -> Reflected:
    return Reflected(
        customer_id=customer.customer_id,
        as_of=at,
        trigger=trigger,
        score=state.history.score,
        threshold=THRESHOLD,
        rung=None,
        fallback_reason=None,
        inferred=(),
        dropped=(),
        event_id=None,
    )


def _reflected(
    customer: Customer, state: State, found: Found, trigger: UpdateMode, at: datetime, *, event_id: str | None
) -> Reflected:
    read, conclusion = found
    return Reflected(
        customer_id=customer.customer_id,
        as_of=at,
        trigger=trigger,
        score=state.history.score,
        threshold=THRESHOLD,
        rung=read.rung,
        fallback_reason=read.origin.fallback_reason,
        inferred=tuple(_inferred(tag) for tag in read.tags),
        dropped=(*read.dropped, *conclusion.dropped),
        conclusions=conclusion.sentences,
        concluded_by=conclusion.origin.rung if conclusion.sentences else None,
        event_id=event_id,
    )


def _inferred(tag: Tag) -> Inferred:
    return Inferred(
        name=tag.name,
        value=tag.value,
        topic=tag.topic,
        quote=tag.quote,
        event_id=tag.event_id,
        confidence=tag.confidence,
        model=tag.model,
    )
