"""What a customer comes back to: one item over several visits, told as one story.

Bounded: the items that are being considered, and the few stories that ended in buying.
"""

from typing import Final

import msgspec

from app.profile.memory.episodes import Episode, Mark
from app.profile.memory.touches import Did, Key, Touch, kept

CONSIDERED: Final = 6
"""Items that can be considered at the same time."""
ENDED: Final = 2
"""Stories that ended in buying, newest last."""
FORGOTTEN_AFTER_S: Final = 30 * 86_400
"""After so long a look at the same item begins another story."""
WORTH_VISITS: Final = 3
"""Visits with an item, the one that bought it included, that make buying it the end of a story."""
_KEYS: Final = 3
_WEEK: Final = 7 * 86_400
_LATE, _CARTED, _BOUGHT = Mark.LATE, Did.CARTED, Did.BOUGHT


class Arc(msgspec.Struct, array_like=True, gc=False):
    """One item that visits come back to. Times in whole seconds of UTC."""

    began: int = 0
    last: int = 0
    visits: int = 0
    nights: int = 0
    """Visits that began late in the evening or at night."""
    carted: int = 0
    """Visits in which it was put in the cart."""
    dwell: int = 0
    """Seconds on its page."""
    bought: int = 0
    """When it was bought; 0 while it was not."""
    first_visit: int = 0
    """Number of the first visit ..."""
    visit: int = 0
    """... and of the latest."""
    keys: list[Key] = msgspec.field(default_factory=list)
    """Packed ids: the first and the newest events that say most."""


class Arcs(msgspec.Struct, array_like=True, gc=False):
    """The stories that go on, and those that ended."""

    open: dict[str, Arc] = msgspec.field(default_factory=dict)
    """Item id -> the story that goes on."""
    ended: list[tuple[str, Arc]] = msgspec.field(default_factory=list)
    """(item id, story)."""


def go_on(arcs: Arcs, touch: Touch, visit: Episode) -> None:
    """Take in what one visit did to one item; a purchase starts no story."""
    arc = arcs.open.get(touch.item)
    if arc is None:
        if touch.did & _BOUGHT:
            return
        _make_room(arcs)
        arc = arcs.open[touch.item] = Arc(visit.start, first_visit=visit.visit)
    elif visit.start - arc.last > FORGOTTEN_AFTER_S:
        arc = arcs.open[touch.item] = Arc(visit.start, first_visit=visit.visit)
    _extend(arc, touch, visit)
    if touch.did & _BOUGHT:
        del arcs.open[touch.item]
        if arc.visits >= WORTH_VISITS:
            arc.bought = visit.start
            arcs.ended = [*arcs.ended, (touch.item, arc)][-ENDED:]


def _extend(arc: Arc, touch: Touch, visit: Episode) -> None:
    arc.visits += 1
    if visit.marks & _LATE:
        arc.nights += 1
    if touch.did & _CARTED:
        arc.carted += 1
    arc.dwell += touch.dwell
    arc.last, arc.visit = visit.start, visit.visit
    keys = arc.keys
    if len(keys) == _KEYS:
        del keys[1]
    keys.append(kept(touch.key))


def _make_room(arcs: Arcs) -> None:
    """The oldest story goes first; every visit and every cart counts as a week."""
    if len(arcs.open) == CONSIDERED:
        hold = [arc.last + (arc.visits + arc.carted) * _WEEK for arc in arcs.open.values()]
        del arcs.open[list(arcs.open)[hold.index(min(hold))]]
