"""Audience rows as files: CSV that opens in Excel with Chinese intact, and JSON lines. Rows are written one by one.

In CSV amounts are in whole units with their decimals, for people; in JSON lines they are minor units, as everywhere in
the API. Every row says what it may be used for, and by which word of the customer: who gets the file has to know.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import BinaryIO, NamedTuple

from app.events.amounts import minor_units
from app.strategy.audiences.schemas import ExportFormat

BOM = "\ufeff"
Value = str | int | float | None
Line = Mapping[str, Value]
MINOR = "_minor"
"""End of the names of amounts."""
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![0-9.]+$)")


class Written(NamedTuple):
    """A finished file."""

    rows: int
    sha256: str


def write(out: BinaryIO, kind: ExportFormat, columns: Sequence[str], rows: Iterable[Line], currency: str) -> Written:
    """Write all rows, each with all columns; returns what was written."""
    digest, number = hashlib.sha256(), 0
    encode = _csv if kind == "csv" else _json
    parts = encode(columns, rows, currency)
    for part in parts:
        data = part.encode()
        digest.update(data)
        out.write(data)
        number += 1
    return Written(number - (kind == "csv"), digest.hexdigest())


def _csv(columns: Sequence[str], rows: Iterable[Line], currency: str) -> Iterable[str]:
    yield BOM + _line([name.removesuffix(MINOR) for name in columns])
    for row in rows:
        yield _line([_cell(name, row.get(name), currency) for name in columns])


def _json(columns: Sequence[str], rows: Iterable[Line], currency: str) -> Iterable[str]:
    for row in rows:
        yield json.dumps({name: row.get(name) for name in columns}, ensure_ascii=False, allow_nan=False) + "\n"


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()


def _cell(name: str, value: Value, currency: str) -> str:
    if value is None:
        return ""
    if name.endswith(MINOR):
        return f"{Decimal(int(value)) / minor_units(currency):.{len(str(minor_units(currency))) - 1}f}"
    if isinstance(value, float):
        return f"{value:.4f}"
    return _harmless(str(value))


def _harmless(text: str) -> str:
    """A text that a spreadsheet would run as a formula gets an apostrophe; a number with a sign is no formula."""
    return f"'{text}" if _FORMULA.match(text) else text
