"""What was sent to customers and what they clicked, as the log has it, for those who learn from answers."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from app.events.schemas import Event, EventKind
from app.events.tables import events

_KINDS = (EventKind.CAMPAIGN_SENT, EventKind.CAMPAIGN_CLICKED)


class Touch(NamedTuple):
    """One message that went out, or one click on it."""

    subject: str
    campaign_id: str
    channel: str
    """Empty when the source does not say."""
    clicked: bool
    at: datetime


class _Said(msgspec.Struct):
    """What the source said of the message."""

    channel: str | None = None


def touches(connection: Connection, workspace_id: str, *, until: datetime) -> list[Touch]:
    """Every message and click up to `until`, in order of time."""
    c = events.c
    found = (
        select(c.subject, c.campaign_id, c.properties, c.kind, c.occurred_at)
        .where(c.workspace_id == workspace_id, c.kind.in_(_KINDS), c.occurred_at <= until)
        .order_by(c.occurred_at, c.position)
    )
    return [
        Touch(subject, campaign_id or "", _channel(properties), kind == EventKind.CAMPAIGN_CLICKED, at)
        for subject, campaign_id, properties, kind, at in connection.execute(found)
    ]


def touches_of(history: Iterable[Event]) -> Iterator[Touch]:
    """The same of one customer's events, in their order."""
    for event in history:
        if event.kind in _KINDS:
            channel = event.properties.get("channel")
            yield Touch(
                event.subject,
                event.campaign_id or "",
                channel if isinstance(channel, str) else "",
                event.kind == EventKind.CAMPAIGN_CLICKED,
                event.occurred_at,
            )


def _channel(properties: str) -> str:
    try:
        return msgspec.json.decode(properties, type=_Said).channel or ""
    except msgspec.ValidationError:  # a channel that is no word
        return ""
