from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from app.errors import InvalidInput
from app.predict.inputs.tables import Columns
from evals import order_lines

COLUMNS = Columns("who", "at", "paid", zone=ZoneInfo("UTC"))
CSV = """who,at,paid,what
b,2026-01-02,2.50,tea
a,2026-01-01 10:00:00,1.00,tea
a,2026-01-01 23:00:00,2.00,toys
a,2026-01-01 11:00:00,1.00,tea
a,2026-01-03,-5.00,tea
,2026-01-03,5.00,tea
a,never,5.00,tea
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "lines.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


def test_lines_of_a_day_and_category_are_added_up_and_unusable_rows_are_counted(table: Path) -> None:
    found = order_lines.read(table, COLUMNS, "what")
    assert found.customers == ("a", "b")
    assert list(zip(found.customer.tolist(), found.category, found.amount.tolist(), strict=True)) == [
        (0, "tea", 200),
        (0, "toys", 200),
        (1, "tea", 250),
    ]
    assert (found.rows, found.left_out) == (7, 3)
    purchases = found.purchases()
    assert purchases.amount.tolist() == [400, 250]
    assert found.baskets(("tea", "toys")).share.tolist() == [0.5, 0.5, 1.0]


def test_nothing_after_a_day_is_seen_and_parquet_reads_as_csv(table: Path, tmp_path: Path) -> None:
    found = order_lines.read(table, COLUMNS, "what")
    assert found.until(int(found.day.min())).category == ["tea", "toys"]
    pl.read_csv(table).write_parquet(tmp_path / "lines.parquet")
    again = order_lines.read(tmp_path / "lines.parquet", COLUMNS, "what")
    assert np.array_equal(again.amount, found.amount)
    assert again.category == found.category


def test_a_table_without_categories_is_read_too(table: Path) -> None:
    assert order_lines.read(table, COLUMNS, "").category == [None, None]


@pytest.mark.parametrize(
    ("columns", "category", "fault"),
    [
        (COLUMNS, "colour", "--category 'colour': no such column"),
        (COLUMNS._replace(customer="nobody"), "", "--customer 'nobody': no such column"),
        (COLUMNS._replace(amount="what"), "", "no row has a customer"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(table: Path, columns: Columns, category: str, fault: str) -> None:
    with pytest.raises(InvalidInput, match=fault) as error:
        order_lines.read(table, columns, category)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_or_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        order_lines.read(tmp_path / "none.csv", COLUMNS, "")
    (tmp_path / "odd.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(InvalidInput, match="cannot be read"):
        order_lines.read(tmp_path / "odd.parquet", COLUMNS, "")
