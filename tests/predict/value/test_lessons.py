"""What the past teaches: earlier days only, with what really followed, and as many as there is past for."""

import numpy as np
import pytest

from app.predict.inputs.purchases import PurchaseDays, spend_between
from app.predict.value.features import unit_of
from app.predict.value.lessons import (
    FEWEST_CUTS,
    LEAST_HISTORY_DAYS,
    LEAST_HORIZON_DAYS,
    MOST_CUTS,
    MOST_ROWS,
    Lesson,
    horizon_of,
    lesson,
    lessons,
    sample,
)
from tests.factories_shops import FIRST_DAY, with_later_rows

LAST = FIRST_DAY + 299


def taught(purchases: PurchaseDays, day: int, horizon: int = 60) -> list[Lesson]:
    return lessons(purchases, day, horizon_days=horizon, unit=100.0, beside=None)


def test_lessons_end_by_the_day_and_the_newest_comes_first(small: PurchaseDays) -> None:
    found = taught(small, LAST)
    days = [one.day for one in found]
    assert days[0] == LAST - 60
    assert days == sorted(days, reverse=True)
    assert len(days) == MOST_CUTS
    assert days[-1] - int(small.day.min()) >= LEAST_HISTORY_DAYS


def test_a_lesson_tells_what_its_customers_did_next(small: PurchaseDays) -> None:
    one = lesson(small, LAST - 60, horizon_days=60, unit=unit_of(small), beside=None)
    assert one is not None
    spend, orders = spend_between(small, one.features.table.customer, LAST - 60, LAST)
    np.testing.assert_allclose(one.spend * unit_of(small), spend)
    np.testing.assert_array_equal(one.orders, orders)
    assert 0 < (one.orders > 0).mean() < 1


@pytest.mark.parametrize("day", [LAST - 100, LAST - 30])
def test_what_comes_after_the_day_teaches_nothing(small: PurchaseDays, day: int) -> None:
    pairs = zip(taught(small.until(day), day), taught(with_later_rows(small, day), day), strict=True)
    for one, other in pairs:
        assert one.day == other.day
        np.testing.assert_array_equal(one.spend, other.spend)
        np.testing.assert_array_equal(one.features.columns, other.features.columns)


def test_customers_of_a_lesson_stand_as_they_stood_then(small: PurchaseDays) -> None:
    one = taught(small, LAST)[3]
    then = lesson(small.until(one.day), one.day, horizon_days=60, unit=100.0, beside=None)
    assert then is not None
    np.testing.assert_array_equal(one.features.columns, then.features.columns)
    assert then.spend.sum() == 0


def test_the_horizon_is_at_most_half_of_the_history(small: PurchaseDays) -> None:
    first = int(small.day.min())
    assert horizon_of(small, first + 300, 90) == 90
    assert horizon_of(small, first + 100, 90) == 50
    assert horizon_of(small, first, 90) == 0
    assert horizon_of(PurchaseDays.from_rows([], [], []), 5, 90) == 0


def test_too_short_a_past_teaches_nothing(small: PurchaseDays) -> None:
    assert taught(small, LAST, LEAST_HORIZON_DAYS - 1) == []
    assert taught(small, int(small.day.min()) + LEAST_HISTORY_DAYS) == []
    assert taught(PurchaseDays.from_rows([], [], []), LAST) == []


def test_a_great_shop_teaches_by_a_part_of_its_customers_that_needs_no_draw() -> None:
    buyers = MOST_ROWS // FEWEST_CUTS * 2 + 100
    names = tuple(f"c{i:06}" for i in range(buyers))
    who = np.repeat(np.arange(buyers, dtype=np.int32), 2)
    shop = PurchaseDays(names, who, np.tile(np.array([1, 9], np.int32), buyers), np.ones(who.size, np.int64))
    few = sample(shop)
    kept = np.unique(few.customer)
    assert MOST_ROWS // FEWEST_CUTS * 0.6 < kept.size <= MOST_ROWS // FEWEST_CUTS
    assert few.day.size == 2 * kept.size
    assert np.unique(np.diff(kept)).size == 1
    np.testing.assert_array_equal(sample(shop).customer, few.customer)
    assert sample(few) is few
