"""Bring data in: files of events, the product catalogue."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.access.schemas import Workspace
from app.cli.options import AsJson, DataDir, WorkspaceName, opened
from app.cli.output import print_report, progress
from app.errors import InvalidInput
from app.events.sources.mapping import Mapping, load_mapping, load_preset, open_events, read_items
from app.events.timestamps import EARLIEST
from app.retrieval.store import DEMO_WORKSPACE

data_commands = typer.Typer()


@data_commands.command()
def ingest(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSONL or Parquet file of events.")],
    preset: Annotated[str, typer.Option(help="A mapping that we ship, e.g. online-retail.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="A mapping file; see app/events/sources/README.md.")] = None,
    items: Annotated[
        Path | None, typer.Option(help="The product catalogue, read by the mapping's items section.")
    ] = None,
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Load a file of events, all of it or nothing; unusable rows go to quarantine with their reasons."""
    _not_demo(workspace)
    how = mapping_of(preset, mapping)
    now = datetime.now(UTC)
    catalogue = read_items(items, how, valid_from=EARLIEST, now=now) if items else []
    rows = open_events(file, how)
    with opened(data) as app:
        shop = app.pipeline.access.ensure(
            Workspace(workspace_id=workspace, timezone=how.timezone, currency=how.currency),
            empty=app.pipeline.log.count(workspace) == 0,
        )
        intake = app.pipeline.intake(shop, how.source, now=now)._replace(
            zone=how.zone, time_unit=how.occurred_at.unit, time_format=how.occurred_at.format
        )
        progress(f"reading {file.name}")
        report = app.pipeline.ingest(shop, how.source, rows, now=now, intake=intake, items=catalogue)
        settings = app.pipeline.sources.of(workspace, how.source).model_copy(update={"mapping": how})
        app.pipeline.sources.put(workspace, how.source, settings, by="command line", now=now)
        progress("folding events into profiles")
        app.pipeline.catch_up(shop)
    print_report(report.model_copy(update={"items": len(catalogue)}), workspace, as_json)


@data_commands.command()
def items(
    file: Annotated[Path, typer.Argument(help="The product catalogue.")],
    preset: Annotated[str, typer.Option(help="A mapping that we ship.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="A mapping file with an items section.")] = None,
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
) -> None:
    """Load or replace a workspace's product catalogue, all of it or nothing."""
    _not_demo(workspace)
    how = mapping_of(preset, mapping)
    catalogue = read_items(file, how, valid_from=EARLIEST, now=datetime.now(UTC))
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        changed = app.pipeline.put_items(shop, catalogue)
        app.pipeline.catch_up(shop)
    print(f"{len(catalogue):,} catalogue items, {changed:,} new or changed")


def _not_demo(workspace: str) -> None:
    """Real customers must not meet simulated campaigns, nor the demo shop a real catalogue."""
    if workspace == DEMO_WORKSPACE:
        raise InvalidInput("the workspace 'demo' is the demo shop's own: name yours with --workspace NAME")


def mapping_of(preset: str, mapping: Path | None) -> Mapping:
    """The mapping that the options name, one way or the other."""
    if preset and mapping is None:
        return load_preset(preset)
    if mapping and not preset:
        return load_mapping(mapping)
    raise InvalidInput("give either --preset NAME or --mapping FILE")
