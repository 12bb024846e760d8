"""One episode of a customer's history, and what it says about them."""

from math import log2
from typing import Final

import msgspec

from app.events.schemas import EventKind
from app.profile.memory.touches import Did, Key, Touch, unpacked

VISIT: Final = "visit"
HALF_LIFE_S: Final = 180 * 86_400
"""An episode this much older must say twice as much to be remembered instead."""


class Mark:
    """What is particular about an episode, as bits."""

    INVITED: Final = 1
    """A campaign brought it about."""
    FIRST_VISIT: Final = 2
    FIRST_ORDER: Final = 4
    NEW_TOPIC: Final = 8
    """About something that no visit before was about."""
    LATE: Final = 16
    """Late in the evening or at night."""


class Said(msgspec.Struct, array_like=True, gc=False):
    """Something that the customer wrote, by reference."""

    kind: str
    key: Key
    """The event's id, packed once the episode is over."""
    ref: str = ""
    """The text's reference; empty when it follows from the event id."""


class Episode(msgspec.Struct, array_like=True, gc=False):
    """One visit or one thing beside visits. Times in whole seconds of UTC, amounts in minor units."""

    what: str = VISIT
    """`visit`, or the kind of the event beside visits."""
    visit: int = 0
    """Number of the visit; 0 beside visits."""
    start: int = 0
    end: int = 0
    marks: int = 0
    """Bits of `Mark`."""
    views: int = 0
    searches: int = 0
    lines: int = 0
    """Order lines, or messages of a chat."""
    orders: int = 0
    value: int = 0
    rating: int = 0
    """Of a review, in tenths; 0 without one."""
    complaint: str = ""
    """What was said to be wrong, or the channel whose consent was taken back."""
    topics: list[str] = msgspec.field(default_factory=list)
    items: list[Touch] = msgspec.field(default_factory=list)
    """At most three, what says most first."""
    texts: list[Said] = msgspec.field(default_factory=list)
    """At most two, oldest first."""
    keys: list[Key] = msgspec.field(default_factory=list)
    """Events to cite beside those of items and texts, packed."""
    order: str = ""
    """The last order's key."""
    weight: int = 0
    """What it says, in thousandths of log2, discounted to the epoch."""


_BESIDE_POINTS: Final[dict[str, float]] = {EventKind.REFUND: 1.5, EventKind.SUPPORT_MESSAGE: 1.5, EventKind.REVIEW: 1.0}
_MARK_POINTS: Final = tuple(
    2.0 * (marks & Mark.FIRST_VISIT > 0) + 5.0 * (marks & Mark.FIRST_ORDER > 0) + 1.0 * (marks & Mark.NEW_TOPIC > 0)
    for marks in range(2 * Mark.LATE)
)
"""Novelty, by marks."""
_WANTING_POINTS: Final = tuple(
    1.0 * (did & Did.CARTED > 0 and not did & Did.BOUGHT)
    + 0.7 * (did & Did.FAVOURITED > 0)
    + 0.3 * (did & Did.HESITATED > 0)
    for did in range(2 * Did.BOUGHT)
)
"""What was wanted and not bought, by what was done."""
_BAD_RATING: Final = 20
_ORDER_POINTS: Final = 2.0
_VALUE_AT_MOST: Final = 4.0


def weighed(episode: Episode, usual: float) -> int:
    """What an episode says, as `Episode.weight`; `usual` is the customer's mean order value before it.

    log2(points) + t / h orders any two episodes as points * 2^(-age / h) does at every moment after both, so an
    episode that says less than another now never says more later.
    """
    points = 1.0 + _MARK_POINTS[episode.marks] + 0.5 * (episode.searches > 0)
    if episode.items:
        points += _wanting(episode.items)
    if episode.orders and usual:
        points += _ORDER_POINTS + min(_VALUE_AT_MOST, episode.value / usual)
    if episode.complaint:
        points += 4.0
    if episode.what != VISIT:
        points += _BESIDE_POINTS.get(episode.what, 0.0) + 2.0 * (0 < episode.rating <= _BAD_RATING)
    return round(1000 * (log2(points) + episode.start / HALF_LIFE_S))


def _wanting(items: list[Touch]) -> float:
    """How much was wanted and not bought."""
    did = 0
    for touch in items:
        did |= touch.did
    return _WANTING_POINTS[did]


def event_ids(keys: list[Key]) -> tuple[str, ...]:
    """Stored keys as event ids, each once."""
    return tuple([unpacked(key) for key in dict.fromkeys(keys) if key])


def text_ref(said: Said) -> str:
    """The reference under which the text lies."""
    return said.ref or f"t_{unpacked(said.key)}"
