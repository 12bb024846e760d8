from datetime import timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.schemas import Item
from app.profile.schemas import PriceBehaviour
from app.profile.seen import Seen
from app.profile.sums.prices import EXACT_ORDERS, STEP, Prices, note, view
from tests.factories import START
from tests.factories_seen import NO_CONTEXT, a_seen


def noted(*seen: Seen) -> Prices:
    prices = Prices()
    for one in seen:
        note(prices, one, NO_CONTEXT)
    return prices


def behaviour(*seen: Seen) -> PriceBehaviour:
    found = view(noted(*seen))
    assert found is not None
    return found


def line(number: str, yuan: float = 10, day: float = 0, visit: int = 1, **changes: object) -> Seen:
    return a_seen("order", day, yuan=yuan, order_id=number, visit=visit, **changes)


def item(price: int, *, days_before: float = 1, currency: str = "CNY") -> Item:
    since = START - timedelta(days=days_before)
    return Item(item_id="milk", title="milk", price=price, currency=currency, valid_from=since)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 10**6)), min_size=1, max_size=60))
def test_the_basket_is_exactly_the_quartiles_of_order_sums(drawn: list[tuple[int, int]]) -> None:
    found = behaviour(*(line(f"o{number}", fen / 100) for number, fen in drawn))
    sums: dict[int, int] = {}
    for number, fen in drawn:
        sums[number] = sums.get(number, 0) + fen
    exact = np.quantile(list(sums.values()), [0.25, 0.5, 0.75])
    assert [found.basket_low, found.basket_median, found.basket_high] == pytest.approx(exact, abs=0.51)
    assert found.orders == len(sums)


def test_beyond_the_exact_orders_the_basket_is_right_to_half_a_step() -> None:
    yuan = [10 + 7 * (n % 97) for n in range(5_000)]
    prices = noted(*(line(f"o{n}", amount) for n, amount in enumerate(yuan)))
    found = view(prices)
    assert found is not None
    assert found.orders == 5_000
    assert found.basket_median == pytest.approx(100 * np.median(yuan), rel=STEP - 1)
    assert len(prices.newest) == EXACT_ORDERS
    assert len(msgspec.msgpack.encode(prices)) < 2_000


def test_an_order_is_discounted_when_a_line_says_so_or_costs_less_than_the_catalogue_asks() -> None:
    cheaper, full = line("o1", 19, item=item(1_000), quantity=2), line("o2", 20, item=item(1_000), quantity=2)
    said, other = line("o3", 5, discount_minor=300), line("o4", 5, discount_minor=0)
    found = behaviour(cheaper, full, said, other)
    assert (found.orders, found.discounted_orders, found.discount_share) == (4, 2, 0.5)


def test_a_catalogue_price_of_a_later_day_or_another_currency_says_nothing() -> None:
    later, foreign = item(1_000, days_before=-1), item(1_000, currency="GBP")
    assert behaviour(line("o1", 5, item=later), line("o2", 5, item=foreign)).discounted_orders == 0


@pytest.mark.parametrize("before", [True, False])
def test_a_used_coupon_finds_its_order_whichever_comes_first(before: bool) -> None:
    coupon = a_seen("coupon", 0, order_id="o1", action="used")
    lines = [line("o1"), line("o2")]
    assert behaviour(*([coupon, *lines] if before else [*lines, coupon])).discounted_orders == 1


@pytest.mark.parametrize("before", [True, False])
def test_a_coupon_without_an_order_counts_for_the_order_of_its_visit(before: bool) -> None:
    coupon = a_seen("coupon", 0, action="claimed", visit=3)
    lines = [line("o1", visit=3)]
    assert behaviour(*([coupon, *lines] if before else [*lines, coupon]), line("o2", visit=4)).discounted_orders == 1


def test_a_coupon_offered_and_an_order_outside_visits_make_no_discount() -> None:
    offered = a_seen("coupon", 0, action="offered", order_id="o1")
    outside = a_seen("coupon", 0, action="claimed", visit=0)
    assert behaviour(offered, outside, line("o1", visit=0)).discounted_orders == 0


def test_discounted_orders_stay_counted_when_they_are_old() -> None:
    seen = [line(f"o{n}", discount=n % 2 == 0) for n in range(3 * EXACT_ORDERS)]
    assert behaviour(*seen).discount_share == 0.5


def test_before_the_first_order_there_is_no_price_behaviour() -> None:
    assert view(noted(a_seen("view", 0), a_seen("coupon", 0, action="used", order_id="o1"))) is None
