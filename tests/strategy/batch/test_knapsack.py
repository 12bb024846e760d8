from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from app.retrieval.schemas import Channel
from app.strategy.batch.knapsack import Item, fill

amounts = st.floats(0, 100).map(lambda x: round(x, 2))
items = st.lists(st.tuples(amounts, amounts, st.booleans()), max_size=9).map(
    lambda rows: [Item(f"c{n}", profit, cost, Channel.SMS, held) for n, (profit, cost, held) in enumerate(rows)]
)


def test_the_best_ratio_comes_first_and_the_budget_is_kept() -> None:
    offered = [
        Item("a", 10, 10, Channel.SMS),
        Item("b", 9, 3, Channel.SMS),
        Item("c", 4, 2, Channel.SMS),
        Item("d", 1, 0, Channel.ONSITE),
    ]
    found = fill(offered, 5, {})
    assert [item.key for item in found.taken] == ["d", "b", "c"]
    assert (found.spent, found.left) == (5, {"a": "budget"})
    assert found.bound == 14


def test_what_does_not_fit_gives_way_to_what_does() -> None:
    found = fill([Item("a", 50, 10, Channel.SMS), Item("b", 2, 1, Channel.SMS)], 5, {})
    assert [item.key for item in found.taken] == ["b"]
    assert found.bound == 25


def test_a_full_channel_takes_no_more() -> None:
    offered = [Item(f"c{n}", 10 - n, 1, Channel.SMS if n % 2 else Channel.EMAIL) for n in range(6)]
    found = fill(offered, 100, {Channel.SMS: 1})
    assert [item.key for item in found.taken] == ["c0", "c1", "c2", "c4"]
    assert found.left == {"c3": "channel_full", "c5": "channel_full"}


def test_who_is_held_out_costs_nothing() -> None:
    found = fill([Item("a", 9, 5, Channel.SMS, held=True), Item("b", 8, 5, Channel.SMS)], 5, {Channel.SMS: 1})
    assert [item.key for item in found.taken] == ["a", "b"]
    assert found.spent == 5


@given(items, amounts)
def test_nobody_is_lost_and_the_budget_is_never_exceeded(offered: list[Item], budget: float) -> None:
    found = fill(offered, budget, {})
    assert sorted([*(item.key for item in found.taken), *found.left]) == sorted(item.key for item in offered)
    assert sum(item.cost for item in found.taken if not item.held) <= budget + 1e-9


@given(items, amounts)
def test_no_choice_brings_more_than_the_bound(offered: list[Item], budget: float) -> None:
    live = [item for item in offered if not item.held]
    best = max(
        sum(item.profit for item in some)
        for size in range(len(live) + 1)
        for some in combinations(live, size)
        if sum(item.cost for item in some) <= budget
    )
    found = fill(offered, budget, {})
    reached = sum(item.profit for item in found.taken if not item.held)
    largest = max((item.profit for item in live), default=0.0)
    assert reached - 1e-9 <= best <= found.bound + 1e-9
    assert reached >= found.bound - largest - 1e-9


@given(items, amounts, st.integers(0, 8))
def test_the_own_draw_does_not_decide_whether_one_is_planned(offered: list[Item], budget: float, which: int) -> None:
    if which >= len(offered):
        return
    flipped = [item._replace(held=not item.held) if n == which else item for n, item in enumerate(offered)]
    before, after = fill(offered, budget, {}), fill(flipped, budget, {})
    key = offered[which].key
    assert (key in before.left) == (key in after.left)
