"""Messages of any Segment or RudderStack SDK -> events: identify, track, page, screen, group, alias. Pure.

A message usually becomes one event; an order becomes one for each product, a consent banner one for each category.
Nothing is dropped: an event that we do not know keeps its own name as its kind. The mapping table is in README.md.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from app.errors import InvalidInput
from app.events.intake import MAX_NAME, Intake
from app.events.schemas import EventKind, IncomingEvent
from app.events.sources.mapping import Parsed
from app.events.sources.segment_names import LISTED, key_of, kind_of
from app.events.sources.segment_orders import currency_of, lines_of, product_id
from app.events.sources.segment_people import (
    Fields,
    consents_of,
    context_of,
    identifiers_of,
    inner,
    kept,
    name_of,
    object_of,
    traits_of,
)
from app.events.sources.segment_times import content_id, is_off, times_of

SOURCE = "segment"
"""Source of every tracking call. One for all SDKs of a workspace, as with Segment itself: a message that is sent
again, by another process, through another key or to another path, meets its first copy, and the order numbers of
browser and server are the same numbers."""
TYPES = ("identify", "track", "page", "screen", "group", "alias")
MAX_MESSAGE_BYTES = 32 << 10
"""Bytes of one message, written without blanks."""
_MEANT_FOR_US = frozenset({
    "type", "event", "properties", "traits", "context", "userId", "anonymousId", "previousId", "groupId", "messageId",
    "timestamp", "originalTimestamp", "sentAt", "receivedAt", "name", "category", "integrations", "writeKey",
    "channel", "version", "_metadata", "rudderId", "request_ip", "requestIP",
})  # fmt: skip
"""Fields of a message that are read here or belong to its transport. Others stay in the properties."""
_TEXTS: Mapping[str, tuple[str, ...]] = {
    EventKind.SEARCH: ("query", "search_string", "text"),
    EventKind.REVIEW: ("review_body", "review", "body", "text"),
    EventKind.SUPPORT_MESSAGE: ("message_body", "message", "body", "text"),
    EventKind.SHARE: ("share_message", "message"),
}
"""Where free text stands: it lies in its own table, so that it can be redacted and erased apart."""
_REFUSALS = ("withdrawn", "revoked", "denied", "refused", "unsubscribed", "spam")
_CAMPAIGN_KINDS = (EventKind.CAMPAIGN_SENT, EventKind.CAMPAIGN_OPENED, EventKind.CAMPAIGN_CLICKED)
_GRANTS = ("given", "granted")


class Arrival(NamedTuple):
    """What the messages of one request share."""

    received_at: datetime
    currency: str
    zone: ZoneInfo
    sent_at: Any = None
    """`sentAt` of the batch, as it came."""

    @classmethod
    def at(cls, intake: Intake, *, sent_at: Any = None) -> "Arrival":
        """What the source's intake says."""
        return cls(intake.received_at, intake.currency, intake.zone, sent_at)


def without_format(intake: Intake) -> Intake:
    """The intake of this source: messages say their times in one way only, so that no set format is applied."""
    return intake._replace(time_unit="auto", time_format="")


class Read(NamedTuple):
    """One message: its events, or why there are none, and what its sender should know."""

    records: tuple[Parsed, ...]
    note: str | None = None


