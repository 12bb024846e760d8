"""An event as `POST /v1/events` and its NDJSON lines have it -> IncomingEvent. Pure."""

from typing import Any

import msgspec

from app.events.schemas import IncomingEvent
from app.events.sources.mapping import Parsed


class EventIn(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it is posted. Other fields are kept in its properties."""

    message_id: str
    kind: str
    occurred_at: str | int | float
    identifiers: dict[str, str | int]
    item_id: str | None = None
    campaign_id: str | None = None
    arm_id: str | None = None
    decision_id: str | None = None
    session_id: str | None = None
    order_id: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    sent_at: str | int | float | None = None
    text: str | None = None
    properties: dict[str, Any] = msgspec.field(default_factory=dict)


_NAMES = EventIn.__struct_fields__
_FIELDS = frozenset(_NAMES)


def read_event(raw: dict[str, Any], line: int) -> Parsed:
    """One posted event, or why it is none."""
    try:
        event = _event(raw)
    except msgspec.ValidationError as error:
        message_id = raw.get("message_id")
        return Parsed(line, None, f"wrong field: {error}", raw, message_id if isinstance(message_id, str) else None)
    return Parsed(line, event, None, raw, event.message_id)


def _event(raw: dict[str, Any]) -> IncomingEvent:
    known = msgspec.convert(raw, EventIn)
    fields = {name: getattr(known, name) for name in _NAMES}
    if not raw.keys() <= _FIELDS:
        others = {name: value for name, value in raw.items() if name not in _FIELDS}
        fields["properties"] = others | known.properties
    return IncomingEvent(**fields)
