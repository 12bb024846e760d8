"""How a profile came to be as it is: days of events folded, reflections that a movement triggered, periodic ones.

The movement score says how far the profile has moved since the last reflection. An event of weight w on top of the
interest weight W that stands renews the share w / (W + w) of it; the shares add up, and what changes the picture of a
customer at a stroke (a shift, a sign of leaving, an order, a correction) adds an amount of its own. By the time that
as much interest has come in as all that stood before, the shares sum to about ln 2: that is the threshold.

A reflection is an event in the log, so that folding the log anew gives the same scores and the same history.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from app.events.schemas import Event, EventKind
from app.profile.concluded import CONCLUSION, Concluded, concluded
from app.profile.known.attributes import Attributes, rejected
from app.profile.schemas import Conclusion, Update, UpdateMode
from app.profile.seen import Context, Seen

THRESHOLD = math.log(2.0)
"""Half of the profile's interest is new: as far as it can move and still be the same story."""
MAX_DAYS, MAX_REFLECTIONS, MAX_CHANGES = 20, 10, 8
"""Entries kept of either sort, and codes of changes kept with one day."""
MAX_CONCLUDED = 3
"""Reflections whose conclusion is kept."""
_FIRST_WEIGHT = 3.0
"""Interest that a customer is taken to have before their first event, as much as one order brings: without it the
first click would be a profile moved by all of itself."""
_MEMORY_DAYS = 45.0
"""Half-life of the weight that new interest is measured against: the taxonomy's usual one."""
_STROKES = {"shift": THRESHOLD, "signal": THRESHOLD / 2, "class": THRESHOLD / 4, "attribute": THRESHOLD / 8}
"""What changes found by other parts add, by the word before the colon of their codes; once for each word and event."""
_EVENTS: dict[str, float] = {
    EventKind.ORDER.value: THRESHOLD / 8,
    EventKind.CORRECTION.value: THRESHOLD,
    EventKind.REFUND.value: THRESHOLD / 8,
}
"""What these add beside the interest that they bring; a correction must not wait for its story."""
_DAY = 86_400.0


class Day(msgspec.Struct, array_like=True, gc=False):
    """A local day with events."""

    day: int
    at: datetime
    """Of its last event."""
    events: int = 0
    changes: tuple[str, ...] = ()


