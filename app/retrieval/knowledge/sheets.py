"""Cases as a CSV or Parquet file of flat rows; `flat.py` has the columns."""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from app.errors import InvalidInput
from app.events.sources.files import RawRow, read_table
from app.retrieval.knowledge.cells import cell_list, cell_text, list_cell, text_cell
from app.retrieval.knowledge.faults import FaultyFile, LineFault
from app.retrieval.knowledge.flat import COLUMNS, LISTS, NEEDED, FlatRow, Value, cases_of, rows_of
from app.retrieval.schemas import Case

BOM = "\ufeff"
"""Tells spreadsheets that the file is UTF-8."""
_WHOLE = frozenset((
    "eligible_n", "window_days", "campaign_cost_minor", "arm_no", "offer_amount_minor", "offer_threshold_minor",
    "offer_expires_in", "sent", "treated_n", "treated_conversions", "treated_sum", "control_n", "control_conversions",
    "control_sum", "cost_minor",
))  # fmt: skip
_REAL = frozenset(("holdout_share", "propensity", "treated_sumsq", "control_sumsq"))


def read_sheet(path: Path, suffix: str) -> tuple[Case, ...]:
    """All cases of the file, or FaultyFile. Lines of a CSV file count from 1, rows of a Parquet file too."""
    table = read_table(path, suffix)
    _check_columns(path.name, [name for name in table.columns or () if name])
    rows = list(table.rows)
    if broken := [LineFault(row.line, "(whole line)", row.fault) for row in rows if row.fault]:
        raise FaultyFile(path.name, broken)
    read = _from_csv if suffix == ".csv" else _from_parquet
    return cases_of(path.name, (found for row in rows if (found := read(row)).values))


def as_csv(cases: Iterable[Case]) -> bytes:
    """The cases as CSV in UTF-8 with a BOM."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    writer.writerows([_cell(row[column]) for column in COLUMNS] for row in rows_of(cases))
    return (BOM + file.getvalue()).encode()


def as_parquet(cases: Iterable[Case]) -> bytes:
    """The cases as Parquet: whole numbers, doubles, texts and lists of texts; times as ISO 8601 with their offset."""
    import polars as pl

    kinds: dict[str, type[pl.DataType] | pl.DataType] = dict.fromkeys(COLUMNS, pl.String)
    kinds |= (
        dict.fromkeys(LISTS, pl.List(pl.String)) | dict.fromkeys(_WHOLE, pl.Int64) | dict.fromkeys(_REAL, pl.Float64)
    )
    file = io.BytesIO()
    pl.DataFrame(list(rows_of(cases)), schema=kinds).write_parquet(file)
    return file.getvalue()


def _check_columns(name: str, found: list[str]) -> None:
    if missing := [column for column in NEEDED if column not in found]:
        raise InvalidInput(
            f"{name} lacks the column(s) {', '.join(missing)}; knowledge_base/README.md lists all columns"
        )
    if unknown := [column for column in found if column not in COLUMNS]:
        raise InvalidInput(
            f"{name} has the unknown column(s) {', '.join(unknown)}; rename or remove them (columns are: "
            f"{', '.join(COLUMNS)})"
        )


def _from_csv(row: RawRow) -> FlatRow:
    return FlatRow(row.line, dict(_read_cells(row)))


def _read_cells(row: RawRow) -> Iterator[tuple[str, Value]]:
    for column, cell in row.values.items():
        if column and cell:
            text = cell_text(cell)
            yield column, cell_list(text) if column in LISTS else text


def _from_parquet(row: RawRow) -> FlatRow:
    return FlatRow(row.line, {column: value for column, value in row.values.items() if value is not None})


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return text_cell(list_cell(value))
    return text_cell(value) if isinstance(value, str) else str(value)
