"""Opening the product for an evaluation."""

from pathlib import Path

import pytest

from app.demo.shop import DemoShop
from app.demo.synonyms import Vocabulary
from app.errors import NotFound
from evals import shop
from evals.scorers.ledger import Ledger
from evals.tasks.grounding import Grounding, GroundingOptions

VOCABULARIES: tuple[Vocabulary, ...] = ("A", "B")


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
    assert result.ceilings["naive"].keys() < result.ceilings["oracle"].keys() >= {"numbers_supported", "churn_auc"}
    assert "1 for numbers_supported" in str(result.provenance["ceilings"])


def test_three_hundred_of_a_demo_shop_are_told_and_all_of_a_workspace() -> None:
    assert GroundingOptions().most == 300
    assert GroundingOptions(limit=5).most == 5
    assert GroundingOptions(workspace="w").most is None
    assert GroundingOptions(workspace="w", limit=700).most == 700


def test_a_demo_shop_speaks_in_the_words_that_are_asked_for() -> None:
    plain, held_out = (
        {item.item_id: item.title for item in DemoShop(3, 10, wording).items()} for wording in VOCABULARIES
    )
    changed = next(item for item in plain if plain[item] != held_out[item])
    with (
        shop.demo(seed=3, customers=10, say=say, wording="B") as made,
        Ledger(made.database_url, "demo", made.pipeline.taxonomy) as ledger,
    ):
        assert ledger.title(changed, made.now) == held_out[changed]
