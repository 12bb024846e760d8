"""Every number and date of a sentence is seen, however it is written."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.insights.quantities import PartialDate, figures, unsupported

QUANTITIES = {
    "£1,234.50": [("1234.5", "gbp")],
    "CN¥105.00 and ¥20": [("105", "cny"), ("20", "cny")],
    "1.2万元": [("12000", "cny")],
    "2 thousand pounds": [("2000", "gbp")],
    "35% or 35 per cent": [("35", "percent"), ("35", "percent")],
    "百分之三十五": [("35", "percent")],
    "三成": [("30", "percent")],
    "１２笔订单": [("12", "order")],
    "twelve orders": [("12", "order")],
    "one order, one of them": [("1", "order")],
    "twenty-five times": [("25", None)],
    "三次": [("3", None)],
    "十二单": [("12", "order")],
    "两百三十五元": [("235", "cny")],
    "一万二千元": [("12000", "cny")],
    "半年": [("0.5", "year")],
    "一个月": [("1", "month")],
    "90天": [("90", "day")],
    "90 days": [("90", "day")],
    "满分5分，2分": [("5", "rating"), ("2", "rating")],
    "20:15": [("1215", "clock")],
    "一直、一些、一样、唯一、第一、一个人、最近一次、万一、三亚": [],
    "perhaps nobody": [],
}


@pytest.mark.parametrize("text", QUANTITIES)
def test_numbers_are_read_with_what_they_count(text: str) -> None:
    assert [(f"{q.value:f}", q.unit) for q in figures(text).quantities] == QUANTITIES[text]


DATES = {
    "2011-09-10": (2011, 9, 10),
    "2011/9/10 ": (2011, 9, 10),
    "2011年9月10日": (2011, 9, 10),
    "9月10日": (None, 9, 10),
    "九月十日": (None, 9, 10),
    "2011年9月": (2011, 9, None),
    "2011年": (2011, None, None),
    "10 September 2011": (2011, 9, 10),
    "10th of September": (None, 9, 10),
    "September 10, 2011": (2011, 9, 10),
    "Sept. 2011": (2011, 9, None),
    "in September": (None, 9, None),
    "on 5 May": (None, 5, 5),
}


@pytest.mark.parametrize("text", DATES)
def test_dates_are_read_as_far_as_they_go(text: str) -> None:
    assert figures(text) == ((), (PartialDate(*DATES[text]),))


@pytest.mark.parametrize(
    ("said", "ground"),
    [
        ("12 orders", "12 orders"),
        ("12 orders", "12"),
        ("十二笔订单", "12笔订单"),
        ("£345.2", "£345.20"),
        ("in September 2011", "10 September 2011"),
        ("in 2011", "10 September 2011"),
        ("nothing", ""),
    ],
)
def test_what_the_ground_says_is_supported(said: str, ground: str) -> None:
    assert unsupported(figures(said), [figures("7 views"), figures(ground)]) is None


@pytest.mark.parametrize(
    ("said", "ground"),
    [
        ("13 orders", "12 orders"),
        ("12 orders", "12 days"),
        ("12%", "12 orders"),
        ("12", "12%"),
        ("£12", "€12"),
        ("£345", "£345.20"),
        ("11 September 2011", "10 September 2011"),
        ("10 September 2012", "10 September 2011"),
        ("in October", "10 September 2011"),
        ("12 orders", "12 September 2011"),
        ("十三笔订单", "12笔订单"),
        ("thirteen orders", "12 orders"),
    ],
)
def test_what_no_ground_says_is_named(said: str, ground: str) -> None:
    assert unsupported(figures(said), [figures(ground)]) is not None


@given(st.integers(0, 99_999_999), st.sampled_from(["{:,} orders", "{} 笔订单", "£{:,}.00 in all", "共{}元"]))
def test_any_whole_number_is_read_back_exactly(value: int, form: str) -> None:
    assert [q.value for q in figures(form.format(value)).quantities] == [Decimal(value)]


@given(st.text(max_size=60))
def test_any_text_can_be_read_and_supports_itself(text: str) -> None:
    found = figures(text)
    assert unsupported(found, [found]) is None
