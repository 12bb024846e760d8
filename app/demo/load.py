"""Brings the demo shop into the product as real sources would: catalogue, one log per source, past campaigns."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime

from app.access.schemas import Workspace
from app.demo.shop import DemoShop
from app.events.sources.mapping import Parsed
from app.pipeline import Pipeline

Progress = Callable[[str], None]
BATCH = 5_000
"""Events of one source that are held in memory and logged in one transaction."""


def load_shop(
    pipeline: Pipeline, shop: DemoShop, *, now: datetime, progress: Progress, batch: int = BATCH
) -> Workspace:
    """The shop's workspace, filled when it is empty. Past campaigns go in last: with them, everything is there."""
    workspace = pipeline.access.ensure(shop.workspace)
    if pipeline.knowledge_base.entries(workspace.workspace_id):
        pipeline.catch_up(workspace)
        return workspace
    now = max(now, shop.ends_at)  # on a machine whose clock is behind the demo, it is not "from the future"
    progress(f"making a demo shop of {shop.customers:,} customers")
    pipeline.put_items(workspace, shop.items())
    accepted: dict[str, int] = defaultdict(int)
    for source, records in _batches(shop, batch):
        accepted[source] += pipeline.ingest(workspace, source, records, now=now).accepted
        progress(f"{accepted[source]:,} events from {source}")
    progress(f"folding {pipeline.catch_up(workspace):,} events into profiles")
    pipeline.knowledge_base.import_cases(workspace.workspace_id, shop.cases(), approved_by="demo", now=now)
    return workspace


def _batches(shop: DemoShop, size: int) -> Iterator[tuple[str, list[Parsed]]]:
    """Each source's events in their order of arrival, so many at a time, as soon as there are so many."""
    waiting: dict[str, list[Parsed]] = defaultdict(list)
    for line, (source, event) in enumerate(shop.events(), start=1):
        waiting[source].append(Parsed(line, event, None, {"message_id": event.message_id}))
        if len(waiting[source]) == size:
            yield source, waiting.pop(source)
    yield from waiting.items()
