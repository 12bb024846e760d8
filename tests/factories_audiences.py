"""A small real shop whose customers are exported."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.events.schemas import IncomingEvent
from app.events.sources.mapping import Parsed
from app.exporting import Asked
from app.retrieval.schemas import Channel
from app.strategy.audiences.schemas import ExportFormat, ExportRecord
from tests.databases import database_url
from tests.factories import ITEMS, an_incoming

NOW = datetime(2026, 5, 1, 4, tzinfo=UTC)
SHOP = Workspace(workspace_id="shop")


def of(number: int, kind: str, day: float, **changes: Any) -> IncomingEvent:
    """An event of customer `number`, who has a telephone."""
    identifiers = {"user_id": f"u{number}", "phone": f"1390000000{number}"}
    return an_incoming(kind, day, **{"identifiers": identifiers, **changes})


def agreed(number: int, day: float = 1, *, granted: bool = True, channel: str = "sms") -> IncomingEvent:
    said = {"purpose": "marketing", "channel": channel, "granted": granted}
    return of(number, "consent", day, properties=said)


def bought(number: int, day: float, yuan: int = 100, **changes: Any) -> IncomingEvent:
    return of(number, "order", day, amount_minor=yuan * 100, order_id=f"o{number}-{day}", item_id="milk", **changes)


class Shop:
    """A shop of customers 1 to 6 with an order each, and whatever more a test sends."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(_env_file=None, data_dir=folder, database_url=database_url(folder), llm_url="")
        self.app: App = build(settings)
        self.app.pipeline.access.ensure(SHOP)
        self.app.pipeline.put_items(SHOP, list(ITEMS.values()))
        self.send(*(bought(number, 10) for number in range(1, 7)))

    def send(self, *events: IncomingEvent) -> None:
        self.app.pipeline.ingest(SHOP, "web", [Parsed(n, e, None, {}) for n, e in enumerate(events, 1)], now=NOW)
        self.app.pipeline.catch_up(SHOP)

    @property
    def clock(self) -> datetime:
        return self.app.pipeline.clock(SHOP, now=NOW)

    def count(self, expression: str) -> int:
        return self.app.pipeline.audiences.count(SHOP, expression, as_of=self.clock, lang="en").customers

    def export(
        self, expression: str = "orders >= 1", channel: Channel | None = Channel.SMS, kind: ExportFormat = "csv"
    ) -> tuple[ExportRecord, list[dict[str, str]]]:
        out = io.BytesIO()
        asked = Asked(expression, channel, kind, self.clock, self.clock, "zh", "a test")
        record = self.app.pipeline.exporting.export(SHOP, asked, out)
        text = out.getvalue().decode("utf-8-sig")
        if kind == "jsonl":
            return record, [json.loads(line) for line in text.splitlines()]
        return record, list(csv.DictReader(io.StringIO(text, newline="")))
