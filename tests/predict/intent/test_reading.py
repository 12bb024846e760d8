from datetime import UTC, datetime

from app.events.acts import Act
from app.events.schemas import Item
from app.predict.intent.reading import Collected, Shelves, day_of
from app.text.taxonomy import Taxonomy
from tests.factories import SHANGHAI, an_item

AT = datetime(2026, 1, 1, 17, tzinfo=UTC)


def an_act(kind: str, item_id: str | None = None, text: str | None = None, amount: int = 0) -> Act:
    return Act("user_id:u1", kind, AT, item_id, text, amount)


def shelves(taxonomy: Taxonomy, *items: Item) -> Shelves:
    return Shelves(taxonomy, {item.item_id: item for item in items})


def test_a_category_is_the_topic_else_the_shops_own_path_else_none(taxonomy: Taxonomy) -> None:
    found = shelves(taxonomy, an_item("a", "面霜", "护肤"), an_item("b", "xq-17", "Bolts", "M4"), an_item("c", "xq-18"))
    assert found.of_act(an_act("order", "a")) == "skincare"
    assert found.of_act(an_act("order", "b")) == "Bolts > M4"
    assert found.of_act(an_act("order", "c")) is None
    assert found.of_act(an_act("order", "unknown")) is None
    assert found.of_act(an_act("search", text="面霜")) == "skincare"


def test_what_may_not_be_spoken_of_has_no_category(taxonomy: Taxonomy) -> None:
    assert shelves(taxonomy, an_item("a", "孕妇连衣裙", "女装")).of_act(an_act("order", "a")) is None


def test_days_are_local_and_kinds_become_weights(taxonomy: Taxonomy) -> None:
    rows = Collected(shelves(taxonomy, an_item("a", "面霜", "护肤")), SHANGHAI)
    for act in (an_act("order", "a", amount=900), an_act("view", "a"), an_act("cart_add", "a")):
        rows.add(0, act)
    baskets, touches = rows.baskets(("skincare",)), rows.touches(("skincare",))
    assert baskets.day.tolist() == touches.day.tolist() == [day_of(AT, SHANGHAI)]
    assert day_of(AT, SHANGHAI) == (datetime(2026, 1, 2, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
    assert touches.cart.tolist() == [1]
    assert touches.weight[0] > taxonomy.impact("cart_add")