class Reflection(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """A reflection as its event records it."""

    mode: str
    at: datetime
    event_id: str
    events: int
    score: float
    threshold: float
    changes: tuple[str, ...] = ()
    concluded: tuple[Concluded, ...] = ()


class History(msgspec.Struct, array_like=True, gc=False):
    """The newest days and reflections, and how far the profile has moved since the last of these."""

    days: list[Day] = msgspec.field(default_factory=list)
    reflections: list[Reflection] = msgspec.field(default_factory=list)
    score: float = 0.0
    events: int = 0
    """Events since the last reflection."""
    weight: float = _FIRST_WEIGHT
    weight_at: datetime | None = None


def note(part: History, seen: Seen, context: Context, changes: Sequence[str] = ()) -> None:
    """Take in one event with the codes of what it changed (`shift:a>b`, `signal:name`, `attribute:city`, `class:x`)."""
    event = seen.event
    if seen.ours and event.kind != EventKind.CORRECTION:
        _note_ours(part, event, context)
        return
    part.events += 1
    day = part.days[-1] if part.days else None
    if day is None or day.day != seen.day:
        part.days.append(day := Day(seen.day, seen.at))
        del part.days[:-MAX_DAYS]
    day.at = seen.at
    day.events += 1
    moved = _renewed(part, seen.at, abs(seen.impact)) if seen.topics and seen.impact else 0.0
    part.score += moved + _EVENTS.get(seen.kind, 0.0)
    if changes:
        _note_changes(part, day, changes)


def view(part: History, as_of: datetime, known: Attributes | None = None) -> tuple[Update, ...]:
    """The entries up to `as_of`, newest first; with conclusions where `known` says which of them were rejected."""
    entries = [entry for entry in (*_days(part), *_reflections(part, known)) if entry.at <= as_of]
    return tuple(sorted(entries, key=lambda entry: (entry.at, entry.mode != UpdateMode.INCREMENTAL), reverse=True))


def due(part: History) -> float | None:
    """How far the profile has moved since the last reflection, once that is enough for another; None before."""
    return part.score if part.score >= THRESHOLD else None


def reflected_at(part: History) -> datetime | None:
    """When the profile was last reflected upon; None when it never was."""
    return part.reflections[-1].at if part.reflections else None


def reflection_properties(part: History, mode: UpdateMode, **more: object) -> dict[str, object]:
    """What the event of a reflection upon this state has to say for `note` to understand it."""
    recorded = {"trigger": str(mode), "score": round(part.score, 4), "threshold": round(THRESHOLD, 4)}
    return {"reflection": {**recorded, **more}}


def _renewed(part: History, at: datetime, impact: float) -> float:
    """Share of the interest weight that an event makes new; the weight moves on."""
    weight: float = part.weight
    if part.weight_at is not None:
        weight *= 2.0 ** (-(at - part.weight_at).total_seconds() / _DAY / _MEMORY_DAYS)
        if weight < _FIRST_WEIGHT:
            weight = _FIRST_WEIGHT
    part.weight, part.weight_at = weight + impact, at
    return impact / part.weight


def _note_ours(part: History, event: Event, context: Context) -> None:
    """Our own events are no news of the customer; a reflection starts the score anew."""
    recorded = event.properties.get("reflection") if event.kind == EventKind.INFERENCE_RECORDED else None
    if isinstance(recorded, dict):
        told = concluded(event.properties.get(CONCLUSION), event.occurred_at, context.taxonomy)
        part.reflections.append(_reflection(part, event, recorded, tuple(told)))
        del part.reflections[:-MAX_REFLECTIONS]
        if len(part.reflections) > MAX_CONCLUDED:
            older = part.reflections[-MAX_CONCLUDED - 1]
            part.reflections[-MAX_CONCLUDED - 1] = msgspec.structs.replace(older, concluded=())
        part.score, part.events = 0.0, 0


def _reflection(part: History, event: Event, recorded: dict[str, Any], told: tuple[Concluded, ...]) -> Reflection:
    return Reflection(
        mode=UpdateMode.PERIODIC if recorded.get("trigger") == UpdateMode.PERIODIC else UpdateMode.TRIGGERED,
        at=event.occurred_at,
        event_id=event.event_id,
        events=part.events,
        score=float(recorded.get("score", part.score)),
        threshold=float(recorded.get("threshold", THRESHOLD)),
        changes=tuple(_codes(recorded)),
        concluded=told,
    )


def _codes(recorded: dict[str, Any]) -> Iterator[str]:
    """What a reflection did: by which rung, and what it inferred."""
    if "rung" in recorded:
        yield f"rung:{recorded['rung']}"
    found = recorded.get("found")
    yield from (f"attribute:{name}" for name in (found[: MAX_CHANGES - 1] if isinstance(found, list) else ()))


def _note_changes(part: History, day: Day, changes: Sequence[str]) -> None:
    words = dict.fromkeys(code.partition(":")[0] for code in changes)
    part.score += sum(_STROKES.get(word, 0.0) for word in words)
    day.changes = _merged(day.changes, changes)


def _merged(known: tuple[str, ...], more: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))[-MAX_CHANGES:]


def _days(part: History) -> Iterator[Update]:
    for day in part.days:
        yield Update.unchecked(
            mode=UpdateMode.INCREMENTAL,
            at=day.at,
            events=day.events,
            score=None,
            threshold=None,
            event_id=None,
            changes=day.changes,
        )


def _reflections(part: History, known: Attributes | None) -> Iterator[Update]:
    for made in part.reflections:
        yield Update.unchecked(
            mode=UpdateMode(made.mode),
            at=made.at,
            events=made.events,
            score=made.score,
            threshold=made.threshold,
            event_id=made.event_id,
            conclusions=tuple(_told(said) for said in made.concluded if known and not _is_rejected(said, known)),
            changes=made.changes,
        )


def _told(said: Concluded) -> Conclusion:
    return Conclusion.unchecked(text=said.text, quote=said.quote, evidence=said.evidence, model=said.model)


def _is_rejected(said: Concluded, known: Attributes) -> bool:
    """Whether the customer rejected this conclusion, or anything that it rests on."""
    return rejected(known, CONCLUSION, said.text) or any(known.graves.get(name) for name in said.names)
