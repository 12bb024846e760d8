"""What the parts of the fold are told of one event, worked out once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from app.events.schemas import OUR_SOURCE, PASSIVE_KINDS, Event, EventKind, Item
from app.text.features import Features
from app.text.taxonomy import Taxonomy

SESSION_GAP = timedelta(minutes=30)
"""Silence after which an event without a session id begins another visit."""


class Context(msgspec.Struct, frozen=True):
    """What the fold needs beside the events; the same context and events give the same state, always."""

    taxonomy: Taxonomy
    zone: ZoneInfo
    items: Mapping[str, Item]
    texts: Mapping[str, str]
    topics: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Those of the items that were asked for so far."""

    def topics_of_item(self, item: Item) -> tuple[str, ...]:
        """Topics of a product of `items`."""
        found = self.topics.get(item.item_id)
        if found is None:
            found = self.topics[item.item_id] = self.taxonomy.topics_of_item(item.title, item.category_path)
        return found


class Visit(msgspec.Struct, array_like=True, gc=False):
    """The visit that goes on."""

    number: int = 0
    """Visits so far, this one included; 0 before the first."""
    session_id: str | None = None
    last_at: datetime | None = None
    invited: bool = False
    """A campaign brought it about, so it says less of the customer's own wishes."""


class Seen(msgspec.Struct, frozen=True, gc=False):
    """One event as every part of the fold sees it."""

    event: Event
    kind: str
    at: datetime
    ours: bool
    """We wrote it, and no source did."""
    item: Item | None
    topics: tuple[str, ...]
    """At most two, the main one first."""
    impact: float
    """What the taxonomy lets an event of this kind add to its topics."""
    text: Features | None
    """Closed, bounded features of what was written; no text goes further than this."""
    local: datetime
    """The moment in the workspace's zone."""
    day: int
    """Ordinal of the local day."""
    active: bool
    """The customer did something, rather than something being done to them."""
    fresh: bool
    """The first event of a visit."""
    visit: int
    """Number of the visit that it belongs to; 0 for what belongs to none (refunds, messages, texts written later)."""
    invited: bool
    """The visit was brought about by a campaign."""


_PASSIVE: Final = frozenset(kind.value for kind in PASSIVE_KINDS)
_LATER: Final = frozenset({
    EventKind.REVIEW.value, EventKind.SUPPORT_MESSAGE.value, EventKind.CAMPAIGN_OPENED.value, EventKind.CONSENT.value,
})  # fmt: skip
"""Kinds that happen beside visits unless they carry a visit's session."""


def look(visit: Visit, event: Event, context: Context) -> Seen:
    """One event as the fold sees it; `visit` is moved on in place."""
    kind, at = event.kind, event.occurred_at
    active = kind not in _PASSIVE
    beside = not active or (kind in _LATER and event.session_id is None)
    fresh = not beside and _goes_on_to(visit, event)
    local = at.astimezone(context.zone)
    item = context.items.get(event.item_id) if event.item_id else None
    text = context.texts.get(event.text_ref) if event.text_ref else None
    return Seen(
        event,
        kind,
        at,
        event.source == OUR_SOURCE,
        item,
        _topics(item, text, context),
        context.taxonomy.impact(kind),
        context.taxonomy.features(text) if text else None,
        local,
        local.toordinal(),
        active,
        fresh,
        0 if beside or (kind in _LATER and event.session_id != visit.session_id) else visit.number,
        visit.invited,
    )


def topics_of(event: Event, context: Context) -> tuple[str, ...]:
    """Topics that an event touches: its item's, else what its text names."""
    item = context.items.get(event.item_id) if event.item_id else None
    return _topics(item, context.texts.get(event.text_ref) if event.text_ref else None, context)


def _topics(item: Item | None, text: str | None, context: Context) -> tuple[str, ...]:
    if item is not None:
        return context.topics_of_item(item)
    return context.taxonomy.topics_in(text) if text else ()


def _goes_on_to(visit: Visit, event: Event) -> bool:
    """Move the visit on to this event; True when another one begins."""
    session, last = event.session_id, visit.last_at
    if last is None:
        same = False
    elif session and visit.session_id:
        same = session == visit.session_id
    else:
        same = event.occurred_at - last <= SESSION_GAP
    visit.last_at = event.occurred_at
    if not same:
        visit.number += 1
        visit.session_id, visit.invited = session, False
    elif session:
        visit.session_id = session
    if event.properties.get("entry") == "campaign":
        visit.invited = True
    return not same
