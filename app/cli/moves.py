"""Who moved from one interest to another, on the command line."""

from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.cli.options import AsJson, AsOf, DataDir, Language, WorkspaceName, moment_of, opened
from app.cli.output import print_json
from app.moves import MoveQuery
from app.profile.schemas import ShiftKind
from app.views import MoveList

move_commands = typer.Typer()


@move_commands.command()
def shifts(
    from_topic: Annotated[str | None, typer.Option("--from", help="Topic id, or its name in either language.")] = None,
    to_topic: Annotated[str | None, typer.Option("--to", help="Topic id, or its name in either language.")] = None,
    kind: Annotated[ShiftKind | None, typer.Option(help="Kind of change.")] = None,
    days: Annotated[int, typer.Option(min=1, max=3660, help="Changes that began so many days back.")] = 30,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List customers whose interests changed, newest change first."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        moment = moment_of(app, shop, as_of)
        wanted = MoveQuery(from_topic=from_topic, to_topic=to_topic, kind=kind, since=moment - timedelta(days=days))
        found = app.pipeline.moves.find(shop, wanted, as_of=moment, lang=lang or shop.language, limit=limit)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found)


def _print(found: MoveList) -> None:
    table = Table("customer", "id", "kind", "from", "to", "since", "visits since", "sure")
    for row in found.rows:
        shift = row.shift
        table.add_row(
            row.name, row.customer_id, shift.kind, row.from_name or "", row.to_name or "", f"{shift.since:%Y-%m-%d}",
            f"{shift.reason.visits_to} of {shift.reason.visits}", f"{shift.confidence:.0%}",
        )  # fmt: skip
    Console(width=160, markup=False, emoji=False).print(table)
    print(f"{len(found.rows)} changes of {found.total} customers as of {found.as_of.isoformat()}")
