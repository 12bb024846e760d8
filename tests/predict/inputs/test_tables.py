"""Reading any table of transactions."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from app.errors import InvalidInput
from app.predict.inputs.refunds import net
from app.predict.inputs.tables import Columns, Transactions, read, to_date, to_day

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


def test_rows_that_are_there_twice_are_kept_counted_and_told(tmp_path: Path) -> None:
    path = csv(tmp_path, *["a,2026-01-01,5,x"] * 3, "a,2026-01-01,5,y", head="who,when,paid,order")
    found = read(path, COLUMNS)
    assert (found.rows, found.duplicates) == (4, 2)
    assert days(found) == [("a", date(2026, 1, 1), 2000)]
    assert found.warnings == [
        "2 of 4 rows equal an earlier row in every column and are kept; remove them if they are mistakes"
    ]


def test_nothing_is_told_of_rows_in_order(tmp_path: Path) -> None:
    assert read(csv(tmp_path, "a,2026-01-01,5", "b,2026-01-01,5"), COLUMNS).warnings == []


def test_an_odd_row_late_in_a_long_file_does_not_end_it(tmp_path: Path) -> None:
    rows = [f"{i},20260101,5" for i in range(20_000)]
    found = read(csv(tmp_path, *rows, "x7,soon,5", "x8,20260102,free", "x9,20260102,2.50"), COLUMNS)
    assert (found.rows, found.unusable) == (20_003, 2)
    assert days(found)[-1] == ("x9", date(2026, 1, 2), 250)


@pytest.mark.parametrize(
    ("who", "names"),
    [
        ([2**63 - 1, 2**63 - 2], ["9223372036854775806", "9223372036854775807"]),
        ([12347.0, float("nan")], ["12347.0"]),
        (["  ", "\u738b\u5c0f\u660e"], ["\u738b\u5c0f\u660e"]),
        (pl.Series(["b", "a"], dtype=pl.Categorical), ["a", "b"]),
    ],
    ids=["wide numbers", "a number that is none", "a blank", "categories"],
)
def test_customers_of_every_kind_get_their_names(tmp_path: Path, who: list[object], names: list[str]) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"who": who, "when": [20260101, 20260102], "paid": [1, 2]}).write_parquet(path)
    found = read(path, COLUMNS)
    assert list(found.purchases.customer_ids) == names
    assert found.unusable == 2 - len(names)


def test_amounts_written_as_text_are_read_where_they_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    amounts = [" 5.25", "1e2", "£4", "1,200.00", "inf", "1e30", "-3"]
    pl.DataFrame({"who": "a", "when": date(2026, 1, 1), "paid": amounts}).write_parquet(path)
    found = read(path, COLUMNS)
    assert (found.negative, found.unusable) == (1, 4)
    assert days(found) == [("a", date(2026, 1, 1), 10525)]


def test_a_file_in_another_encoding_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("who,when,paid,what\na,2026-01-01,5,café\na,2026-01-02,5,£1 off\n".encode("latin-1"))
    assert len(days(read(path, COLUMNS))) == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "cannot be read as a table"),
        ("who,when,paid\n", "of 0 rows"),
        ("who,when,paid\na,12/31/2025 8:26,5\n", r"1 a readable time \(see --time-format\)"),
        ("who,when,paid\na,2026-01-01,£5\nb,2026-01-01,\n", "2 a readable amount"),
        ("who,when,paid\n,2026-01-01,5\n", "1 lack a customer"),
        ("who;when;paid\na;2026-01-01;5\n", "no such column"),
        ("who,when,paid\na,2026-01-01,5,6,7\n", "cannot be read as a table"),
    ],
    ids=["empty", "only a head", "dates of another form", "amounts with a sign", "nobody", "semicolons", "ragged"],
)
def test_a_file_without_purchases_says_what_its_rows_lack(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=reason):
        read(path, COLUMNS)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (COLUMNS._replace(amount="when"), r"--amount 'when': a column of Date is no amount"),
        (COLUMNS._replace(customer="basket"), "--customer 'basket': a column of List.* names nobody"),
        (COLUMNS._replace(time="basket"), "--time 'basket': a column of List.* is no time"),
        (COLUMNS._replace(time="gift"), "--time 'gift': a column of Boolean is no time"),
    ],
)
def test_a_column_that_cannot_be_what_it_is_named_for_is_refused(tmp_path: Path, columns: Columns, reason: str) -> None:
    path = tmp_path / "t.parquet"
    row = {"who": ["a"], "when": [date(2026, 1, 1)], "paid": [1.0], "basket": [[1, 2]], "gift": [True]}
    pl.DataFrame(row).write_parquet(path)
    with pytest.raises(InvalidInput, match=reason):
        read(path, columns)
    assert read(path, COLUMNS).rows == 1


def test_refunds_lie_beside_the_purchases_of_those_who_bought(tmp_path: Path) -> None:
    path = csv(tmp_path, "b,2026-01-02,5", "b,2026-01-05,-2", "b,2026-01-05,-1.5", "c,2026-01-03,-9", "a,2026-01-04,1")
    found = read(path, COLUMNS)
    assert found.negative == 3
    assert found.purchases.customer_ids == ("a", "b")
    assert sorted(found.refunds.amount.tolist()) == [150, 200]
    assert set(found.refunds.customer.tolist()) == {1}
    netted = net(found.purchases, found.refunds)
    assert (netted.purchases.amount.tolist(), netted.beyond) == ([100, 150], 0)


def test_what_was_known_by_a_day_names_nobody_who_came_later(tmp_path: Path) -> None:
    path = csv(
        tmp_path, "b,2026-01-02,5", "b,2026-01-09,-2", "a,2026-01-07,3", "b,2026-01-03,-1", "c,2026-01-01,4",
        "c,2026-01-02,-4",
    )  # fmt: skip
    found = read(path, COLUMNS).until(to_day(date(2026, 1, 5)))
    assert days(found) == [("b", date(2026, 1, 2), 500), ("c", date(2026, 1, 1), 400)]
    assert sorted(zip(found.refunds.customer.tolist(), found.refunds.amount.tolist(), strict=True)) == [
        (0, 100), (1, 400)
    ]  # fmt: skip


def test_amounts_are_held_in_minor_units_of_the_currency(tmp_path: Path) -> None:
    yen = COLUMNS._replace(minor_units=1)
    assert days(read(csv(tmp_path, "b,2026-01-02,1200"), yen)) == [("b", date(2026, 1, 2), 1200)]
