"""Events and catalogue items. msgspec structs, because every behaviour record passes through them.

An order, review or chat is a run of events: each order *line* is one event of kind `order` sharing its `order_id`.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from app.events.timestamps import EARLIEST


class EventKind(StrEnum):
    """The kinds that the product understands. Others are kept in the log and shown as they came."""

    IMPRESSION = "impression"
    SEARCH = "search"
    VIEW = "view"
    MEDIA = "media"
    FAVOURITE = "favourite"
    CART_ADD = "cart_add"
    CART_REMOVE = "cart_remove"
    ORDER = "order"
    REFUND = "refund"
    REVIEW = "review"
    SUPPORT_MESSAGE = "support_message"
    COUPON = "coupon"
    SHARE = "share"
    FOLLOW = "follow"
    REFERRAL = "referral"
    SESSION = "session"
    IDENTIFY = "identify"
    ALIAS = "alias"
    CONSENT = "consent"
    CAMPAIGN_SENT = "campaign_sent"
    CAMPAIGN_OPENED = "campaign_opened"
    CAMPAIGN_CLICKED = "campaign_clicked"
    CAMPAIGN_STOPPED = "campaign_stopped"
    OUTCOME = "outcome"
    CORRECTION = "correction"
    MERGE = "merge"
    UNMERGE = "unmerge"
    DECISION = "decision"
    APPROVAL = "approval"
    INFERENCE_RECORDED = "inference_recorded"


OUR_SOURCE = "understory"
"""Source of the events that we write ourselves (decisions, approvals, corrections)."""
OUR_KINDS = frozenset(
    {
        EventKind.DECISION,
        EventKind.APPROVAL,
        EventKind.CAMPAIGN_STOPPED,
        EventKind.INFERENCE_RECORDED,
        EventKind.MERGE,
        EventKind.UNMERGE,
    }
)
"""Kinds that only we may write: no source can forge a decision or undo a merge."""


PASSIVE_KINDS = OUR_KINDS | {EventKind.CAMPAIGN_SENT, EventKind.REFUND, EventKind.OUTCOME, EventKind.CORRECTION}
"""Kinds that happen to a customer: they show neither presence nor habits."""
GRAPH_KINDS = frozenset({EventKind.MERGE, EventKind.UNMERGE})
"""Kinds that speak of the identity graph and not of what a customer did: never folded, in nobody's history."""
CAMPAIGN = "campaign"
"""Identifier type of events of ours that are about a whole campaign, and so in nobody's history."""
_NOT_ALWAYS_SOMEBODYS = GRAPH_KINDS | {EventKind.APPROVAL, EventKind.CAMPAIGN_STOPPED}


class Money(msgspec.Struct, frozen=True, gc=False):
    """An amount in integer minor units (fen, pence, cents) of a currency."""

    amount_minor: int
    currency: str


class Identifier(msgspec.Struct, frozen=True, order=True, gc=False):
    """One name by which a source knows a customer: user_id, phone, email, openid, device, anonymous ..."""

    type: str
    value: str

    @property
    def key(self) -> str:
        """`type:value`, the form in which identifiers are stored and compared."""
        return f"{self.type}:{self.value}"


class Named(NamedTuple):
    """The usable names of an event, and what of them may only be kept encrypted."""

    identifiers: tuple[Identifier, ...]
    """Normalised, strongest first, junk left out."""
    raw: tuple[tuple[str, str], ...] = ()
    """(identifier key, normalised value) of the types that are kept as a keyed hash only."""


class Member(NamedTuple):
    """One identifier of a customer, for the time in which it is theirs: [valid_from, valid_until)."""

    key: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether the identifier is this customer's at `moment`."""
        begun = self.valid_from is None or self.valid_from <= moment
        return begun and (self.valid_until is None or moment < self.valid_until)


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing that happened to one customer. Immutable once acknowledged."""

    event_id: str
    workspace_id: str
    source: str
    message_id: str
    schema_version: int = 1
    kind: str
    occurred_at: datetime
    received_at: datetime
    sent_at: datetime | None = None
    clock_correction_ms: int = 0
    identifiers: tuple[Identifier, ...]
    item_id: str | None = None
    campaign_id: str | None = None
    arm_id: str | None = None
    decision_id: str | None = None
    session_id: str | None = None
    order_id: str | None = None
    money: Money | None = None
    text_ref: str | None = None
    properties: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def subject(self) -> str:
        """Key of the identifier that it belongs to; "" when it is about the identity graph or a whole campaign."""
        if self.kind not in _NOT_ALWAYS_SOMEBODYS:
            return self.identifiers[0].key
        first = self.identifiers[0]
        return "" if self.kind in GRAPH_KINDS or first.type == CAMPAIGN else first.key

    @property
    def order_key(self) -> tuple[datetime, datetime, str]:
        """Sorts a customer's events into canonical order."""
        return (self.occurred_at, self.received_at, self.event_id)


def order_key(event: Event) -> str:
    """Names one order: order numbers are a source's own, and a line without one is an order of its own."""
    return f"{event.source}/{event.order_id}" if event.order_id else event.event_id


class IncomingEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event as a source or the API hands it over: times unread, identifiers raw, nothing checked yet."""

    message_id: str
    kind: str
    occurred_at: str | int | float | datetime | None
    """None: the source says no time, so it happened when it arrived."""
    identifiers: dict[str, str | int]
    item_id: str | None = None
    campaign_id: str | None = None
    arm_id: str | None = None
    decision_id: str | None = None
    session_id: str | None = None
    order_id: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    sent_at: str | int | float | datetime | None = None
    clock_correction_ms: int = 0
    """What to add to the times of a sender whose clock is wrong."""
    arrived_at: datetime | None = None
    """When it first arrived, for a source that says no time: a replay keeps it."""
    part_of: str | None = None
    """Message id of the event before it in the same message, which shares its fate when that is a conflict."""
    text: str | None = None
    properties: dict[str, Any] = msgspec.field(default_factory=dict)


class JsonEvent(IncomingEvent, frozen=True, kw_only=True, gc=False):
    """The same with the types that JSON has, so that it is decoded in one step."""

    occurred_at: str | int | float
    sent_at: str | int | float | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One product of the catalogue, as it stood from `valid_from`. Prices in minor units."""

    item_id: str
    title: str
    category_path: tuple[str, ...] = ()
    brand: str | None = None
    price: int | None = None
    cost: int | None = None
    currency: str
    valid_from: datetime
    earlier: tuple[tuple[datetime, int | None], ...] = ()
    """Prices before this version with the moments from which they held, oldest first; as far as readers need them."""

    def price_at(self, moment: datetime) -> int | None:
        """The catalogue price at a moment; None when it is not known.

        An entry without a date says what an item is, and nothing of what it cost when.
        """
        if EARLIEST < self.valid_from <= moment:
            return self.price
        held = [price for since, price in self.earlier if EARLIEST < since <= moment]
        return held[-1] if held else None


class History(NamedTuple):
    """All that the log knows of one customer up to a moment: events in canonical order, their texts and items."""

    events: tuple[Event, ...]
    texts: dict[str, str]
    """text_ref -> what was written (review, chat, query)."""
    items: dict[str, Item]
    """item_id -> catalogue entry, for the items that the events name."""
