"""What a customer wrote last, by reference: searches, the latest review, message to support, and text per reading."""

from datetime import datetime
from typing import Final

import msgspec

from app.events.schemas import Event, EventKind
from app.profile.memory.touches import Key, packed, unpacked
from app.profile.seen import Context, Seen
from app.profile.signs.days import measured_rating

SEARCHES: Final = 4
"""Searches that are remembered."""
SHORTEST_MESSAGE: Final = 6
"""Characters below which a message to support says too little to repeat."""


class Wrote(msgspec.Struct, array_like=True, gc=False):
    """One text of the customer; the words themselves lie apart."""

    key: Key
    """Its event, packed."""
    at: datetime
    ref: str = ""
    """The text's reference; empty where it is `t_` and the event's id."""
    rating: float | int | None = None
    """Of a review."""
    kind: str = EventKind.SEARCH

    @property
    def event_id(self) -> str:
        """The event that carried it."""
        return unpacked(self.key)

    @property
    def text_ref(self) -> str:
        """Where its words are."""
        return self.ref or f"t_{self.event_id}"


class Marks(msgspec.Struct, array_like=True, gc=False):
    """The texts worth coming back to."""

    searches: list[Wrote] = msgspec.field(default_factory=list)
    """Newest last."""
    review: Wrote | None = None
    message: Wrote | None = None
    """The latest message to support that is long enough to say something."""
    readings: dict[str, Wrote] = msgspec.field(default_factory=dict)
    """Reading of the taxonomy -> the latest text that allows it."""


def note(marks: Marks, seen: Seen, context: Context) -> None:
    """Take in one event, in place."""
    event = seen.event
    if event.text_ref is None or event.kind not in _WRITTEN:
        return
    wrote = _wrote(seen)
    if event.kind == EventKind.SEARCH:
        marks.searches = [*marks.searches[1 - SEARCHES :], wrote]
    elif event.kind == EventKind.REVIEW:
        marks.review = wrote
    elif seen.text is not None and seen.text.length >= SHORTEST_MESSAGE:
        marks.message = wrote
    for name in context.taxonomy.readings_in(context.texts.get(event.text_ref, "")):
        if event.kind in context.taxonomy.readings[name].kinds:
            marks.readings[name] = wrote


_WRITTEN: Final = frozenset({EventKind.SEARCH, EventKind.REVIEW, EventKind.SUPPORT_MESSAGE})


def _wrote(seen: Seen) -> Wrote:
    event = seen.event
    usual = event.text_ref == f"t_{event.event_id}"
    ref = "" if usual else event.text_ref or ""
    return Wrote(packed(event.event_id), event.occurred_at, ref, rating_of(event), event.kind)


def rating_of(event: Event) -> float | int | None:
    """The rating of a review that has one."""
    rating = event.properties.get("rating") if event.kind == EventKind.REVIEW else None
    return rating if measured_rating(rating) is not None else None
