import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.predict.intent.baskets import LEAST_BASKETS, MOST_CATEGORIES, Baskets, Touches, no_touches

Line = tuple[int, int, str | None, int]
lines = st.lists(
    st.tuples(
        st.integers(0, 4), st.integers(0, 9), st.sampled_from(["tea", "toys", "books", None]), st.integers(0, 900)
    ),
    min_size=1,
    max_size=60,
)
NAMES = ("books", "tea", "toys")


def baskets_of(rows: list[Line], names: tuple[str, ...] | None = NAMES) -> Baskets:
    who, day, category, amount = zip(*rows, strict=True)
    return Baskets.from_columns(who, day, category, amount, names)


@given(lines, st.randoms())
def test_shares_of_a_day_sum_to_one_with_one_main_category_whatever_the_order_of_the_lines(rows, random) -> None:
    found = baskets_of(rows)
    mixed = list(rows)
    random.shuffle(mixed)
    again = baskets_of(mixed)
    for column in ("customer", "day", "category", "share", "main"):
        assert np.array_equal(getattr(found, column), getattr(again, column))
    days = {(who, day) for who, day, _, _ in rows}
    for who, day in days:
        here = (found.customer == who) & (found.day == day)
        assert found.share[here].sum() == pytest.approx(1)
        assert found.main[here].sum() == 1


def test_the_main_category_is_the_known_one_that_most_was_spent_on() -> None:
    found = baskets_of([(0, 1, None, 900), (0, 1, "tea", 30), (0, 1, "toys", 20), (0, 1, "toys", 20), (0, 2, None, 5)])
    mains = found.mains()
    assert [found.names[mains.category[0]], int(mains.category[1])] == ["toys", found.other]


def test_a_refund_is_no_purchase_and_a_gift_is_one() -> None:
    found = baskets_of([(0, 1, "tea", -500), (0, 2, "tea", 0), (0, 2, "toys", 0)])
    assert found.day.tolist() == [2, 2]
    assert found.share.tolist() == [0.5, 0.5]


def test_nothing_after_a_day_is_seen() -> None:
    found = baskets_of([(0, 1, "tea", 5), (0, 2, "tea", 5), (1, 3, "toys", 5)])
    assert found.until(2).day.tolist() == [1, 2]
    assert found.of(np.array([1])).customer.tolist() == [1]


def test_only_categories_in_enough_baskets_are_told_apart_and_not_too_many() -> None:
    rows = [
        (who, day, f"c{c:03}", 1) for c in range(MOST_CATEGORIES + 9) for who in range(LEAST_BASKETS) for day in [c]
    ]
    rows += [(0, 500, "rare", 1)]
    found = baskets_of(rows, names=None)
    assert len(found.names) == MOST_CATEGORIES
    assert "rare" not in found.names
    assert int(found.category[found.day == 500][0]) == found.other


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(InvalidInput, match="one length"):
        Baskets.from_columns([1, 2], [1], ["tea"], [1])


def test_a_day_of_many_views_says_little_more_than_one_and_carts_are_counted() -> None:
    found = Touches.from_columns([0] * 4, [1] * 4, ["tea"] * 4, [0.5, 0.5, 2.0, -0.5], [0, 0, 1, -1], NAMES)
    assert found.weight.tolist() == [pytest.approx(2.0 + 0.1 * 0.5)]
    assert found.cart.tolist() == [0]
    assert Touches.from_columns([], [], [], [], [], NAMES).day.size == no_touches().day.size == 0
