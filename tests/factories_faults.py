"""A source whose every fault is known by count, for reports that have to be true."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from app.access.schemas import Workspace
from app.bootstrap import App
from app.events.schemas import IncomingEvent, Item
from app.events.sources.mapping import Parsed

ARRIVAL = datetime(2026, 3, 31, 4, tzinfo=UTC)
"""Noon in Shanghai."""
SOURCE = "web"
FAULTS = {
    ("duplicate", None): 2,
    ("conflict", None): 1,
    ("missing_item", "order"): 1,
    ("missing_price", "order"): 1,
    ("missing_order", "order"): 1,
    ("missing_session", "view"): 3,
    ("missing_text", "review"): 1,
    ("missing_currency", None): 1,
    ("unknown_item", None): 1,
    ("before_item", None): 1,
    ("amount_outlier", "order"): 1,
    ("quantity_outlier", "order"): 1,
    ("bad_quantity", "order"): 2,
    ("zero_price", None): 1,
    ("refund_above", None): 1,
    ("refund_alone", None): 1,
    ("burst", None): 61,
    ("late", None): 2,
    ("out_of_order", None): 1,
    ("ahead", None): 1,
    ("clock_corrected", None): 1,
    ("unknown_kind", None): 2,
    ("blocked", "phone"): 2,
    ("blocked", "email"): 1,
    ("time_unset", None): 1,
    ("time_future", None): 1,
    ("time_ambiguous", None): 1,
    ("time_unreadable", None): 1,
    ("no_identifier", None): 1,
    ("negative_amount", None): 1,
    ("wrong_currency", None): 1,
    ("reserved_kind", None): 1,
}
"""(check, about) -> how many records have the fault."""
QUARANTINED = 8
ACCEPTED = 30 + 10 + 3 + 61 + 60 + 3 + 2 + 2 + 2 + 1 + 1 + 3


def a_faulty_source(app: App, workspace: Workspace | None = None) -> Workspace:
    """A workspace with the source's records in it, folded."""
    shop = app.pipeline.access.ensure(workspace or Workspace(workspace_id="shop"))
    app.pipeline.put_items(shop, [an_item("milk", datetime(2026, 3, 30, tzinfo=UTC)), an_item("cream")])
    lines = count(1)
    records = [Parsed(next(lines), event, None, {"id": event.message_id}) for event in faulty_events()]
    app.pipeline.ingest(shop, SOURCE, records, now=ARRIVAL)
    app.pipeline.catch_up(shop)
    return shop


def an_item(item_id: str, since: datetime = datetime(2020, 1, 1, tzinfo=UTC)) -> Item:
    return Item(item_id=item_id, title=item_id, currency="CNY", valid_from=since)


def faulty_events() -> Iterator[IncomingEvent]:
    numbers = count()

    def event(kind: str, minutes: float = -600, **changes: Any) -> IncomingEvent:
        number = next(numbers)
        fields: dict[str, Any] = {
            "message_id": f"m{number}",
            "kind": kind,
            "occurred_at": (ARRIVAL + timedelta(minutes=minutes)).isoformat(),
            "identifiers": {"user_id": f"c{number}"},
        }
        return IncomingEvent(**fields | changes)

    def order(**changes: Any) -> IncomingEvent:
        fields = {"item_id": "cream", "amount_minor": 10_000, "currency": "CNY", "properties": {"quantity": 2}}
        return event("order", **{"order_id": f"o{next(numbers)}", **fields, **changes})

    first = order(message_id="first", order_id="o-first")
    yield first
    for number in range(29):
        yield order(amount_minor=9_000 + 100 * number, properties={"quantity": 1 + number % 3})
    yield from _odd_orders(order)
    yield event("refund", order_id="o-first", amount_minor=10_001, currency="CNY")
    yield event("refund", order_id="o-never", amount_minor=500, currency="CNY")
    yield event("refund", order_id="o-quantity", amount_minor=500, currency="CNY")
    bot, busy = {"identifiers": {"user_id": "bot"}}, {"identifiers": {"user_id": "busy"}}
    for number in range(61):
        yield event("view", -300 + number / 61, item_id="cream", session_id="s", **bot)
    for number in range(60):
        yield event("view", -300 + number / 61, item_id="cream", session_id="s", **busy)
    for _ in range(3):
        yield event("view", item_id="cream")
    yield event("review", text="很好用", item_id="cream")
    yield event("review", item_id="cream")
    yield event("wishlist_shared", -599)
    yield event("wishlist_shared")
    yield event("share", identifiers={"user_id": "late"})
    yield event("share", -3_000, identifiers={"user_id": "late"})
    yield event("share", 60)
    yield event("share", clock_correction_ms=5_000)
    for junk in ({"phone": "13800138000"}, {"phone": "null"}, {"email": "null"}):
        yield event("share", identifiers={"user_id": f"c{next(numbers)}"} | junk)
    yield first
    yield first
    yield order(message_id="first", order_id="o-first", amount_minor=1)
    yield from _unusable(event, order)


def _odd_orders(order: Any) -> Iterator[IncomingEvent]:
    yield order(amount_minor=50_000_000, currency="CNY")
    yield order(amount_minor=0)
    yield order(amount_minor=None)
    yield order(item_id=None)
    yield order(order_id=None)
    yield order(item_id="ghost")
    yield order(item_id="milk", minutes=-2_880)
    yield order(order_id="o-quantity", properties={"quantity": 5_000})
    yield order(properties={"quantity": -1})
    yield order(currency=None, properties={"quantity": "many"})


def _unusable(event: Any, order: Any) -> Iterator[IncomingEvent]:
    yield event("share", occurred_at=0)
    yield event("share", 3 * 24 * 60)
    yield event("share", occurred_at="03/04/2026 10:00")
    yield event("share", occurred_at="yesterday")
    yield event("share", identifiers={"user_id": "null"})
    yield order(amount_minor=-5)
    yield order(currency="USD")
    yield event("decision")
