"""Cases in CSV and Parquet: what a spreadsheet does to a file, and faults by line and column."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from app.config import ROOT
from app.errors import InvalidInput
from app.retrieval.knowledge.faults import FaultyFile
from app.retrieval.knowledge.flat import COLUMNS
from app.retrieval.knowledge_base import read_cases, written
from app.retrieval.schemas import Case
from tests.factories_campaigns import case_of, outcome_of

Rows = list[dict[str, str]]
TWO_ARMS = case_of("c2", n=50)
TWO_ARMS = Case(
    campaign=TWO_ARMS.campaign.model_copy(
        update={"arms": (TWO_ARMS.campaign.arms[0], TWO_ARMS.campaign.arms[0].model_copy(update={"arm_id": "b"}))}
    ),
    outcomes=(*TWO_ARMS.outcomes, outcome_of([0, 5], [0, 3], campaign_id="c2", arm_id="b")),
)
CASES = (case_of("c1", n=50), TWO_ARMS)


def rows_as_text() -> Rows:
    return list(csv.DictReader(io.StringIO(written(CASES, "csv").decode("utf-8-sig"), newline="")))


def write(path: Path, rows: Rows, encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_that_a_spreadsheet_saved_is_read(tmp_path: Path, encoding: str) -> None:
    assert read_cases(write(tmp_path / "kb.csv", rows_as_text(), encoding)) == CASES


def test_columns_may_stand_in_any_order_and_optional_ones_may_be_absent(tmp_path: Path) -> None:
    optional = ("workspace_id", "title_zh", "offer_type", "approved_by", "arm_no", "themes_en")
    rows = [{name: row[name] for name in sorted(row) if name not in optional} for row in rows_as_text()]
    assert read_cases(write(tmp_path / "kb.csv", rows)) == CASES


def test_the_file_begins_with_a_byte_order_mark_and_has_one_row_for_each_arm_and_segment() -> None:
    content = written(CASES, "csv")
    assert content.startswith(b"\xef\xbb\xbfcampaign_id,")
    assert [(row["campaign_id"], row["arm_id"], row["segment"]) for row in rows_as_text()] == [
        ("c1", "a", "all"), ("c2", "a", "all"), ("c2", "b", "all"),
    ]  # fmt: skip


def test_the_format_can_be_named_where_the_ending_does_not_tell(tmp_path: Path) -> None:
    path = write(tmp_path / "kb.txt", rows_as_text())
    assert read_cases(path, "csv") == CASES
    with pytest.raises(InvalidInput, match=r"unknown file type '.txt'; use .jsonl, .csv or .parquet, or --format"):
        read_cases(path)


Edit = Callable[[Rows], None]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda r: r[0].update(objective="sell"), "line 2, field objective: Input should be 'win_back'"),
        (lambda r: r[1].update(channel="fax"), "line 3, field channel: Input should be 'sms'"),
        (lambda r: r[2].update(treated_n="many"), "line 4, field treated_n: Input should be a valid integer"),
        (lambda r: r[2].update(treated_conversions="3"), "field treated_conversions: cannot exceed treated_n (2)"),
        (lambda r: r[2].update(title="another"), "line 4, field title: must be as on line 3"),
        (lambda r: r[2].update(arm_id="a"), "line 4, field arm_no: must be as on line 3"),
        (lambda r: r[2].update(arm_id="a", arm_no="1"), "line 3, field segment: keep one outcome for each arm"),
        (lambda r: r[1].update(starts_at=""), "line 3, field starts_at: must not be empty"),
        (lambda r: r[0].update(starts_at="2026-05-01 10:00"), "line 2, field starts_at: Input should have timezone"),
        (lambda r: r[0].update(offer_amount_minor="100"), "line 2, field offer_type: Field required"),
        (lambda r: r[2].update(control_sumsq=""), "line 4, field control_sumsq: Field required"),
        (lambda r: [row.pop("eligible_n") for row in r], "lacks the column(s) eligible_n"),
        (lambda r: [row.update(colour="red") for row in r], "has the unknown column(s) colour; rename or remove"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_line_and_column(tmp_path: Path, edit: Edit, said: str) -> None:
    rows = rows_as_text()
    edit(rows)
    with pytest.raises(InvalidInput) as caught:
        read_cases(write(tmp_path / "kb.csv", rows))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_faults_are_kept_for_who_can_show_them(tmp_path: Path) -> None:
    rows = rows_as_text()
    for row in rows:
        row["sent"] = "-1"
    with pytest.raises(FaultyFile) as caught:
        read_cases(write(tmp_path / "kb.csv", rows))
    assert [(fault.line, fault.field) for fault in caught.value.faults] == [(2, "sent"), (3, "sent"), (4, "sent")]


def test_a_row_of_another_length_and_an_open_quote_are_named(tmp_path: Path) -> None:
    text = written(CASES, "csv").decode("utf-8-sig")
    (tmp_path / "short.csv").write_text(text + "c3,x\r\n", encoding="utf-8")
    with pytest.raises(FaultyFile, match=r"line 5, field \(whole line\): wrong number of columns: 2"):
        read_cases(tmp_path / "short.csv")
    (tmp_path / "open.csv").write_text(text + '"c3\r\n', encoding="utf-8")
    with pytest.raises(FaultyFile, match=r"line 5, .*broken CSV"):
        read_cases(tmp_path / "open.csv")


def test_empty_lines_at_the_end_are_no_rows(tmp_path: Path) -> None:
    text = written(CASES, "csv").decode()
    width = text.split("\r\n")[0].count(",")
    (tmp_path / "kb.csv").write_text(text + "," * width + "\r\n\r\n", encoding="utf-8", newline="")
    assert read_cases(tmp_path / "kb.csv") == CASES


def test_a_header_alone_and_an_empty_file_hold_no_case(tmp_path: Path) -> None:
    (tmp_path / "kb.csv").write_text(written((), "csv").decode(), encoding="utf-8")
    with pytest.raises(InvalidInput, match="holds no case"):
        read_cases(tmp_path / "kb.csv")
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(InvalidInput, match="the first line must name the columns"):
        read_cases(tmp_path / "empty.csv")


def test_a_parquet_file_has_types_and_its_faults_name_the_row(tmp_path: Path) -> None:
    path = tmp_path / "kb.parquet"
    path.write_bytes(written(CASES, "parquet"))
    frame = pl.read_parquet(path)
    assert frame.schema["treated_sum"] == pl.Int64
    assert frame.schema["themes"] == pl.List(pl.String)
    frame.with_columns(pl.lit(99, pl.Int64).alias("treated_conversions")).write_parquet(path)
    with pytest.raises(FaultyFile, match=r"line 1, field treated_conversions: cannot exceed treated_n \(50\)"):
        read_cases(path)
    (tmp_path / "kb.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(InvalidInput, match="is not a readable Parquet file"):
        read_cases(path)


def test_the_readme_lists_every_column() -> None:
    readme = (ROOT / "knowledge_base" / "README.md").read_text(encoding="utf-8")
    assert [column for column in COLUMNS if f"`{column}`" not in readme] == []
