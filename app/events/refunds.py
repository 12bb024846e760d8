"""Refunds as the log has them, for estimators whose amounts are net of refunds."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, literal_column, select

from app.events.schemas import EventKind
from app.events.tables import events


class RefundTotal(NamedTuple):
    """What came back for one order at one moment, in minor units."""

    subject: str
    order_id: str
    """As `OrderTotal.order_id`; an id of its own where the refund names no order."""
    occurred_at: datetime
    amount: int


def refund_totals(connection: Connection, workspace_id: str, *, until: datetime) -> list[RefundTotal]:
    """Every refund up to `until`, the parts of one moment added up, in the order in which they happened."""
    c = events.c
    slash: ColumnElement[str] = literal_column(
        "'/'"
    )  # as a bound value it would be two, and PostgreSQL could not group by it
    order = func.coalesce(c.source + slash + c.order_id, c.event_id)
    total = func.coalesce(func.sum(c.amount_minor), 0)
    found = (
        select(c.subject, order, c.occurred_at, total)
        .where(c.workspace_id == workspace_id, c.kind == EventKind.REFUND, c.occurred_at <= until)
        .group_by(c.subject, order, c.occurred_at)
        .order_by(c.occurred_at, c.subject, order)
    )
    return [RefundTotal(s, o, at, int(amount)) for s, o, at, amount in connection.execute(found)]
