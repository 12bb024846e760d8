"""What is known of a customer beside what they do, each with who says so, since when and from which events.

One ladder for all: a correction wins over a verified source, that over behaviour and what any other source says, that
over an inference of a model; on one rung the newest word in canonical order wins. The rungs below are kept, so that
the next best shows when a correction is withdrawn or an inference rejected.

- A source is believed as verified where it declares so: `verified: true`, or a list of trait names, beside `traits`.
- A rejected inference leaves a tombstone, and no later inference of that name (or name and value) is taken in.
- The closed list of sensitive subjects is enforced here, where attributes are written, whoever says so.
- The state holds a bounded number of names; beyond, the least authoritative and longest unspoken-of gives way.
"""

import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from app.events.schemas import Event, EventKind
from app.privacy.quoting import quotable
from app.profile.known.ladder import BEHAVIOUR, CORRECTION, INFERENCE, LADDER, VERIFIED, Rungs, Word, best, changed, put
from app.profile.known.sensitivity import may_be_kept
from app.profile.schemas import Attribute, Tombstone
from app.profile.seen import Context, Seen
from app.text.normalise import shorten

MAX_NAME, MAX_VALUE, MAX_QUOTE = 60, 120, 80
"""Characters kept of a name, a value and a quote."""
MAX_CONFIDENCE = 0.9
"""No inference is surer than this, whatever a model says of itself."""
MAX_TOMBSTONES = 128
"""A customer who rejected more gets no inference at all from then on."""

_SOCIAL = {EventKind.FOLLOW: "follows_shop", EventKind.REFERRAL: "referred_friends", EventKind.SHARE: "shared_posts"}


