"""Reading any table of transactions."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from app.errors import InvalidInput
from evals.transactions import Columns, Transactions, read, to_date

COLUMNS = Columns("who", "when", "paid", ZoneInfo("Asia/Shanghai"))


def csv(tmp_path: Path, *rows: str, head: str = "who,when,paid") -> Path:
    path = tmp_path / "t.csv"
    path.write_text("\n".join([head, *rows]), encoding="utf-8")
    return path


def days(found: Transactions) -> list[tuple[str, date, int]]:
    p = found.purchases
    return [(p.customer_ids[c], to_date(int(d)), int(a)) for c, d, a in zip(p.customer, p.day, p.amount, strict=True)]


def test_lines_of_one_day_are_added_up_in_hundredths(tmp_path: Path) -> None:
    path = csv(tmp_path, "b,2026-01-02,1.10", "a,2026-01-01,5", "b,2026-01-02,2.25", "b,2026-01-03,0")
    assert days(read(path, COLUMNS)) == [
        ("a", date(2026, 1, 1), 500),
        ("b", date(2026, 1, 2), 335),
        ("b", date(2026, 1, 3), 0),
    ]


def test_refunds_and_unusable_rows_are_counted_and_left_out(tmp_path: Path) -> None:
    path = csv(tmp_path, "a,2026-01-01,5", "a,2026-01-02,-5", "a,someday,5", ",2026-01-01,5", "a,2026-01-01,NaN")
    found = read(path, COLUMNS)
    assert (found.rows, found.negative, found.unusable) == (5, 1, 3)
    assert len(days(found)) == 1


@pytest.mark.parametrize(
    "when",
    [
        ["2025-12-31", "2026-01-01T23:00:00"],
        [20251231, 20260101],
        [1767168000, 1767254400],
        [1767168000_000, 1767254400_000],
        [datetime(2025, 12, 30, 17, tzinfo=UTC), datetime(2025, 12, 31, 17, tzinfo=UTC)],
        [datetime(2025, 12, 31, 1), datetime(2026, 1, 1, 23)],
        [date(2025, 12, 31), date(2026, 1, 1)],
    ],
)
def test_times_of_every_kind_become_local_days(tmp_path: Path, when: list[object]) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"who": [7, 7], "when": when, "paid": [1.0, 2.0]}).write_parquet(path)
    assert [day for _, day, _ in days(read(path, COLUMNS))] == [date(2025, 12, 31), date(2026, 1, 1)]


def test_a_time_format_reads_what_iso_does_not(tmp_path: Path) -> None:
    path = csv(tmp_path, "a,12/31/2025 8:26,5")
    found = read(path, COLUMNS._replace(time_format="%m/%d/%Y %H:%M"))
    assert days(found) == [("a", date(2025, 12, 31), 500)]


def test_what_cannot_be_read_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        read(tmp_path / "none.csv", COLUMNS)
    with pytest.raises(InvalidInput, match=r"--time 'when': no such column .*there are: who, paid"):
        read(csv(tmp_path, "a,1", head="who,paid"), COLUMNS)
    with pytest.raises(InvalidInput, match="no row has"):
        read(csv(tmp_path, "a,2026-01-01,-1"), COLUMNS)
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(InvalidInput, match="cannot be read as a table"):
        read(tmp_path / "broken.parquet", COLUMNS)
