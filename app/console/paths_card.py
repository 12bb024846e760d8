"""What may become of a customer: left alone, after a light touch, after a strong offer, and on which past outcomes."""

from nicegui import ui

from app.console.frame import Page, card, text
from app.console.paths_chart import any_gain, paths_chart
from app.console.paths_report import paths_report
from app.console.paths_rows import Rows, sources, summary
from app.console.table import Column, plain_table
from app.strategy.told_paths import CustomerPaths


def paths_card(page: Page, found: CustomerPaths) -> None:
    """The picture and the figures; what is not known is said, not drawn."""
    with card(page.say("paths.heading"), page.say("paths.note"), "paths"):
        if found.values.paths:
            chart = ui.echart(paths_chart(found, page.say))
            chart.classes("paths-chart" if any_gain(found) else "curves")
            _table(summary(found, page.show), numbers_from=1)
        for ground in found.grounds:
            text(ground.said, "small path-said")
        _sources(page, found)
        for note in found.notes:
            text(note, "muted small")
        if found.values.paths:
            _keep(page, found)


def _sources(page: Page, found: CustomerPaths) -> None:
    if not any(ground.sources for ground in found.grounds):
        return
    with ui.element("details").classes("reasons"):
        with ui.element("summary"):
            text(page.say("paths.sources"), "inline")
        for ground in found.grounds:
            if ground.sources:
                text(ground.name, "sub")
                _table(sources(ground, found.values.currency, page.show), numbers_from=2)


def _table(rows: Rows, *, numbers_from: int) -> None:
    columns = [Column(name, "number" if i >= numbers_from else "") for i, name in enumerate(rows.head)]
    plain_table(columns, rows.lines, "paths-table")


def _keep(page: Page, found: CustomerPaths) -> None:
    def download() -> None:
        page_text = paths_report(found, page.show)
        ui.download(page_text.encode(), f"paths-{found.customer_id}.html", "text/html")

    ui.button(page.say("paths.keep"), on_click=download).props("flat dense no-caps size=sm")
