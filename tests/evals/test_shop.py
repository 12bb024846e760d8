"""Opening the product for an evaluation."""

from pathlib import Path

import pytest

from app.errors import NotFound
from evals import shop
from evals.tasks.grounding import Grounding, GroundingOptions


def say(_: str) -> None:
    pass


def test_the_same_seed_makes_the_same_demo_shop_down_to_its_ids() -> None:
    seen = []
    for _ in range(2):
        with shop.demo(seed=3, customers=10, say=say) as made:
            seen.append([customer.customer_id for customer in made.pipeline.identity.customers("demo")])
    assert seen[0] == seen[1] != []


def test_a_folder_without_a_database_is_not_turned_into_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no database"), shop.opened("w", tmp_path, seed=1, customers=10, say=say):
        pass
    assert list(tmp_path.iterdir()) == []


def test_grounding_makes_its_own_shop() -> None:
    result = Grounding().run(GroundingOptions(customers=10, seed=3, lang="en"), say)
    assert result.n > 0
    assert result.metrics["claims_wrong"].value == 0
    assert result.metrics["fabricated_ids"].value == 0
