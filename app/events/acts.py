"""What everybody bought, looked at, searched for or put into the cart: act by act, and nothing more of each."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, select

from app.events.schemas import EventKind
from app.events.tables import event_texts, events

WISHES = (
    EventKind.VIEW,
    EventKind.SEARCH,
    EventKind.FAVOURITE,
    EventKind.SHARE,
    EventKind.CART_ADD,
    EventKind.CART_REMOVE,
)
"""What customers do short of buying that names what they want."""
_AT_ONCE = 5_000


class Act(NamedTuple):
    """One act of a customer, as far as it says what they want or bought."""

    subject: str
    kind: str
    occurred_at: datetime
    item_id: str | None
    text: str | None
    """The words of a search."""
    amount: int
    """Minor units; 0 where nothing was paid."""


def acts(
    connection: Connection, workspace_id: str, kinds: Sequence[EventKind], *, after: datetime, until: datetime
) -> Iterator[Act]:
    """Everybody's acts of these kinds in (after, until], in no order, some thousand in memory at a time."""
    e, t = events.c, event_texts.c
    said = and_(t.workspace_id == e.workspace_id, t.text_ref == e.text_ref, e.kind == EventKind.SEARCH)
    found = (
        select(e.subject, e.kind, e.occurred_at, e.item_id, t.text, e.amount_minor)
        .select_from(events.outerjoin(event_texts, said))
        .where(e.workspace_id == workspace_id, e.kind.in_(kinds), e.occurred_at > after, e.occurred_at <= until)
    )
    rows = connection.execution_options(stream_results=True).execute(found).yield_per(_AT_ONCE)
    for subject, kind, at, item_id, text, amount in rows:
        yield Act(subject, kind, at, item_id, text, amount or 0)
