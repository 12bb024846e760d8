from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from app.profile.sums.wares import MOST_ITEMS, Wares, bought

Lines = list[tuple[int, int]]


def summed(lines: Lines, *, per_day: int = 3) -> Wares:
    """Lines as (order, item), so many a day."""
    wares, starts = Wares(), dict[int, int]()
    for number, (order, item) in enumerate(lines, 1):
        bought(wares, f"i{item}", number // per_day, line=number, start=starts.setdefault(order, number))
    return wares


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2 * MOST_ITEMS)), max_size=400))
def test_counts_that_are_said_to_be_sure_are_exact_however_orders_interleave(lines: Lines) -> None:
    orders, days = defaultdict[int, set[int]](set), defaultdict[int, set[int]](set)
    for number, (order, item) in enumerate(lines, 1):
        orders[item].add(order)
        days[item].add(number // 3)
    for item_id, ware in summed(lines).items.items():
        if ware.sure:
            item = int(item_id[1:])
            assert (ware.orders, ware.days) == (len(orders[item]), len(days[item]))


def test_orders_of_several_lines_that_follow_each_other_are_counted_for_sure() -> None:
    lines = [(order, item) for order in range(5) for item in (1, 2, 1)]
    assert all(ware.sure and ware.orders == 5 for ware in summed(lines).items.values())


def test_an_item_that_was_let_go_is_not_counted_for_sure_when_it_comes_back() -> None:
    lines = [(0, 0), *((order, order) for order in range(1, MOST_ITEMS + 2)), (999, 0)]
    wares = summed(lines)
    assert len(wares.items) == MOST_ITEMS
    assert not wares.items["i0"].sure
