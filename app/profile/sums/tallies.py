"""What claims need beyond purchases: how often each topic was dealt with per day, open carts, words by reference."""

from datetime import datetime
from typing import Final

import msgspec

from app.events.schemas import EventKind
from app.profile.seen import Context, Seen
from app.profile.sums import carts, marks
from app.profile.sums.carts import Carts
from app.profile.sums.daily import Daily, add
from app.profile.sums.marks import Marks

TOPICAL_KINDS: Final = (
    EventKind.SEARCH, EventKind.VIEW, EventKind.MEDIA, EventKind.FAVOURITE,
    EventKind.CART_ADD, EventKind.ORDER, EventKind.REVIEW,
)  # fmt: skip
"""Kinds that count as dealing with a topic."""
_TOPICAL: Final = frozenset(kind.value for kind in TOPICAL_KINDS)
_IN_CARTS: Final = frozenset({EventKind.CART_ADD.value, EventKind.CART_REMOVE.value, EventKind.ORDER.value})


class Tallies(msgspec.Struct, array_like=True, gc=False):
    """Bounded sums beside the purchases."""

    first_at: datetime | None = None
    """The first event of any kind."""
    topics: dict[str, Daily] = msgspec.field(default_factory=dict)
    """Main topic -> dealings with it."""
    carts: Carts = msgspec.field(default_factory=Carts)
    marks: Marks = msgspec.field(default_factory=Marks)


def note(tallies: Tallies, seen: Seen, context: Context) -> None:
    """Take in one event, in place."""
    kind = seen.kind
    if tallies.first_at is None:
        tallies.first_at = seen.at
    if kind in _TOPICAL and seen.topics:
        topic = seen.topics[0]
        daily = tallies.topics.get(topic)
        if daily is None:
            daily = tallies.topics[topic] = Daily()
        add(daily, seen.day)
    if kind in _IN_CARTS:
        carts.note(tallies.carts, seen)
    elif seen.event.text_ref is not None:
        marks.note(tallies.marks, seen, context)
