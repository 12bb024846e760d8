"""IncomingEvent -> Event: read the time, normalise identifiers, check money, give an id. Pure.

Ids are UUIDv7: the first 48 bits are the arrival time, the rest a hash of (workspace, source, message id), so the
same message arriving at the same moment always gets the same id and imports are reproducible.
"""

import hashlib
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from app.database.types import to_micros
from app.errors import InvalidInput
from app.events.schemas import OUR_KINDS, OUR_SOURCE, Event, EventKind, IncomingEvent, Money, Named
from app.events.timestamps import check_plausible, parse_moment
from app.privacy.properties import sealed_properties

MAX_MINOR = 10**13
"""Amounts beyond this (100 billion in major units) are errors of unit or of typing."""
MAX_TEXT = 20_000
"""Characters of free text kept of one event."""
MAX_NAME = 500
"""Characters of any id or name in an event."""
MAX_CORRECTION_MS = 10 * 366 * 24 * 3_600_000
"""A clock that is ten years off is not corrected but refused."""

_UNUSABLE = re.compile("[\x00\ud800-\udfff]")

Normalise = Callable[[Mapping[str, str | int]], Named]
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
    raw: tuple[tuple[str, str], ...] = ()
    """(identifier key, normalised value) of the identifiers that the log holds as a keyed hash only."""
    part_of: str | None = None
    """Message id of the event whose conflict is also this one's."""


def accept(incoming: IncomingEvent, intake: Intake) -> Accepted:
    """Read one event. InvalidInput says why it cannot be used; its message becomes the quarantine reason."""
    _check_names(incoming, intake.source)
    said_at = _said_at(incoming, intake)
    arrived = said_at or incoming.arrived_at or intake.received_at
    occurred_at = _corrected(arrived, incoming.clock_correction_ms) if incoming.clock_correction_ms else arrived
    check_plausible(occurred_at, received_at=intake.received_at)
    identifiers, raw = intake.normalise(incoming.identifiers)
    if not identifiers:
        raise InvalidInput("no usable identifier: all are missing, blank or on the blocked list")
    event_id = new_event_id(intake.received_at, intake.workspace_id, intake.source, incoming.message_id)
    text = _clean_text(incoming.text) if incoming.text else None
    event = Event(
        event_id=event_id,
        workspace_id=intake.workspace_id,
        source=intake.source,
        message_id=incoming.message_id,
        kind=incoming.kind,
        occurred_at=occurred_at,
        received_at=intake.received_at,
        sent_at=None if incoming.sent_at is None else parse_moment(incoming.sent_at, zone=intake.zone),
        clock_correction_ms=incoming.clock_correction_ms,
        identifiers=identifiers,
        item_id=incoming.item_id,
        campaign_id=incoming.campaign_id,
        arm_id=incoming.arm_id,
        decision_id=incoming.decision_id,
        session_id=incoming.session_id,
        order_id=incoming.order_id,
        money=None if incoming.amount_minor is None else _money(incoming.amount_minor, incoming, intake.currency),
        text_ref=f"t_{event_id}" if text else None,
        properties=_properties(incoming) if incoming.properties or incoming.kind == EventKind.CONSENT else {},
    )
    return Accepted(event, text, payload_hash(event, text, said_at), raw, incoming.part_of)


def new_event_id(received_at: datetime, *names: str) -> str:
    """A UUIDv7 (RFC 9562, section 5.7) whose random bits are a hash of `names`."""
    digest = hashlib.blake2b("\x1f".join(names).encode(), digest_size=10).hexdigest()
    variant = "89ab"[int(digest[3], 16) & 3]
    return f"{_millis(received_at)}-7{digest[:3]}-{variant}{digest[4:7]}-{digest[7:19]}"


@lru_cache(maxsize=64)
def _millis(moment: datetime) -> str:
    text = f"{to_micros(moment) // 1000:012x}"
    return f"{text[:8]}-{text[8:]}"


