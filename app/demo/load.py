"""Brings the demo shop into the product as real sources would: catalogue, one log per source, past campaigns."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from app.access.schemas import Workspace
from app.demo.shop import DemoShop
from app.events.sources.mapping import Parsed
from app.pipeline import Pipeline

Progress = Callable[[str], None]


def load_shop(pipeline: Pipeline, shop: DemoShop, *, now: datetime, progress: Progress) -> Workspace:
    """The shop's workspace, filled when it is empty. Past campaigns go in last: with them, everything is there."""
    workspace = pipeline.access.ensure(shop.workspace)
    if pipeline.knowledge_base.cases(workspace.workspace_id):
        pipeline.catch_up(workspace)
        return workspace
    now = max(now, shop.ends_at)  # on a machine whose clock is behind the demo, it is not "from the future"
    progress(f"making a demo shop of {shop.customers:,} customers")
    pipeline.put_items(workspace, shop.items())
    for source, records in _by_source(shop).items():
        progress(f"{pipeline.ingest(workspace, source, records, now=now).accepted:,} events from {source}")
    progress(f"folding {pipeline.catch_up(workspace):,} events into profiles")
    pipeline.knowledge_base.import_cases(workspace.workspace_id, shop.cases(), approved_by="demo", now=now)
    return workspace


def _by_source(shop: DemoShop) -> dict[str, list[Parsed]]:
    found: dict[str, list[Parsed]] = defaultdict(list)
    for line, (source, event) in enumerate(shop.events(), start=1):
        found[source].append(Parsed(line, event, None, {"message_id": event.message_id}))
    return found
