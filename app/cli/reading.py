"""Read customers and ask for strategies; fold profiles anew."""

import sys
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from app.cli.options import AsJson, AsOf, DataDir, EmbedderPlace, Language, WorkspaceName, moment_of, opened
from app.cli.output import print_customers, print_json, print_narrative, print_reading, print_strategy

reading_commands = typer.Typer()


@reading_commands.command()
def customers(
    top: Annotated[Literal["ltv", "churn_risk", "recent", "total"], typer.Option(help="What to sort by.")] = "ltv",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    search: Annotated[str, typer.Option(help="Part of an id.")] = "",
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List customers by expected value, churn risk, recency or spend."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        found = app.pipeline.customers(
            shop, as_of=moment_of(app, shop, as_of), order_by=top, limit=limit, search=search
        )
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    print_customers(found)


def show(
    customer: Annotated[str, typer.Argument(help="Our customer id or a source id.")],
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    llm: Annotated[str, typer.Option("--llm", help="URL of an OpenAI-compatible server that writes the story.")] = "",
    llm_model: Annotated[str, typer.Option("--llm-model", help="Name of its model.")] = "",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Tell one customer's story with its evidence, value and churn estimates."""
    with opened(data, llm_url=llm, llm_model=llm_model) as app:
        shop = app.pipeline.access.workspace(workspace)
        reading = app.pipeline.read_customer(
            shop, customer, as_of=moment_of(app, shop, as_of), lang=lang or shop.language
        )
    if as_json:
        print_json(reading.model_dump(mode="json"))
    else:
        print_reading(reading)


@reading_commands.command()
def narrative(
    customer: Annotated[str, typer.Argument(help="Our customer id or a source id.")],
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Tell what happened, in order, each sentence with marks that name its events."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        moment = moment_of(app, shop, as_of)
        found = app.pipeline.read_customer(
            shop, customer, as_of=moment, lang=lang or shop.language, ask_model=False
        ).narrative
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_narrative(found)


@reading_commands.command()
def strategy(
    customer: Annotated[str, typer.Argument(help="Our customer id or a source id.")],
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    embedder: EmbedderPlace = "",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Propose what to do about one customer, or say why not. The decision is logged."""
    with opened(data, embedder=embedder) as app:
        shop = app.pipeline.access.workspace(workspace)
        moment = moment_of(app, shop, as_of)
        found = app.pipeline.recommend(shop, customer, as_of=moment, now=datetime.now(UTC), lang=lang or shop.language)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_strategy(found.strategy, shop)


@reading_commands.command()
def rebuild(
    check: Annotated[bool, typer.Option("--check", help="Only compare: change nothing.")] = False,
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
) -> None:
    """Make identities, profiles and campaigns anew from the log and replace what differs; exit code 1 if anything."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        rebuilding = app.pipeline.rebuilding
        campaigns = rebuilding.check_campaigns(shop) if check else rebuilding.mend_campaigns(shop)
        different = app.pipeline.check(shop) if check else app.pipeline.rebuild(shop)
    if different.total or campaigns:
        done = "differ from the log" if check else "differed from the log and were replaced"
        found = f"{different.identities} identities, {different.profiles} profiles and {campaigns} campaigns"
        print(f"{found} {done}")
        sys.exit(1)
    print("all identities, all campaigns and all profiles equal the log")
