"""Remembers what happened, visit by visit: the newest, and those that say most about the customer.

What an episode says is weighed once, when it is over (`episodes.weighed`), in a way that keeps the order of any two
for ever, so that the weaker ones can be dropped for good. No words are kept: texts are named by their reference.
"""

from copy import copy
from datetime import datetime
from operator import attrgetter
from typing import Final

import msgspec

from app.events.schemas import EventKind, order_key
from app.profile.memory.arcs import Arc, Arcs, go_on
from app.profile.memory.episodes import VISIT, Episode, Mark, Said, weighed
from app.profile.memory.touches import DONE, Did, Touch, kept, noted, packed, touched, weight
from app.profile.seen import Context, Seen

NEWEST: Final = 4
"""The newest episodes are remembered whatever they say."""
TELLING: Final = 8
"""Of the older ones, those that say most."""
_ITEMS: Final = 3
_OLD_ITEMS: Final = 2
"""Items that an older episode keeps."""
_BEGUN: Final = 2
"""Items of a visit that may begin a story of coming back."""
_OPEN: Final = 8
"""Items and topics of the visit that goes on."""
_TEXTS: Final = 2
_OLD_TEXTS: Final = 1
_TOPICS: Final = 2
_CHAT_GAP_S: Final = 3600
"""Messages, refunds or words on consent within this time are one episode."""
_CONTENT: Final = 35
"""Rating in tenths above which words in a review are not taken for a complaint."""
_VIEWED, _BOUGHT, _INVITED = Did.VIEWED, Did.BOUGHT, Mark.INVITED
_LATE_HOURS: Final = frozenset({21, 22, 23, 0, 1, 2, 3, 4})
_BESIDE: Final = frozenset({
    EventKind.REVIEW.value, EventKind.SUPPORT_MESSAGE.value, EventKind.REFUND.value, EventKind.CONSENT.value,
})  # fmt: skip
_WEIGHT: Final = attrgetter("weight", "start")


class Visits(msgspec.Struct, array_like=True, gc=False):
    """What is remembered of one customer's visits."""

    open: Episode | None = None
    """The visit that goes on."""
    last_at: datetime | None = None
    """Its latest event ..."""
    tally: dict[str, int] = msgspec.field(default_factory=dict)
    """... and how often it touched each topic."""
    newest: list[Episode] = msgspec.field(default_factory=list)
    telling: list[Episode] = msgspec.field(default_factory=list)
    """Older ones, in the order in which they were remembered."""
    arcs: Arcs = msgspec.field(default_factory=Arcs)
    topics: list[str] = msgspec.field(default_factory=list)
    """What visits were about so far; as many as the taxonomy has."""
    orders: int = 0
    spent: int = 0


class Remembered(msgspec.Struct, frozen=True, gc=False):
    """What can be told."""

    episodes: tuple[Episode, ...] = ()
    """In order of time."""
    newest: int = 0
    """How many at the end follow one another without a gap."""
    arcs: tuple[tuple[str, Arc], ...] = ()
    """(item id, story), those that ended in buying first."""


def note(part: Visits, seen: Seen, context: Context) -> None:
    """Take in one event, in place."""
    if seen.fresh:
        _begin(part, seen)
    if seen.visit:
        if part.open is not None:
            _go_on(part, part.open, seen)
    elif seen.kind in _BESIDE:
        _beside(part, seen)


def view(part: Visits) -> Remembered:
    """The remembered episodes with the visit that goes on, and the stories over several visits."""
    if part.open is not None:
        part = _aside(part)
        _close(part)
    found = sorted([*part.telling, *part.newest], key=lambda e: e.start)
    return Remembered(tuple(found), len(part.newest), (*part.arcs.ended, *part.arcs.open.items()))


def _aside(part: Visits) -> Visits:
    """A copy whose open visit can be closed without a trace in the original."""
    again = msgspec.structs.replace(
        part, newest=[*map(copy, part.newest)], telling=[*part.telling], topics=[*part.topics]
    )
    if part.open is not None:
        again.open = msgspec.structs.replace(
            part.open, items=[*map(copy, part.open.items)], texts=[*map(copy, part.open.texts)]
        )
    open_arcs = {item: msgspec.structs.replace(arc, keys=[*arc.keys]) for item, arc in part.arcs.open.items()}
    again.arcs = Arcs(open_arcs, part.arcs.ended)
    return again


def _begin(part: Visits, seen: Seen) -> None:
    if part.open is not None:
        _close(part)
    start = int(seen.at.timestamp())
    marks = Mark.FIRST_VISIT * (seen.visit == 1) + Mark.LATE * (seen.local.hour in _LATE_HOURS)
    part.open = Episode(VISIT, seen.visit, start, start, marks)
    part.tally = {}


