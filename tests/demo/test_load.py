from pathlib import Path

from sqlalchemy import select

from app.bootstrap import build
from app.config import Settings
from app.demo.load import load_shop
from app.demo.shop import DemoShop
from app.events.tables import events

SHOP = DemoShop(3, 6)


def logged(folder: Path, *, batch: int) -> tuple[dict[str, list[str]], int]:
    """The message ids of each source as they were logged, and how many customers the shop is seen to have."""
    app, found = build(Settings(_env_file=None, data_dir=folder, database_url="", llm_url="")), dict[str, list[str]]()
    workspace = load_shop(app.pipeline, SHOP, now=SHOP.ends_at, progress=lambda _: None, batch=batch)
    with app.database.read() as connection:
        for source, message_id in connection.execute(select(events.c.source, events.c.message_id).order_by("position")):
            found.setdefault(source, []).append(message_id)
    customers = app.pipeline.customers(workspace, as_of=SHOP.ends_at).total
    app.database.close()
    return found, customers


def test_small_batches_log_what_large_ones_do_in_the_same_order(tmp_path: Path) -> None:
    whole, customers = logged(tmp_path / "whole", batch=10_000)
    assert logged(tmp_path / "parts", batch=100) == (whole, customers)
    told = {source: list(dict.fromkeys(e.message_id for s, e in SHOP.events() if s == source)) for source in whole}
    assert whole == told
    assert customers == SHOP.customers
