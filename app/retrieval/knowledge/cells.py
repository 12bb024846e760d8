"""Values as CSV cells that a spreadsheet shows and does not run, and back, exactly."""

import csv
import io
import re
from collections.abc import Sequence

_BEGINS_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_QUOTED_FORMULA = re.compile(r"'+[=+\-@\t\r]")


def text_cell(text: str) -> str:
    """The text; one that a spreadsheet would run as a formula has an apostrophe before it."""
    return f"'{text}" if _BEGINS_FORMULA.match(text) else text


def cell_text(cell: str) -> str:
    """What `text_cell` was given."""
    return cell[1:] if _QUOTED_FORMULA.match(cell) else cell


def list_cell(values: Sequence[str]) -> str:
    """Several texts in one cell, with semicolons between them; a text with a semicolon stands in double quotes."""
    line = io.StringIO(newline="")
    csv.writer(line, delimiter=";").writerow(values)
    return line.getvalue().removesuffix("\r\n")


def cell_list(cell: str) -> list[str]:
    """What `list_cell` was given."""
    lines = io.StringIO(cell, newline="")
    return next(csv.reader(lines, delimiter=";"), [])