class SegmentReader:
    """Reads the messages of one request in order."""

    def __init__(self, arrival: Arrival) -> None:
        """`arrival` is what they share."""
        self._arrival = arrival
        self._contents: Counter[str] = Counter()
        self._consented: dict[tuple[str, str], bool] = {}

    def read(self, index: int, message: Mapping[str, Any], *, call: str | None = None) -> Read:
        """One message. `call` is the path that it was sent to, which names its type when it was sent alone."""
        row = dict(message)
        row.pop("writeKey", None)
        try:
            if len(msgspec.json.encode(row)) > MAX_MESSAGE_BYTES:
                raise InvalidInput(too_large())
            kind = call or _type(row)
            shared, note = self._shared(kind, row)
            events = self._events(kind, row, shared)
        except InvalidInput as error:
            row |= self._for_a_replay(row, call)
            return Read((Parsed(index, None, str(error), row, name_of(row, "messageId")),))
        return Read(tuple(Parsed(index, event, None, row) for event in events), note)

    def _for_a_replay(self, row: Fields, call: str | None) -> dict[str, Any]:
        """What the request said of a message that could not be read, so that it can be read again without it.

        A right clock needs no `sentAt`: without it, the same message sent twice is one record.
        """
        arrival, said = self._arrival, {"type": call} if call else {}
        if row.get("sentAt") is None and is_off(arrival.sent_at, arrival.received_at, arrival.zone):
            said["sentAt"] = arrival.sent_at
        return said

    def _shared(self, call: str, message: Fields) -> tuple[IncomingEvent, str | None]:
        """What every event of the message has in common."""
        arrival, context = self._arrival, object_of(message, "context")
        times = times_of(message, sent_at=arrival.sent_at, received_at=arrival.received_at, zone=arrival.zone)
        message_id, note = name_of(message, "messageId"), None
        if message_id is None:
            message_id, note = self._made_id(message, dated=times.occurred_at is not None)
        # A group's traits describe the group: only the context may name the person then.
        own = {} if call == "group" else object_of(message, "traits")
        properties = object_of(message, "properties")
        return IncomingEvent(
            message_id=message_id,
            kind="",
            occurred_at=times.occurred_at,
            identifiers=identifiers_of(message, context, {**inner(context, "traits"), **own}),
            session_id=name_of(properties, "session_id", "sessionId") or name_of(context, "sessionId", "session_id"),
            sent_at=times.sent_at,
            clock_correction_ms=times.correction_ms,
        ), note

    def _made_id(self, message: Fields, *, dated: bool) -> tuple[str, str]:
        """The content names a message without an id; without a time too, its arrival is part of the content."""
        digest = content_id(message, None if dated else self._arrival.received_at)
        self._contents[digest] += 1
        note = "no messageId: one was made of the content" + ("" if dated else " and the time of arrival")
        return f"{digest}-{self._contents[digest]}", note

    def _events(self, call: str, message: Fields, shared: IncomingEvent) -> list[IncomingEvent]:
        context, properties = object_of(message, "context"), object_of(message, "properties")
        match call:
            case "track":
                events = self._track(message, properties, context, shared)
            case "identify":
                traits = traits_of({**inner(context, "traits"), **object_of(message, "traits")}, context)
                events = [_with(shared, EventKind.IDENTIFY, {"traits": traits})]
            case "group":
                about = {"group_id": name_of(message, "groupId"), "traits": kept(object_of(message, "traits"))}
                events = [_with(shared, "group", kept(about))]
            case "alias":
                if "alias" not in shared.identifiers:
                    raise InvalidInput("empty field: previousId, the name that the person had before")
                events = [_with(shared, EventKind.ALIAS, {})]
            case "page" | "screen":
                named = {name: message.get(name) for name in ("name", "category")}
                events = [_with(shared, call, kept(named) | kept(properties))]
            case _:
                raise InvalidInput(f"wrong field: type must be one of {', '.join(TYPES)}")
        beside = _beside(message, context)
        if events and beside:
            events[0] = _with(events[0], events[0].kind, beside | events[0].properties)
        return [*events, *self._banner(message, context, shared, taken=bool(events))]

    def _track(
        self, message: Fields, properties: Fields, context: Fields, shared: IncomingEvent
    ) -> list[IncomingEvent]:
        name = message.get("event")
        if not isinstance(name, str) or not name.strip():
            raise InvalidInput("empty field: event, the name of what is tracked")
        kind = kind_of(name)
        if kind == EventKind.CONSENT:
            return _consent(name, properties, context, shared)
        if kind not in (EventKind.ORDER, EventKind.REFUND) and key_of(name) not in LISTED:
            return [_tracked(kind, name, properties, product_id(properties), shared)]
        currency = currency_of(properties, self._arrival.currency)
        events: list[IncomingEvent] = []
        for n, line in enumerate(lines_of(kind, properties, currency), start=1):
            event = _tracked(kind, name, line.properties, line.item_id, shared)
            events.append(
                replace(
                    event,
                    message_id=_numbered(shared.message_id, n),
                    part_of=shared.message_id if n > 1 else None,
                    order_id=name_of(properties, "order_id", "orderId"),
                    amount_minor=line.amount_minor,
                    currency=currency if line.amount_minor is not None else None,
                )
            )
        return events

    def _banner(self, message: Fields, context: Fields, shared: IncomingEvent, *, taken: bool) -> list[IncomingEvent]:
        """The consent banner's categories, for each person where they differ from what the request said before.

        They are said on a site or in an app, and hold there: a cookie banner's yes permits no text message.
        """
        said = consents_of(context) or consents_of(object_of(message, "properties"))
        person = repr(sorted(shared.identifiers.items())) if said else ""
        events: list[IncomingEvent] = []
        for category, granted in said:
            if taken and self._consented.get((person, category)) == granted:
                continue
            self._consented[person, category] = granted
            properties = {"purpose": category, "channel": "onsite", "granted": granted}
            message_id = f"{shared.message_id}#consent:{category}" if taken or events else shared.message_id
            events.append(replace(_with(shared, EventKind.CONSENT, properties), message_id=message_id))
        return events


