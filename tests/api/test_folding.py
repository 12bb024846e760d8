"""What is acknowledged is folded afterwards, whatever goes wrong with one run."""

import pytest

from app.api.folding import Folding
from app.errors import Busy
from tests.factories_api import Served, an_order_body


def lag(served: Served, workspace_id: str = "shop") -> int:
    pipeline = served.app.pipeline
    return pipeline.lag(pipeline.access.workspace(workspace_id)).events


def an_item(**changes: object) -> dict[str, object]:
    return {"item_id": "sku1", "title": "三段奶粉 800g", "category_path": ["母婴"], "price": 1} | changes


def test_a_workspace_whose_run_failed_is_folded_by_the_next_one_whoever_asks(served: Served) -> None:
    database, pipeline = served.app.database, served.app.pipeline
    folding, shop, other = Folding(pipeline), pipeline.access.workspace("shop"), pipeline.access.workspace("other")
    served.send(an_order_body(1))
    with database.write() as connection:
        pipeline.profiles.forget_all(connection, "shop")
    patience, database.patience_s = database.patience_s, 0.05
    with database.write(), pytest.raises(Busy):
        folding.follow(shop)
    database.patience_s = patience
    assert lag(served) == 1
    folding.follow(other)
    assert lag(served) == 0


def test_a_start_folds_what_an_earlier_process_left_in_every_workspace(served: Served) -> None:
    served.send(an_order_body(1))
    served.send(an_order_body(1), key=served.issue("other"))
    with served.app.database.write() as connection:
        for workspace_id in ("shop", "other"):
            served.app.pipeline.profiles.forget_all(connection, workspace_id)
    Folding(served.app.pipeline).follow_all()
    assert (lag(served), lag(served, "other")) == (0, 0)


def test_items_and_strategies_leave_nothing_unfolded(served: Served) -> None:
    served.send(an_order_body(1, item_id="sku1"))
    for items in ([an_item()], [an_item(title="Night cream")], [an_item(item_id="sku2")]):
        assert served.ask("PUT", "/v1/items", json=items).status_code == 200
        assert lag(served) == 0
    assert served.ask("POST", "/v1/customers/u1/strategy").status_code == 200
    assert lag(served) == 0


def test_a_new_price_folds_nobody_again(served: Served) -> None:
    served.ask("PUT", "/v1/items", json=[an_item()])
    served.send(an_order_body(1, item_id="sku1"))
    before = served.app.pipeline.profiles.offset("shop")
    answer = served.ask("PUT", "/v1/items", json=[an_item(price=2, cost=1, brand="x")])
    assert answer.json()["data"]["changed"] == 1
    assert served.app.pipeline.profiles.offset("shop") == before


def test_a_price_that_held_in_the_past_folds_profiles_again(served: Served) -> None:
    served.ask("PUT", "/v1/items", json=[an_item(price=9_900, valid_from="2020-01-01")])
    served.send(an_order_body(1, item_id="sku1"))
    before = served.app.pipeline.profiles.offset("shop")
    served.ask("PUT", "/v1/items", json=[an_item(price=8_800, valid_from="2021-01-01")])
    assert served.app.pipeline.profiles.offset("shop").version > before.version
    assert served.app.pipeline.check(served.app.pipeline.access.workspace("shop")).total == 0
