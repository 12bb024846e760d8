from app.demo.catalogue import Shelf, items, products
from app.demo.dice import Dice
from app.text.taxonomy import Taxonomy


def test_there_is_enough_to_sell() -> None:
    found = items(7)
    assert len(found) >= 150
    assert len({item.category_path for item in found}) >= 12
    assert len({item.item_id for item in found}) == len(found)


def test_prices_are_whole_and_above_cost() -> None:
    for item in items(7):
        assert item.currency == "CNY"
        assert item.brand
        assert item.title.startswith(item.brand)
        assert 0 < (item.cost or 0) < (item.price or 0)


def test_the_seed_moves_prices_but_not_products() -> None:
    one, other = items(1), items(2)
    assert [i.title.split(" ", 1)[1] for i in one] == [i.title.split(" ", 1)[1] for i in other]
    assert [i.price for i in one] != [i.price for i in other]
    assert one == items(1)


def test_dearer_customers_draw_dearer_things() -> None:
    shelf, dice = Shelf(7), Dice(1, 99)
    drawn = [[shelf.draw("skincare", level, dice).price for _ in range(300)] for level in range(3)]
    assert sum(drawn[0]) < sum(drawn[1]) < sum(drawn[2])


def test_every_topic_is_one_of_the_taxonomy(taxonomy: Taxonomy) -> None:
    assert {product.topic for product in products(7)} == set(taxonomy.topics)