class Grave(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """A rejection: of one value, or of everything under its name."""

    value: str | None
    at: datetime
    event_id: str
    by: str


class Attributes(msgspec.Struct, array_like=True, gc=False):
    """All words of one customer's attributes."""

    said: dict[str, Rungs] = msgspec.field(default_factory=dict)
    """Name -> place on the ladder -> words, newest last."""
    graves: dict[str, list[Grave]] = msgspec.field(default_factory=dict)
    rejections: int = 0
    social: dict[str, int] = msgspec.field(default_factory=dict)
    """How often each social tie was made."""


def note(part: Attributes, seen: Seen, context: Context) -> tuple[str, ...]:
    """Take in one event; returns the names of the attributes that it gave another value."""
    act = _ACTS.get(seen.event.kind)
    return act(part, seen.event, context) if act else ()


def view(part: Attributes, as_of: datetime) -> tuple[tuple[Attribute, ...], tuple[Tombstone, ...]]:
    """The best word on each attribute at `as_of`, by name, and what was rejected."""
    shown = (_shown(name, rungs, as_of) for name, rungs in sorted(part.said.items()))
    return tuple(attribute for attribute in shown if attribute is not None), tuple(_tombstones(part))


def _note_traits(part: Attributes, event: Event, context: Context) -> tuple[str, ...]:
    traits, verified = event.properties.get("traits"), event.properties.get("verified")
    names: list[str] = []
    for name, given in traits.items() if isinstance(traits, dict) else ():
        value = _plain(given)
        if value is None or not may_be_kept(context.taxonomy, str(name), value, event.occurred_at):
            continue
        sure = verified is True or (isinstance(verified, list) and name in verified)
        names += put(part.said, _named(name), VERIFIED if sure else BEHAVIOUR, _word(event, value))
    return tuple(names)


def _note_tie(part: Attributes, event: Event, _: Context) -> tuple[str, ...]:
    name = _SOCIAL[EventKind(event.kind)]
    if event.kind == EventKind.FOLLOW:
        ended = str(event.properties.get("action", "")).casefold() in ("unfollow", "unfollowed", "remove")
        return put(part.said, name, BEHAVIOUR, _word(event, "false" if ended else "true"))
    part.social[name] = part.social.get(name, 0) + 1
    return put(part.said, name, BEHAVIOUR, _word(event, str(part.social[name])), goes_on=True)


def _note_correction(part: Attributes, event: Event, context: Context) -> tuple[str, ...]:
    """A word of the customer; one that cannot be read, or touches the closed list, changes nothing."""
    said = event.properties
    name, given = said.get("attribute"), said.get("value")
    if not isinstance(name, str) or not name.strip():
        return ()
    name, value = _named(name), _plain(given)
    if (given is not None and value is None) or not may_be_kept(context.taxonomy, name, value or "", event.occurred_at):
        return ()
    match said.get("action", "set"):
        case "set":
            return put(part.said, name, CORRECTION, _word(event, value))
        case "withdraw":
            return _withdraw(part, name)
        case "reject":
            return _reject(part, name, Grave(value, event.occurred_at, event.event_id, _by(event)))
    return ()


def _note_inference(part: Attributes, event: Event, context: Context) -> tuple[str, ...]:
    said = event.properties
    name, value = said.get("name"), _plain(said.get("value"))
    if not isinstance(name, str) or not name.strip() or value is None:
        return ()
    name, quote = _named(name), _clean(str(said.get("quote") or ""), MAX_QUOTE)
    if rejected(part, name, value) or not may_be_kept(context.taxonomy, name, value, event.occurred_at, quote):
        return ()
    stands_on = said.get("evidence")
    word = Word(
        value=value,
        source=shorten(str(said.get("model") or event.source), MAX_NAME),
        at=event.occurred_at,
        evidence=(*map(str, stands_on[-2:] if isinstance(stands_on, list) else ()), event.event_id),
        confidence=_bounded(said.get("confidence")),
        quote=quote or None,
        days=days if isinstance(days := said.get("memory_days"), int) and days > 0 else None,
    )
    return put(part.said, name, INFERENCE, word)


def rejected(part: Attributes, name: str, *values: str) -> bool:
    """Whether an inference, however worded, was rejected, or so many were that none is wanted."""
    if part.rejections > MAX_TOMBSTONES:
        return True
    graves = part.graves.get(name, ())
    return any(grave.value is None or any(_same(grave.value, value) for value in values) for grave in graves)


def _withdraw(part: Attributes, name: str) -> tuple[str, ...]:
    rungs = part.said.get(name, {})
    before = best(rungs)
    rungs.pop(CORRECTION, None)
    return _settled(part, name, before)


def _reject(part: Attributes, name: str, grave: Grave) -> tuple[str, ...]:
    """Bury what was inferred under this name: all of it, or one value."""
    part.rejections += 1
    if part.rejections <= MAX_TOMBSTONES:
        graves = part.graves.setdefault(name, [])
        graves[:] = [old for old in graves if old.value != grave.value] + [grave]
    rungs = part.said.get(name, {})
    before = best(rungs)
    left = [w for w in rungs.pop(INFERENCE, []) if grave.value is not None and not _same(grave.value, w.value)]
    if left:
        rungs[INFERENCE] = left
    return _settled(part, name, before)


def _settled(part: Attributes, name: str, before: Word | None) -> tuple[str, ...]:
    """What became of a name that lost a word; one without any is forgotten."""
    rungs = part.said.get(name, {})
    if not rungs:
        part.said.pop(name, None)
    return changed(name, before, best(rungs))


def _shown(name: str, rungs: Rungs, as_of: datetime) -> Attribute | None:
    """The best word that may still be told; None when it is that nothing is to be said."""
    for place in sorted(rungs):
        for word in reversed(rungs[place]):
            if word.days is None or as_of <= word.at + timedelta(days=word.days):
                return None if word.value is None else _attribute(name, word.value, place, word)
    return None


def _attribute(name: str, value: str, place: str, word: Word) -> Attribute:
    return Attribute(
        name=name,
        value=value,
        authority=LADDER[place],
        source=word.source,
        at=word.at,
        evidence=word.evidence,
        confidence=word.confidence,
        quote=word.quote,
        inferred=place == INFERENCE,
    )


def _tombstones(part: Attributes) -> Iterator[Tombstone]:
    for name, graves in sorted(part.graves.items()):
        for grave in graves:
            yield Tombstone(name=name, value=grave.value, at=grave.at, event_id=grave.event_id, by=grave.by)


def _word(event: Event, value: str | None) -> Word:
    return Word(value=value, source=event.source, at=event.occurred_at, evidence=(event.event_id,))


def _plain(given: Any) -> str | None:
    """A value as it is kept: one line without personal numbers; None for what is no plain value."""
    return _clean(str(given), MAX_VALUE) or None if isinstance(given, str | int | float) else None


def _named(name: object) -> str:
    return _clean(str(name), MAX_NAME)


@lru_cache(maxsize=10_000)
def _clean(text: str, most: int) -> str:
    """One line without personal numbers and addresses; the same few names and values come again and again."""
    return shorten(quotable(text), most)


def _same(one: str, other: str | None) -> bool:
    return other is not None and "".join(one.split()).casefold() == "".join(other.split()).casefold()


def _by(event: Event) -> str:
    return shorten(str(event.properties.get("by") or event.source), MAX_NAME)


def _bounded(confidence: Any) -> float | None:
    if not isinstance(confidence, int | float) or not math.isfinite(confidence):
        return None
    return min(max(float(confidence), 0.0), MAX_CONFIDENCE)


_ACTS: dict[str, Callable[[Attributes, Event, Context], tuple[str, ...]]] = {
    str(EventKind.IDENTIFY): _note_traits,
    str(EventKind.CORRECTION): _note_correction,
    str(EventKind.INFERENCE_RECORDED): _note_inference,
    **{str(kind): _note_tie for kind in _SOCIAL},
}
KINDS = frozenset(_ACTS)
"""Kinds that say something of attributes."""
