"""A sending tool's report, read: one row for each recipient, or one for each arm with its totals.

Every row that cannot be read is named with its line, and then nothing of the report is used.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from app.errors import InvalidInput
from app.events.sources.files import RawRow, read_table
from app.retrieval.knowledge import report_cells as cells
from app.retrieval.knowledge.faults import FaultyFile, LineFault
from app.retrieval.knowledge.report_rows import BadCell, Contact, Reading, ReportRow, Total
from app.retrieval.knowledge.report_words import columns_of, plain

T = TypeVar("T")


class Report(NamedTuple):
    """What a report says of one campaign; one of the two lists is empty."""

    columns: Mapping[str, str]
    """Field -> column, as it was read."""
    contacts: tuple[Contact, ...]
    totals: tuple[Total, ...]
    passed_over: int
    """Rows about other campaigns."""


def read_report(path: Path, how: Reading, suffix: str = "") -> Report:
    """The report as it is about one campaign; FaultyFile names every line that cannot be read."""
    table = read_table(path, suffix)
    rows = list(table.rows)
    if broken := [LineFault(row.line, "(whole line)", row.fault) for row in rows if row.fault]:
        raise FaultyFile(path.name, broken)
    names = table.columns if table.columns is not None else tuple({name: None for row in rows for name in row.values})
    fields = columns_of([name for name in names if name], how.columns)
    filled = [row for row in rows if any(cells.written(value) for value in row.values.values())]
    chosen = _about(filled, fields.get("campaign"), how)
    if not chosen:
        raise InvalidInput(f"{path.name} holds no row: a report has one for each recipient, or for each arm")
    read = [ReportRow(row.line, row.values, fields, how) for row in chosen]
    passed_over = len(filled) - len(chosen)
    if "recipient" in fields:
        return Report(fields, _each(path.name, read, ReportRow.contact), (), passed_over)
    if "n" in fields:
        parts = _each(path.name, read, ReportRow.totals)
        return Report(fields, (), tuple(total for part in parts for total in part), passed_over)
    raise InvalidInput(
        f"{path.name} names neither recipients nor how many there were; its columns are {', '.join(names)}: "
        "say which is which with --map COLUMN=recipient or --map COLUMN=n"
    )


def _about(rows: Sequence[RawRow], column: str | None, how: Reading) -> Sequence[RawRow]:
    """The rows about this campaign; all of them where the report names one campaign only, by a name of its own."""
    if column is None:
        return rows
    names = list(dict.fromkeys(cells.written(row.values.get(column)) for row in rows))
    campaign = how.campaign
    ours = [how.named] if how.named else [campaign.campaign_id, campaign.title_in("zh"), campaign.title_in("en")]
    known = {plain(name) for name in ours}
    chosen = [row for row in rows if plain(cells.written(row.values.get(column))) in known]
    if not chosen and (how.named or len(names) > 1):
        raise InvalidInput(
            f"no row is about {how.named or campaign.campaign_id!r}; the report's campaigns are "
            f"{', '.join(map(repr, names[:10]))}: name the one that is meant with --named"
        )
    return chosen or rows


def _each(name: str, rows: Iterable[ReportRow], read: Callable[[ReportRow], T]) -> tuple[T, ...]:
    found: list[T] = []
    faults: list[LineFault] = []
    for row in rows:
        try:
            found.append(read(row))
        except BadCell as error:
            faults.append(LineFault(row.line, error.column, str(error)))
    if faults:
        raise FaultyFile(name, faults)
    return tuple(found)
