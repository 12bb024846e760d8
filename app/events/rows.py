"""Event <-> row of the log, by position: every write and every read of the log passes here."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from app.database.statements import Value
from app.database.types import from_micros, to_micros
from app.events.intake import Accepted
from app.events.schemas import Event, Identifier, Money
from app.events.tables import events

COLUMNS = ", ".join(f"e.{column.name}" for column in events.columns)
"""For a SELECT whose rows go to `to_event`."""

_identifiers = msgspec.json.Decoder(tuple[Identifier, ...])
_properties = msgspec.json.Decoder(dict[str, Any])
_encode = msgspec.json.Encoder().encode
_arrival = lru_cache(maxsize=64)(to_micros)


def to_row(accepted: Accepted, subject: str, position: int, previous: int) -> tuple[Value, ...]:
    """The row of an event at its place in the log; `previous` is the position of its subject's event before."""
    event = accepted.event
    money = event.money
    return (
        event.workspace_id,
        position,
        event.event_id,
        event.source,
        event.message_id,
        accepted.payload_hash,
        event.schema_version,
        str(event.kind),
        to_micros(event.occurred_at),
        _arrival(event.received_at),
        None if event.sent_at is None else to_micros(event.sent_at),
        event.clock_correction_ms,
        subject,
        previous,
        _encode(event.identifiers).decode(),
        event.item_id,
        event.campaign_id,
        event.arm_id,
        event.decision_id,
        event.session_id,
        event.order_id,
        money.amount_minor if money else None,
        money.currency if money else None,
        event.text_ref,
        _encode(event.properties).decode() if event.properties else "{}",
    )


def to_event(row: Sequence[Any]) -> Event:
    """The event of a row of COLUMNS."""
    (workspace_id, _, event_id, source, message_id, _, schema_version, kind, occurred_at, received_at, sent_at,
     clock_correction_ms, _, _, identifiers, item_id, campaign_id, arm_id, decision_id, session_id, order_id,
     amount_minor, currency, text_ref, properties) = row  # fmt: skip
    return Event(
        event_id=event_id,
        workspace_id=workspace_id,
        source=source,
        message_id=message_id,
        schema_version=schema_version,
        kind=kind,
        occurred_at=from_micros(occurred_at),
        received_at=from_micros(received_at),
        sent_at=None if sent_at is None else from_micros(sent_at),
        clock_correction_ms=clock_correction_ms,
        identifiers=_identifiers.decode(identifiers),
        item_id=item_id,
        campaign_id=campaign_id,
        arm_id=arm_id,
        decision_id=decision_id,
        session_id=session_id,
        order_id=order_id,
        money=None if amount_minor is None else Money(amount_minor, currency),
        text_ref=text_ref,
        properties={} if properties == "{}" else _properties.decode(properties),
    )
