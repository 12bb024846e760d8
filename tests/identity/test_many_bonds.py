from datetime import timedelta
from pathlib import Path
from typing import Any

from app.bootstrap import App
from tests.factories import START, an_incoming
from tests.factories_audiences import SHOP, Shop


def test_bonds_of_many_are_those_of_each(demo: App) -> None:
    identity = demo.pipeline.identity
    ids = demo.pipeline.profiles.stored("demo")[::5]
    found = identity.bonds_of("demo", ids)
    assert any(bonds.joins for bonds in found.values())
    for customer_id in ids:
        assert found[customer_id] == identity.bonds("demo", customer_id)


def test_who_kept_a_refusal_after_an_unmerge_is_always_among_them(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    said: dict[str, Any] = {"purpose": "marketing", "channel": "sms", "granted": False}
    shop.send(an_incoming("consent", 5, identifiers={"user_id": "u1"}, properties=said))
    pipeline = shop.app.pipeline
    at = START + timedelta(days=30)
    pipeline.merging.unmerge(SHOP, "user_id:u1", "phone:13900000001", reason="two people", by="a test", now=at)
    assert any(bonds.holds for bonds in pipeline.identity.bonds_of("shop", ()).values())
    shop.app.database.close()