def payload_hash(event: Event, text: str | None, said_at: datetime | None) -> str:
    """Same content, same hash, whenever it arrives.

    Ids given by us, arrival times and clock corrections stay out of it; `said_at` is the time the source said, if any.
    """
    content = (
        event.kind, said_at, event.identifiers, event.item_id, event.campaign_id, event.arm_id,
        event.decision_id, event.session_id, event.order_id, event.money, text, event.properties,
    )  # fmt: skip
    try:
        encoded = msgspec.json.encode(content, order="deterministic")
    except (UnicodeEncodeError, OverflowError, RecursionError) as error:
        raise InvalidInput(f"properties cannot be kept: {type(error).__name__}") from None
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()


def _said_at(incoming: IncomingEvent, intake: Intake) -> datetime | None:
    """The time as the source has it; None when it says none."""
    if incoming.occurred_at is None:
        return None
    return parse_moment(incoming.occurred_at, zone=intake.zone, unit=intake.time_unit, fmt=intake.time_format)


def _corrected(moment: datetime, correction_ms: int) -> datetime:
    if abs(correction_ms) > MAX_CORRECTION_MS:
        raise InvalidInput(f"clock off by {correction_ms} ms: more than ten years are not corrected")
    try:
        return moment + timedelta(milliseconds=correction_ms)
    except OverflowError:
        raise InvalidInput(f"time out of range: {moment.isoformat()} corrected by {correction_ms} ms") from None


def _check_names(incoming: IncomingEvent, source: str) -> None:
    if not incoming.message_id or not incoming.kind:
        raise InvalidInput("empty field: message_id and kind are needed")
    if incoming.kind in OUR_KINDS and source != OUR_SOURCE:
        raise InvalidInput(f"reserved kind: {incoming.kind} events are written by Understory alone")
    names = (
        incoming.message_id, incoming.kind, incoming.item_id, incoming.order_id, incoming.session_id,
        incoming.campaign_id, incoming.arm_id, incoming.decision_id,
    )  # fmt: skip
    together = "".join(filter(None, names))
    if len(together) > MAX_NAME or "\x00" in together or not (together.isascii() or _UNUSABLE.search(together) is None):
        _check_each_name(incoming)


def _check_each_name(incoming: IncomingEvent) -> None:
    for name in ("message_id", "kind", "item_id", "order_id", "session_id", "campaign_id", "arm_id", "decision_id"):
        value = getattr(incoming, name)
        if value is not None and (len(value) > MAX_NAME or _UNUSABLE.search(value)):
            raise InvalidInput(f"bad {name}: longer than {MAX_NAME} characters, or NUL or lone surrogates inside")


def _money(amount_minor: int, incoming: IncomingEvent, currency: str) -> Money:
    if not 0 <= amount_minor <= MAX_MINOR:
        raise InvalidInput(f"amount out of range: {amount_minor} minor units (0..{MAX_MINOR})")
    given = incoming.currency or currency
    if given != currency:
        raise InvalidInput(f"wrong currency: {given} in a workspace that keeps {currency}")
    return Money(amount_minor, given)


def _clean_text(text: str) -> str | None:
    if _UNUSABLE.search(text):
        raise InvalidInput("text holds NUL or lone surrogates")
    return text.strip()[:MAX_TEXT] or None


def _properties(incoming: IncomingEvent) -> dict[str, Any]:
    for name, value in incoming.properties.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidInput(f"property is not a finite number: {name!r}")
    properties = incoming.properties if incoming.kind in OUR_KINDS else sealed_properties(incoming.properties)
    if incoming.kind != EventKind.CONSENT:
        return properties
    return properties | {"granted": _granted(incoming.properties.get("granted"))}


def _granted(value: object) -> bool:
    """Consent must be said; a word that is neither yes nor no is no consent event at all."""
    word = str(value).strip().lower()
    if word in ("true", "1", "yes", "y"):
        return True
    if word in ("false", "0", "no", "n"):
        return False
    raise InvalidInput(f"consent neither granted nor refused: {value!r} (say true or false)")
