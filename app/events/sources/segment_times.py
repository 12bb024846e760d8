"""When a Segment message happened, by whose clock, and how a message without an id is told from others."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from app.errors import InvalidInput
from app.events.timestamps import parse_moment

TOLERANCE = timedelta(seconds=1)
"""Clocks that differ by less are right: the way here takes as long."""
_LONG_WAIT = timedelta(days=366)
_FAR_OFF = timedelta(days=1)


class Times(NamedTuple):
    """The times of one message."""

    occurred_at: datetime | None
    """By the sender's clock; None when the message carries no time, so that its arrival counts."""
    sent_at: datetime | None
    correction_ms: int
    """What to add to `occurred_at`; 0 when the sender's clock is right or cannot be judged."""


def times_of(message: Mapping[str, Any], *, sent_at: Any, received_at: datetime, zone: ZoneInfo) -> Times:
    """Segment's rule: what happened so long before it was sent happened so long before it arrived.

    A message that carries its own `receivedAt` was corrected by the server that received it first. InvalidInput when
    its time cannot be read; a `sentAt` that cannot be read, or that contradicts the time, is left out.
    """
    first, second = (
        ("timestamp", "originalTimestamp") if message.get("receivedAt") else ("originalTimestamp", "timestamp")
    )
    field = first if message.get(first) is not None else second
    sent = _readable(message.get("sentAt") if message.get("sentAt") is not None else sent_at, zone)
    if message.get(field) is None:
        return Times(None, sent, 0)
    occurred = _read(message[field], field, zone)
    if sent is None or message.get("receivedAt"):
        return Times(occurred, sent, 0)
    skew, waited = received_at - sent, sent - occurred
    if waited < -TOLERANCE or (waited > _LONG_WAIT and abs(skew) > _FAR_OFF):
        return Times(occurred, None, 0)
    return Times(occurred, sent, round(skew / timedelta(milliseconds=1)) if abs(skew) > TOLERANCE else 0)


def is_off(sent_at: Any, received_at: datetime, zone: ZoneInfo) -> bool:
    """Whether the sender's clock, as `sentAt` shows it, is not ours."""
    sent = _readable(sent_at, zone)
    return sent is not None and abs(received_at - sent) > TOLERANCE


def content_id(message: Mapping[str, Any], arrived_at: datetime | None) -> str:
    """A name for a message without one: what it says, and when it came if it says no time."""
    said = {name: value for name, value in message.items() if name not in ("sentAt", "_metadata", "writeKey")}
    try:
        encoded = msgspec.json.encode((said, arrived_at), order="deterministic")
    except (UnicodeEncodeError, OverflowError, RecursionError, TypeError):
        raise InvalidInput("wrong field: a message without messageId that cannot be named by its content") from None
    return "content-" + hashlib.blake2b(encoded, digest_size=12).hexdigest()


def _read(value: Any, field: str, zone: ZoneInfo) -> datetime:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InvalidInput(f"not a time: {field} must be an ISO 8601 text or a number")
    return parse_moment(value, zone=zone)


def _readable(value: Any, zone: ZoneInfo) -> datetime | None:
    try:
        return None if value is None else _read(value, "sentAt", zone)
    except InvalidInput:
        return None
