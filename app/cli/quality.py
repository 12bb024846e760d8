"""What came in and what was wrong with it: cleaning reports, settings of sources, the quarantine."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.data import mapping_of
from app.cli.options import AsJson, DataDir, Language, WorkspaceName, opened
from app.cli.output import print_json
from app.cli.quality_output import print_cleaning, print_counts, print_records, print_replayed, print_sources
from app.errors import InvalidInput
from app.events.quarantine import Filter, StateWanted, state_of
from app.events.quarantine_rows import State
from app.events.quarantine_view import page_of
from app.events.schemas import OUR_SOURCE
from app.events.source_settings import MAX_SOURCE, SourceSettings

quality_commands = typer.Typer()
sources = typer.Typer(no_args_is_help=True, help="Sources: what they sent, and how their times are read.")
quarantine = typer.Typer(
    invoke_without_command=True, help="Records that could not be used, and what is done with them."
)

Source = Annotated[str, typer.Option("--source", "-s", help="Only this source.")]
Reason = Annotated[str, typer.Option(help="Only this reason code; `understory quarantine counts` lists them.")]
Ids = Annotated[list[str] | None, typer.Option("--id", help="Only this record; may be given several times.")]
Day = Annotated[str, typer.Option(help="A day of arrival in the workspace's zone, like 2026-03-31.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this the command only says what it would do.")]
By = Annotated[str, typer.Option("--by", help="Who decides; kept with the records.")]


@quality_commands.command()
def cleaning(
    source: Source = "",
    since: Day = "",
    until: Day = "",
    workspace: WorkspaceName = "demo",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Report per source what is missing, duplicate, out of bounds or impossible, and what was done about each."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        names = [source] if source else [found.source for found in app.pipeline.cleaning.sources(shop)]
        days = {"since": _day(since), "until": _day(until)}
        reports = [app.pipeline.cleaning.report(shop, name, **days) for name in names]
    if as_json:
        found = [report.model_dump(mode="json") for report in reports]
        print_json(found[0] if source else {"sources": found})
        return
    for report in reports:
        print_cleaning(report, shop, lang or "en")
    if not reports:
        print("no source has sent anything yet; `understory ingest` reads a file")


@sources.command("list")
def sources_list(workspace: WorkspaceName = "demo", data: DataDir = None, as_json: AsJson = False) -> None:
    """List sources with their counts, freshness and time settings."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        found = app.pipeline.cleaning.sources(shop)
    if as_json:
        print_json({"sources": [summary.model_dump(mode="json") for summary in found]})
        return
    print_sources(found, shop)


@sources.command("set")
def sources_set(
    source: Annotated[str, typer.Argument(help="Name of the source.")],
    timezone: Annotated[
        str | None, typer.Option(help="IANA zone of times that carry none; '' for the workspace's.")
    ] = None,
    time_format: Annotated[
        str | None, typer.Option(help="iso8601, unix_ms, compact, dmy ..., or a strptime pattern.")
    ] = None,
    workspace: WorkspaceName = "demo",
    by: By = "command line",
    data: DataDir = None,
) -> None:
    """Say how a source's times are read from now on; events in the log stay as they are."""
    name = source.strip()
    if not 0 < len(name) <= MAX_SOURCE or not name.isprintable() or name.casefold() == OUR_SOURCE:
        raise InvalidInput(f"source {source!r}: use 1 to {MAX_SOURCE} printable characters, and no name of ours")
    if timezone is None and time_format is None:
        raise InvalidInput("say what to set: --timezone ZONE or --time-format FORMAT")
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        known = app.pipeline.sources.of(shop.workspace_id, name)
        settings = SourceSettings(
            timezone=known.timezone if timezone is None else timezone or None,
            time_format=known.time_format if time_format is None else time_format,
            mapping=known.mapping,
        )
        app.pipeline.sources.put(shop.workspace_id, name, settings, by=by, now=datetime.now(UTC))
    print(
        f"{name}: zone {settings.timezone or shop.timezone}, format {settings.time_format or 'as it reads in one way'}"
    )


@quarantine.callback()
def quarantine_alone(
    context: typer.Context,
    workspace: WorkspaceName = "demo",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    data: DataDir = None,
) -> None:
    """Records that could not be used; without a further word they are listed."""
    if context.invoked_subcommand is None:
        quarantine_list(workspace=workspace, limit=limit, data=data)


@quarantine.command("list")
def quarantine_list(
    source: Source = "",
    reason: Reason = "",
    state: Annotated[StateWanted, typer.Option(help="Only records in this state.")] = "waiting",
    workspace: WorkspaceName = "demo",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    after: Annotated[str, typer.Option(help="Id of the last record of the page before.")] = "",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List waiting records, newest arrivals first, with their line, reason and content (personal numbers taken out)."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        wanted = Filter(source=source or None, code=reason or None, state=state_of(state))
        page = page_of(app.pipeline.quarantine, shop.workspace_id, wanted, limit=limit, after=after or None)
    if as_json:
        print_json(page.model_dump(mode="json"))
        return
    print_records(page)


@quarantine.command("counts")
def quarantine_counts(
    source: Source = "", workspace: WorkspaceName = "demo", data: DataDir = None, as_json: AsJson = False
) -> None:
    """Count records by source, reason and state."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        counts = app.pipeline.quarantine.counts(shop.workspace_id, source or None)
    if as_json:
        print_json({"counts": [line.model_dump(mode="json") for line in counts]})
        return
    print_counts(counts)


@quarantine.command("replay")
def quarantine_replay(
    source: Source = "",
    reason: Reason = "",
    ids: Ids = None,
    preset: Annotated[str, typer.Option(help="Read the rows anew with a mapping that we ship.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="Read the rows anew with this mapping file.")] = None,
    accept_conflicts: Annotated[
        bool, typer.Option("--accept-conflicts", help="Take other contents of known ids as events of their own.")
    ] = False,
    workspace: WorkspaceName = "demo",
    by: By = "command line",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Try waiting records again, by the rules and settings that hold now; each enters the log at most once."""
    how = mapping_of(preset, mapping) if preset or mapping else None
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        done = app.pipeline.replay.run(
            shop,
            _filter(source, reason, ids),
            by=by,
            now=datetime.now(UTC),
            mapping=how,
            accept_conflicts=accept_conflicts,
        )
        app.pipeline.catch_up(shop)
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    print_replayed(done)


@quarantine.command("discard")
def quarantine_discard(
    source: Source = "",
    reason: Reason = "",
    ids: Ids = None,
    yes: Yes = False,
    workspace: WorkspaceName = "demo",
    by: By = "command line",
    data: DataDir = None,
) -> None:
    """Give up waiting records: they stay on record, and no replay takes them up."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        wanted, kept = _filter(source, reason, ids), app.pipeline.quarantine
        if not yes:
            waiting = kept.count(shop.workspace_id, wanted._replace(state=State.WAITING))
            print(f"{waiting:,} records would be discarded; add --yes to do it")
            return
        done = kept.discard(shop.workspace_id, wanted, by=by, now=datetime.now(UTC))
    print(f"{done:,} records discarded")


def _filter(source: str, reason: str, ids: list[str] | None) -> Filter:
    return Filter(source=source or None, code=reason or None, ids=tuple(ids) if ids else None)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput(f"not a day: {text!r} (write it like 2026-03-31)") from None
