"""IncomingEvent -> Event: read the time, normalise identifiers, check money, give an id. Pure.

Ids are UUIDv7: the first 48 bits are the arrival time, the rest a hash of (workspace, source, message id), so the
same message arriving at the same moment always gets the same id and imports are reproducible.
"""

import hashlib
import math
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from app.database.types import to_micros
from app.errors import InvalidInput
from app.events.schemas import OUR_KINDS, OUR_SOURCE, Event, EventKind, Identifier, IncomingEvent, Money
from app.events.timestamps import check_plausible, parse_moment

MAX_MINOR = 10**13
"""Amounts beyond this (100 billion in major units) are errors of unit or of typing."""
MAX_TEXT = 20_000
"""Characters of free text kept of one event."""
MAX_NAME = 500
"""Characters of any id or name in an event."""

_NAMES = ("message_id", "kind", "item_id", "order_id", "session_id", "campaign_id", "arm_id", "decision_id")
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")

Normalise = Callable[[Mapping[str, str | int]], tuple[Identifier, ...]]
"""Raw identifiers -> normalised ones, strongest first, junk left out (see app/identity/identifiers.py)."""


class Intake(NamedTuple):
    """What has to be known to read one source's events."""

    workspace_id: str
    source: str
    zone: ZoneInfo
    currency: str
    received_at: datetime
    normalise: Normalise
    time_unit: str = "auto"
    time_format: str = ""


class Accepted(NamedTuple):
    """An event ready to be logged, its free text, and the hash that tells a resend from a conflict."""

    event: Event
    text: str | None
    payload_hash: str


def accept(incoming: IncomingEvent, intake: Intake) -> Accepted:
    """Read one event. InvalidInput says why it cannot be used; its message becomes the quarantine reason."""
    _check_names(incoming, intake.source)
    occurred_at = parse_moment(incoming.occurred_at, zone=intake.zone, unit=intake.time_unit, fmt=intake.time_format)
    check_plausible(occurred_at, received_at=intake.received_at)
    identifiers = intake.normalise(incoming.identifiers)
    if not identifiers:
        raise InvalidInput("no usable identifier: all are missing, blank or on the blocked list")
    event_id = new_event_id(intake.received_at, intake.workspace_id, intake.source, incoming.message_id)
    text = _clean_text(incoming.text)
    event = Event(
        event_id=event_id,
        workspace_id=intake.workspace_id,
        source=intake.source,
        message_id=incoming.message_id,
        kind=incoming.kind,
        occurred_at=occurred_at,
        received_at=intake.received_at,
        sent_at=parse_moment(incoming.sent_at, zone=intake.zone) if incoming.sent_at is not None else None,
        identifiers=identifiers,
        item_id=incoming.item_id,
        campaign_id=incoming.campaign_id,
        arm_id=incoming.arm_id,
        decision_id=incoming.decision_id,
        session_id=incoming.session_id,
        order_id=incoming.order_id,
        money=_money(incoming, intake.currency),
        text_ref=f"t_{event_id}" if text else None,
        properties=_properties(incoming),
    )
    return Accepted(event, text, payload_hash(event, text))


def new_event_id(received_at: datetime, *names: str) -> str:
    """A UUIDv7 (RFC 9562, section 5.7) whose random bits are a hash of `names`."""
    digest = int.from_bytes(hashlib.blake2b("\x1f".join(names).encode(), digest_size=10).digest(), "big")
    millis = to_micros(received_at) // 1000
    value = (millis << 80) | (0x7 << 76) | ((digest >> 68 & 0xFFF) << 64) | (0x2 << 62) | (digest & (1 << 62) - 1)
    return str(uuid.UUID(int=value))


def payload_hash(event: Event, text: str | None) -> str:
    """Same content, same hash, whenever it arrives: ids given by us and arrival times stay out of it."""
    content = (
        event.kind, event.occurred_at, event.identifiers, event.item_id, event.campaign_id, event.arm_id,
        event.decision_id, event.session_id, event.order_id, event.money, text, event.properties,
    )  # fmt: skip
    return hashlib.blake2b(msgspec.json.encode(content, order="deterministic"), digest_size=16).hexdigest()


def _check_names(incoming: IncomingEvent, source: str) -> None:
    if not incoming.message_id or not incoming.kind:
        raise InvalidInput("empty field: message_id and kind are needed")
    if incoming.kind in OUR_KINDS and source != OUR_SOURCE:
        raise InvalidInput(f"reserved kind: {incoming.kind} events are written by Understory alone")
    for name in _NAMES:
        value = getattr(incoming, name)
        if value is not None and (len(value) > MAX_NAME or not _is_text(value)):
            raise InvalidInput(f"bad {name}: longer than {MAX_NAME} characters, or NUL or lone surrogates inside")


def _money(incoming: IncomingEvent, currency: str) -> Money | None:
    if incoming.amount_minor is None:
        return None
    if not 0 <= incoming.amount_minor <= MAX_MINOR:
        raise InvalidInput(f"amount out of range: {incoming.amount_minor} minor units (0..{MAX_MINOR})")
    given = incoming.currency or currency
    if given != currency:
        raise InvalidInput(f"wrong currency: {given} in a workspace that keeps {currency}")
    return Money(incoming.amount_minor, given)


def _clean_text(text: str | None) -> str | None:
    if text is None:
        return None
    if not _is_text(text):
        raise InvalidInput("text holds NUL or lone surrogates")
    return text.strip()[:MAX_TEXT] or None


def _is_text(value: str) -> bool:
    return _UNUSABLE.search(value) is None


def _properties(incoming: IncomingEvent) -> dict[str, Any]:
    for name, value in incoming.properties.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidInput(f"property is not a finite number: {name!r}")
    if incoming.kind != EventKind.CONSENT:
        return incoming.properties
    return incoming.properties | {"granted": _granted(incoming.properties.get("granted"))}


def _granted(value: object) -> bool:
    """Consent must be said; a word that is neither yes nor no is no consent event at all."""
    word = str(value).strip().lower()
    if word in ("true", "1", "yes", "y"):
        return True
    if word in ("false", "0", "no", "n"):
        return False
    raise InvalidInput(f"consent neither granted nor refused: {value!r} (say true or false)")
