"""What a customer is worth left alone, after a light touch, after a strong offer: on screen, or as a page to print."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.cli.options import AsJson, AsOf, DataDir, EmbedderPlace, Language, WorkspaceName, moment_of, opened
from app.cli.output import print_json, progress
from app.console.format import Formatter
from app.console.paths_report import paths_report
from app.console.paths_rows import Rows, by_day, sources, summary
from app.errors import InvalidInput
from app.strategy.told_paths import CustomerPaths

path_commands = typer.Typer()


@path_commands.command()
def paths(
    customer: Annotated[str, typer.Argument(help="Our customer id or a source id.")],
    report: Annotated[Path | None, typer.Option(help="Also write a page with the picture to this HTML file.")] = None,
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    embedder: EmbedderPlace = "",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Compare no action, a light touch and a strong offer over the horizon, by lifts measured in past campaigns."""
    if report and (report.is_dir() or not report.parent.is_dir()):
        raise InvalidInput(f"cannot write {report}: name a file in a folder that exists")
    with opened(data, embedder=embedder) as app:
        shop = app.pipeline.access.workspace(workspace)
        moment = moment_of(app, shop, as_of)
        found = app.pipeline.paths(shop, customer, as_of=moment, lang=lang or shop.language)
    show = Formatter(found.lang, shop.zone)
    if report:
        _write(report, paths_report(found, show))
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found, show)


def _write(file: Path, text: str) -> None:
    """All of the file or nothing."""
    unfinished = file.with_name(f".{file.name}.new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(file)
    progress(f"wrote {file}")


def _print(found: CustomerPaths, show: Formatter) -> None:
    for ground in found.grounds:
        print(ground.said)
        _print_table(sources(ground, found.values.currency, show))
    for table in (by_day(found, show), summary(found, show)):
        _print_table(table)
    for note in found.notes:
        print(note)


def _print_table(rows: Rows) -> None:
    if not rows.lines:
        return
    table = Table(*rows.head)
    for line in rows.lines:
        table.add_row(*line)
    Console(width=160, markup=False, emoji=False).print(table)
