from math import log
from statistics import median

import pytest

from app.demo.catalogue import Shelf, products
from app.demo.dice import Dice
from app.demo.shop import DemoShop
from app.demo.synonyms import Vocabulary
from app.events.schemas import Item
from app.text.taxonomy import Taxonomy


def items(seed: int, vocabulary: Vocabulary = "A") -> tuple[Item, ...]:
    return DemoShop(seed, wording=vocabulary).items()


def test_there_is_enough_to_sell() -> None:
    found = items(7)
    assert len(found) >= 600
    assert len({item.category_path for item in found}) >= 12
    assert [item.item_id for item in found] == [f"P{number:04d}" for number in range(1, len(found) + 1)]


def test_products_differ_by_more_than_their_size_or_colour() -> None:
    bases = {" ".join(item.title.split(" ")[1:3]) for item in items(7)}
    assert len(bases) >= 450


@pytest.mark.parametrize("vocabulary", ["A", "B"])
def test_no_title_is_used_twice(vocabulary: Vocabulary) -> None:
    titles = [item.title for item in items(7, vocabulary)]
    assert sorted(set(titles)) == sorted(titles)


def test_prices_are_whole_and_above_cost() -> None:
    for item in items(7):
        assert item.currency == "CNY"
        assert item.brand
        assert item.title.startswith(f"{item.brand} ")
        assert 0 < (item.cost or 0) < (item.price or 0)


def test_prices_are_those_of_a_shop_for_everybody() -> None:
    yuan = sorted((item.price or 0) / 100 for item in items(7))
    assert 60 < median(yuan) < 160
    assert yuan[0] > 8
    assert yuan[-1] < 5000
    assert len({round(log(price), 1) for price in yuan}) > 35


def test_the_variants_of_a_product_share_brand_and_everyday_name() -> None:
    sizes = [product for product in products(7) if product.nickname == "纸尿裤"]
    assert len(sizes) == 3
    assert len({product.item.brand for product in sizes}) == 1
    assert sizes[0].price <= sizes[1].price <= sizes[2].price


def test_the_seed_moves_prices_but_not_products() -> None:
    one, other = items(1), items(2)
    assert [i.title.split(" ", 1)[1] for i in one] == [i.title.split(" ", 1)[1] for i in other]
    assert [i.price for i in one] != [i.price for i in other]
    assert one == items(1)


def test_dearer_customers_draw_dearer_things() -> None:
    shelf, dice = Shelf(7), Dice(1, 99)
    drawn = [[shelf.draw("skincare", level, 6, dice).price for _ in range(300)] for level in range(3)]
    assert sum(drawn[0]) < sum(drawn[1]) < sum(drawn[2])


def test_every_topic_is_one_of_the_taxonomy(taxonomy: Taxonomy) -> None:
    assert {product.topic for product in products(7)} == set(taxonomy.topics)


@pytest.mark.parametrize("vocabulary", ["A", "B"])
def test_no_word_stands_twice_in_a_title(vocabulary: Vocabulary) -> None:
    titles = [item.title for item in items(7, vocabulary)]
    assert [title for title in titles if len(set(title.split())) < len(title.split())] == []
