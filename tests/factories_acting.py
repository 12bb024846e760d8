"""A shop in which some customers have fallen silent, for questions of when to act."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.events.schemas import IncomingEvent
from app.events.sources.mapping import Parsed

LAST = datetime(2026, 4, 30, 4, tzinfo=UTC)
"""When the newest order was placed."""
NOW = datetime(2026, 5, 1, 4, tzinfo=UTC)
_DAYS = 300


def a_quiet_shop(folder: Path, *, customers: int = 180) -> App:
    """Customers who buy at their own pace; all but every third stop some time. All but every tenth agreed to mail."""
    app = build(Settings(_env_file=None, data_dir=folder, llm_url=""))
    app.pipeline.access.ensure(Workspace(workspace_id="shop"))
    tell(app, [*_orders(customers), *_consents(customers)])
    return app


def tell(app: App, events: list[dict[str, Any]], source: str = "till") -> None:
    """Log events and fold them."""
    shop = app.pipeline.access.workspace("shop")
    incoming = [IncomingEvent(**event) for event in events]
    parsed = [Parsed(line, event, None, {"message_id": event.message_id}) for line, event in enumerate(incoming, 1)]
    report = app.pipeline.ingest(shop, source, parsed, now=NOW)
    assert report.accepted == len(events), report
    app.pipeline.catch_up(shop)


def an_event(kind: str, who: int, message_id: str, at: datetime, **changes: Any) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "kind": kind,
        "occurred_at": at.isoformat(),
        "identifiers": {"user_id": f"u{who:03}"},
        **changes,
    }


def _orders(customers: int) -> list[dict[str, Any]]:
    random = np.random.default_rng(5)
    found = [an_event("order", 0, "last", LAST, order_id="last", amount_minor=5_000)]
    for who in range(customers):
        at, gap = float(random.uniform(0, 60)), float(random.gamma(4, 3))
        stops = float(random.uniform(150, 285)) if who % 3 else _DAYS
        worth = float(random.gamma(3, 3_000))
        while at < stops:
            name, amount = f"o{len(found)}", int(random.gamma(5) * worth / 5) + 100
            day = LAST - timedelta(days=_DAYS - at, hours=1)
            found.append(an_event("order", who, name, day, order_id=name, amount_minor=amount))
            at += float(random.exponential(gap)) + 1
    return found


def _consents(customers: int) -> list[dict[str, Any]]:
    said = {"purpose": "marketing", "channel": "email"}
    return [
        an_event("consent", who, f"yes{who}", LAST - timedelta(days=_DAYS), properties={**said, "granted": True})
        for who in range(customers)
        if who % 10
    ]
