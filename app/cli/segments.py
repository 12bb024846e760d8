"""Segments on the command line: the eight RFM classes, expressions, saved segments, exports."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import AsJson, AsOf, DataDir, Language, LlmModel, LlmUrl, WorkspaceName, asking, opened
from app.cli.output import print_json
from app.cli.segments_output import (
    print_count,
    print_export,
    print_exports,
    print_fields,
    print_matrix,
    print_members,
    print_one,
    print_saved,
    print_story,
)
from app.exporting import Asked, new_file
from app.retrieval.schemas import Channel
from app.strategy.audiences.schemas import ExportFormat

BY = "command line"

segments = typer.Typer(invoke_without_command=True, help="Segments of customers: count, list, save, export.")
Expression = Annotated[
    str, typer.Argument(help="Such as 'churn_risk >= 60% and orders >= 2'; or a saved segment's name or id.")
]
Saved = Annotated[str, typer.Argument(help="A saved segment's name or id.")]


@segments.callback()
def matrix(
    context: typer.Context,
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Without a command: the eight RFM classes, with their shares of customers, of spend and of expected value."""
    if command := context.invoked_subcommand:
        given = {"workspace": workspace, "as_of": as_of, "lang": lang, "data": data}
        context.default_map = {command: {name: value for name, value in given.items() if value}}
        return
    with asking(workspace, as_of, lang, data) as (app, shop, moment, language):
        found = app.pipeline.audiences.matrix(shop, as_of=moment)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_matrix(found, language)


@segments.command()
def fields(
    workspace: WorkspaceName = "demo", lang: Language = None, data: DataDir = None, as_json: AsJson = False
) -> None:
    """List every field that an expression may name, with type, unit, meaning and an example."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        found = app.pipeline.audiences.fields(lang or shop.language)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_fields(found, shop.currency)


@segments.command()
def count(
    expression: Expression,
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Count who is in a segment."""
    with asking(workspace, as_of, lang, data) as (app, shop, moment, language):
        wanted = app.pipeline.audiences.expression_of(shop, expression)
        found = app.pipeline.audiences.count(shop, wanted, as_of=moment, lang=language)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_count(found, language)


@segments.command()
def story(
    expression: Expression,
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    llm: LlmUrl = "",
    llm_model: LlmModel = "",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Tell who the customers of a segment are as a group: what they want, how they differ, what works with them."""
    with asking(workspace, as_of, lang, data, llm_url=llm, llm_model=llm_model) as (app, shop, moment, language):
        found = app.pipeline.portraying.story(shop, expression, as_of=moment, lang=language)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_story(found)


@segments.command()
def members(
    expression: Expression,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    after: Annotated[str, typer.Option(help="Only customers behind this customer_id.")] = "",
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List who is in a segment, by customer_id; contact data are masked."""
    with asking(workspace, as_of, lang, data) as (app, shop, moment, language):
        wanted = app.pipeline.audiences.expression_of(shop, expression)
        found = app.pipeline.audiences.page(shop, wanted, as_of=moment, lang=language, limit=limit, after=after)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_members(found, language)


@segments.command(name="list")
def list_(
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List saved segments with their counts now."""
    with asking(workspace, as_of, lang, data) as (app, shop, moment, language):
        found = app.pipeline.audiences.saved(shop, as_of=moment, lang=language)
    if as_json:
        print_json({"segments": [one.model_dump(mode="json") for one in found]})
    else:
        print_saved(found)


@segments.command()
def save(
    name: Annotated[str, typer.Argument(help="What the segment is called.")],
    expression: Annotated[str, typer.Argument(help="Such as 'churn_risk >= 60% and orders >= 2'.")],
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Keep an expression under a name."""
    now = datetime.now(UTC)
    with asking(workspace, as_of, lang, data) as (app, shop, moment, language):
        found = app.pipeline.audiences.save(shop, name, expression, by=BY, now=now, as_of=moment, lang=language)
    print_one(found, as_json)


@segments.command()
def rename(
    segment: Saved, name: Annotated[str, typer.Argument(help="The new name.")], workspace: WorkspaceName = "demo",
    as_of: AsOf = "", lang: Language = None, data: DataDir = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Give a saved segment another name."""
    now = datetime.now(UTC)
    with asking(workspace, as_of, lang, data) as (app, shop, moment, language):
        found = app.pipeline.audiences.change(
            shop, segment, name=name, expression=None, now=now, as_of=moment, lang=language
        )
    print_one(found, as_json)


@segments.command()
def delete(segment: Saved, workspace: WorkspaceName = "demo", data: DataDir = None) -> None:
    """Delete a saved segment; its members and past exports stay as they are."""
    with opened(data) as app:
        gone = app.pipeline.audiences.forget(app.pipeline.access.workspace(workspace), segment)
    print(f"deleted {gone.segment_id} {gone.name}")


@segments.command()
def export(
    expression: Expression,
    out: Annotated[Path, typer.Option("--out", "-o", help="A new file; .jsonl for JSON lines, else CSV.")],
    channel: Annotated[
        Channel | None, typer.Option(help="Who may be reached on it, with addresses. Without one: no contact data.")
    ] = None,
    kind: Annotated[ExportFormat | None, typer.Option("--format", help="By the file's name when absent.")] = None,
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write who of a segment may be contacted to a file, all of it or nothing; the export is on record."""
    wanted: ExportFormat = kind or ("jsonl" if out.suffix.lower() in (".jsonl", ".ndjson") else "csv")
    now = datetime.now(UTC)
    with asking(workspace, as_of, lang, data) as (app, shop, moment, language):
        asked = Asked(expression, channel, wanted, moment, now, language, BY)
        with new_file(out) as file:
            found = app.pipeline.exporting.export(shop, asked, file)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_export(found, out)


@segments.command()
def exports(
    limit: Annotated[int, typer.Option(min=1, max=1_000)] = 20,
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List what was exported: when, by whom, what for, how many."""
    with opened(data) as app:
        found = app.pipeline.exporting.exports(app.pipeline.access.workspace(workspace), limit=limit)
    if as_json:
        print_json({"exports": [one.model_dump(mode="json") for one in found]})
        return
    print_exports(found)