def _go_on(part: Visits, visit: Episode, seen: Seen) -> None:
    event = seen.event
    part.last_at = seen.at
    if seen.invited and not visit.marks & _INVITED:
        visit.marks |= _INVITED
        visit.keys = [noted(event.event_id)]
    if seen.topics:
        topic, tally = seen.topics[0], part.tally
        if topic in tally or len(tally) < _OPEN:
            tally[topic] = tally.get(topic, 0) + 1
    did = DONE.get(seen.kind, 0)
    if did and event.item_id:
        touched(_touch_of(visit.items, event.item_id), event, did)
    elif event.text_ref:
        visit.searches += seen.kind == EventKind.SEARCH
        _hear(visit, seen)
    if did == _VIEWED:
        visit.views += 1
    elif did == _BOUGHT:
        _order(part, visit, seen)


def _touch_of(items: list[Touch], item_id: str) -> Touch:
    for touch in items:
        if touch.item == item_id:
            return touch
    if len(items) == _OPEN:
        items.remove(min(items, key=weight))
    items.append(touch := Touch(item_id))
    return touch


def _order(part: Visits, visit: Episode, seen: Seen) -> None:
    event = seen.event
    visit.lines += 1
    visit.value += event.money.amount_minor if event.money else 0
    if (key := order_key(event)) != visit.order:
        visit.order = key
        visit.orders += 1
        visit.marks |= 0 if part.orders else Mark.FIRST_ORDER
        part.orders += 1
        visit.keys = [*visit.keys, noted(event.event_id)][-_ITEMS:]


def _hear(episode: Episode, seen: Seen) -> None:
    """Keep the newest texts of an episode by reference."""
    event, ref = seen.event, seen.event.text_ref or ""
    said = Said(event.kind, noted(event.event_id), "" if ref == f"t_{event.event_id}" else ref)
    episode.texts = [*episode.texts, said][-_TEXTS:]
    if seen.text is not None and seen.text.complaint and not episode.rating > _CONTENT:
        episode.complaint = seen.text.complaint.value


def _beside(part: Visits, seen: Seen) -> None:
    """A review, a message, a refund or a consent taken back; joined to the one just before where they are one."""
    event, now = seen.event, int(seen.event.occurred_at.timestamp())
    if event.kind == EventKind.CONSENT and event.properties.get("granted") is not False:
        return
    last = part.newest[-1] if part.newest else None
    if last is None or last.what != event.kind or now - last.end > _CHAT_GAP_S or event.kind == EventKind.REVIEW:
        last = Episode(str(event.kind), 0, now)
        _remember(part, last)
    last.end = now
    last.lines += 1
    last.value += event.money.amount_minor if event.money else 0
    _describe(last, seen)
    if event.text_ref:
        _hear(last, seen)
        last.texts[-1].key = kept(last.texts[-1].key)
    last.keys = [*last.keys, packed(event.event_id)][-_ITEMS:]
    last.weight = weighed(last, 0.0)


def _describe(episode: Episode, seen: Seen) -> None:
    event = seen.event
    rating = event.properties.get("rating")
    if event.kind == EventKind.REVIEW and isinstance(rating, int | float) and 0 < rating <= 10:
        episode.rating = round(rating * 10)
    if event.item_id and not episode.items:
        episode.items = [Touch(event.item_id)]
    if event.kind == EventKind.CONSENT:
        episode.complaint = str(event.properties.get("channel") or "")[:20]
    episode.topics = list(seen.topics[:1])


def _close(part: Visits) -> None:
    """Weigh the visit that is over, keep what says most of it, and go on with the stories of its items."""
    visit, part.open = part.open, None
    if visit is None or not (visit.items or visit.texts or visit.orders):
        return
    visit.end = int(part.last_at.timestamp()) if part.last_at else visit.start
    if len(visit.items) > 1:
        visit.items.sort(key=weight, reverse=True)
    for touch in visit.items[:_ITEMS]:
        touch.key = kept(touch.key)
    for place, touch in enumerate(visit.items):
        if place < _BEGUN or touch.item in part.arcs.open:
            go_on(part.arcs, touch, visit)
    del visit.items[_ITEMS:]
    for said in visit.texts:
        said.key = kept(said.key)
    if visit.keys:
        visit.keys = [kept(key) for key in visit.keys]
    if part.tally:
        _name(part, visit)
    before = part.orders - visit.orders
    visit.weight = weighed(visit, part.spent / before if before else visit.value)
    part.spent += visit.value
    _remember(part, visit)


def _name(part: Visits, visit: Episode) -> None:
    """What the visit was about, and whether that is new."""
    tally, known = part.tally, part.topics
    visit.topics = sorted(tally, key=tally.__getitem__, reverse=True)[:_TOPICS] if len(tally) > 1 else [*tally]
    if visit.topics[0] not in known:
        visit.marks |= Mark.NEW_TOPIC
    for topic in tally:
        if topic not in known:
            known.append(topic)


def _remember(part: Visits, episode: Episode) -> None:
    """Put it among the newest; what leaves them stays when it says more than the weakest older one."""
    part.newest.append(episode)
    if len(part.newest) <= NEWEST:
        return
    older = part.newest.pop(0)
    older.items, older.texts = older.items[:_OLD_ITEMS], older.texts[-_OLD_TEXTS:]
    telling = part.telling
    telling.append(older)
    if len(telling) > TELLING:
        weights = [*map(_WEIGHT, telling)]
        del telling[weights.index(min(weights))]
