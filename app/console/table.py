"""A plain table: words and links, always escaped."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from nicegui import ui

from app.console.frame import text


class Link(NamedTuple):
    """A cell that leads somewhere."""

    words: str
    target: str
    here: bool = False
    """True when it leads to what is shown already."""


Cell = str | Link


class Column(NamedTuple):
    """A column's heading and how its cells look."""

    heading: str
    classes: str = ""
    """`number` for figures; see console.css."""


def plain_table(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], classes: str = "") -> None:
    """Draw a table; each row has one cell per column."""
    with ui.element("div").classes("table-box"), ui.element("table").classes(f"event-table {classes}"):
        with ui.element("thead"), ui.element("tr"):
            for column in columns:
                with ui.element("th").classes(column.classes):
                    text(column.heading)
        with ui.element("tbody"):
            for row in rows:
                with ui.element("tr"):
                    for column, cell in zip(columns, row, strict=True):
                        with ui.element("td").classes(column.classes):
                            _draw(cell)


def _draw(cell: Cell) -> None:
    if isinstance(cell, str):
        text(cell)
    else:
        ui.link(cell.words, cell.target).classes("row-link" if cell.here else "")
