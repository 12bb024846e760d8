"""Events as the parts of the fold see them, built without a taxonomy: tests state what a text says."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.events.schemas import Event, Identifier, Item, Money
from app.profile.seen import Context, Seen
from app.text.features import Complaint, Features
from tests.factories import SHANGHAI, START

NO_CONTEXT = Context(taxonomy=None, zone=SHANGHAI, items={}, texts={})  # type: ignore[arg-type]
"""For parts that go by what they are told of an event alone."""


def saying(
    *, length: int = 20, sentiment: int = 0, complaint: Complaint | None = None, broad: bool = False
) -> Features:
    """What a text says to numbers."""
    return Features(length=length, sentiment=sentiment, complaint=complaint, broad=broad, bargain=False)


def a_seen(
    kind: str = "view",
    day: float = 0,
    *,
    visit: int = 1,
    fresh: bool = False,
    text: Features | None = None,
    item: Item | None = None,
    yuan: float | None = None,
    order_id: str | None = None,
    event_id: str | None = None,
    active: bool = True,
    **properties: Any,
) -> Seen:
    """One event `day` days after START, seen in Shanghai."""
    at = START + timedelta(days=day)
    event = Event(
        event_id=event_id or f"{kind}-{day:.4f}",
        workspace_id="shop",
        source="web",
        message_id=f"{kind}-{day}",
        kind=kind,
        occurred_at=at,
        received_at=at,
        identifiers=(Identifier("user_id", "u1"),),
        order_id=order_id,
        money=None if yuan is None else Money(round(yuan * 100), "CNY"),
        properties=properties,
    )
    local = at.astimezone(SHANGHAI)
    return Seen(
        event=event,
        kind=kind,
        at=at,
        ours=False,
        item=item,
        topics=(),
        impact=0.0,
        text=text,
        local=local,
        day=local.toordinal(),
        active=active,
        fresh=fresh,
        visit=visit,
        invited=False,
    )


def local_day(day: float) -> int:
    """Ordinal of the local day."""
    return (START + timedelta(days=day)).astimezone(SHANGHAI).toordinal()


def moment(day: float) -> datetime:
    return (START + timedelta(days=day)).astimezone(UTC)
