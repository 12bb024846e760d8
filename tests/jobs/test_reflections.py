"""Triggered reflection beside a server: who is reflected upon, how many at once, and what stops it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.events.sources.mapping import Parsed
from app.jobs.reflections import AT_ONCE, Reflections, reflecting
from tests.databases import database_url
from tests.factories import ITEMS, an_incoming

NOW = datetime(2026, 5, 1, 4, tzinfo=UTC)
SHOP = Workspace(workspace_id="shop")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(_env_file=None, data_dir=tmp_path, database_url=database_url(tmp_path), llm_url=""))
    app.pipeline.access.ensure(SHOP)
    app.pipeline.put_items(SHOP, list(ITEMS.values()))
    yield app
    app.database.close()


def send(app: App, who: str, events: int) -> None:
    sent = [an_incoming("cart_add", n / 100, item_id="milk", identifiers={"user_id": who}) for n in range(events)]
    app.pipeline.ingest(SHOP, "web", [Parsed(n, e, None, {}) for n, e in enumerate(sent, 1)], now=NOW)
    app.pipeline.catch_up(SHOP)


def reflections(app: App) -> Reflections:
    return Reflections(app.pipeline, lambda: NOW + timedelta(minutes=1))


def test_only_who_moved_enough_is_reflected_upon_and_once(app: App) -> None:
    send(app, "calm", 1)
    send(app, "busy", 9)
    assert reflections(app).turn() == 1
    assert reflections(app).turn() == 0
    assert app.pipeline.lag(SHOP).events == 0
    assert app.pipeline.reflecting.due(SHOP, now=NOW, every_days=None) == []


def test_a_turn_takes_a_bounded_number_and_the_next_one_goes_on(app: App) -> None:
    for number in range(AT_ONCE + 3):
        send(app, f"u{number}", 9)
    job = reflections(app)
    assert [job.turn(), job.turn(), job.turn()] == [AT_ONCE, 3, 0]


def test_events_after_a_reflection_make_a_customer_due_again(app: App) -> None:
    send(app, "busy", 9)
    job = reflections(app)
    job.turn()
    later = [
        an_incoming("order", 3 + n, item_id="milk", order_id=f"o{n}", amount_minor=1, identifiers={"user_id": "busy"})
        for n in range(9)
    ]
    app.pipeline.ingest(
        SHOP, "web", [Parsed(n, e, None, {}) for n, e in enumerate(later, 1)], now=NOW + timedelta(hours=1)
    )
    app.pipeline.catch_up(SHOP)
    assert Reflections(app.pipeline, lambda: NOW + timedelta(hours=2)).turn() == 1


def test_in_the_background_nobody_has_to_ask(app: App) -> None:
    send(app, "busy", 9)
    with reflecting(app.pipeline, lambda: NOW + timedelta(minutes=1), pause_s=0.01):
        for _ in range(2_000):
            if not app.pipeline.reflecting.due(SHOP, now=NOW, every_days=None):
                break
            time.sleep(0.01)
    assert app.pipeline.reflecting.due(SHOP, now=NOW, every_days=None) == []


def test_a_busy_database_leaves_it_to_later(app: App) -> None:
    send(app, "busy", 9)
    app.database.patience_s = 0.05
    with app.database.write():
        assert reflections(app).turn() == 0
    assert len(app.pipeline.reflecting.due(SHOP, now=NOW, every_days=None)) == 1