def too_large() -> str:
    """Why a message above the limit is refused."""
    return f"too large: a message may have {MAX_MESSAGE_BYTES} bytes"


def _numbered(message_id: str, n: int) -> str:
    """The message id of the n-th product; one that the log would refuse refuses the message."""
    numbered = f"{message_id}#{n}" if n > 1 else message_id
    if len(numbered) > MAX_NAME:
        raise InvalidInput(f"bad message_id: longer than {MAX_NAME} characters")
    return numbered


def _type(message: Fields) -> str:
    given = message.get("type")
    return given.strip().lower() if isinstance(given, str) else ""


def _tracked(kind: str, name: str, properties: Fields, item_id: str | None, shared: IncomingEvent) -> IncomingEvent:
    """One event of a track call; the name stays beside the kind where it says more."""
    text_field = next((f for f in _TEXTS.get(kind, ()) if isinstance(properties.get(f), str)), None)
    rest = {field: value for field, value in properties.items() if field != text_field and value is not None}
    campaign_id, channel = _about_campaign(kind, name, properties)
    return replace(
        shared,
        kind=kind,
        item_id=item_id,
        order_id=name_of(properties, "order_id", "orderId"),
        campaign_id=campaign_id,
        arm_id=name_of(properties, "arm_id"),
        decision_id=name_of(properties, "decision_id"),
        text=properties[text_field] if text_field else None,
        properties=channel | rest | ({} if kind == name.strip() else {"event": name.strip()}),
    )


def _about_campaign(kind: str, name: str, properties: Fields) -> tuple[str | None, dict[str, Any]]:
    """Which campaign it belongs to, and on which channel it went out."""
    key = key_of(name)
    promotion = ("promotion_id", "promotionId") if key.startswith("promotion") else ()
    channel = next((c for c in ("email", "push") if key.startswith(c) and kind in _CAMPAIGN_KINDS), None)
    return name_of(properties, "campaign_id", "campaignId", *promotion), {"channel": channel} if channel else {}


def _consent(name: str, properties: Fields, context: Fields, shared: IncomingEvent) -> list[IncomingEvent]:
    """What the event itself says; nothing when only the banner's categories say it."""
    words = key_of(name)
    said = properties.get("granted", properties.get("status"))
    if said is None and any(word in words for word in _REFUSALS):
        said = False
    if said is None and any(word in words for word in _GRANTS):
        said = True
    if said is None and (consents_of(context) or consents_of(properties)):
        return []
    by_mail = {"channel": "email"} if words in ("unsubscribed", "emailmarkedasspam") else {}
    return [_with(shared, EventKind.CONSENT, by_mail | kept(properties) | {"granted": said, "event": name.strip()})]


def _beside(message: Fields, context: Fields) -> dict[str, Any]:
    """Context and fields that nothing above reads, for the message's first event."""
    others = {name: value for name, value in message.items() if name not in _MEANT_FOR_US and value is not None}
    about = context_of({**context, "channel": message.get("channel")})
    return others | ({"context": about} if about else {})


def _with(event: IncomingEvent, kind: str, properties: Mapping[str, Any]) -> IncomingEvent:
    return replace(event, kind=str(kind), properties=dict(properties))
