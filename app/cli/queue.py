"""`understory queue`: whom to reach today, and taking somebody off the queue."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.access.schemas import Workspace
from app.bootstrap import App
from app.cli.options import AsJson, DataDir, Language, WorkspaceName, moment_of, opened
from app.cli.output import money, print_json
from app.strategy.acting.schemas import Queue, QueueItem, TakenOff, WaitingItem

queue = typer.Typer(invoke_without_command=True, help=__doc__)

Team = Annotated[str, typer.Option(help="Only this team, as the policy names it.")]
By = Annotated[str, typer.Option(help="Who says so; kept in the log.")]


@queue.callback()
def show(
    context: typer.Context,
    team: Team = "",
    day: Annotated[str, typer.Option(help="A day (its end, workspace zone); as far as the data reach without.")] = "",
    waiting: Annotated[int, typer.Option(min=0, max=10_000, help="Rows of those who wait.")] = 20,
    workspace: WorkspaceName = "demo",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show whom to reach today, the largest expected gain first, and who waits and why."""
    if context.invoked_subcommand:
        return
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        moment = moment_of(app, shop, day)
        found = app.pipeline.acting.queue(
            shop, as_of=moment, lang=lang or shop.language, team=team, most_waiting=waiting
        )
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found)


@queue.command()
def done(
    customer: Annotated[str, typer.Argument(help="Our id, type:value, or a source id.")],
    by: By,
    team: Team = "",
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
) -> None:
    """Note that a customer was contacted; they rest for a while."""
    with opened(data) as app:
        shop, now = app.pipeline.access.workspace(workspace), datetime.now(UTC)
        _print_off(app, shop, app.pipeline.acting.done(shop, customer, by=by, now=now, team=team))


@queue.command()
def later(
    customer: Annotated[str, typer.Argument(help="Our id, type:value, or a source id.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why not now; kept in the log.")],
    days: Annotated[int, typer.Option(help="For so many days.")] = 7,
    team: Team = "",
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
) -> None:
    """Put a customer off for some days."""
    with opened(data) as app:
        shop, now = app.pipeline.access.workspace(workspace), datetime.now(UTC)
        put_off = app.pipeline.acting.later(shop, customer, days=days, reason=reason, by=by, now=now, team=team)
        _print_off(app, shop, put_off)


def _print_off(app: App, shop: Workspace, found: TakenOff) -> None:
    app.pipeline.catch_up(shop)
    until = found.until.astimezone(shop.zone)
    print(f"{found.customer_id}: {found.verdict} ({found.level}, {found.team}); off the queue until {until:%Y-%m-%d}")


def _print(found: Queue) -> None:
    for team in found.teams:
        counts = f"{team.queued} to reach, {team.done} done, {team.per_day} a day, {team.waiting} wait for another day"
        print(f"{team.name} ({team.team}, {team.level}): {counts}")
    _table(found, found.items, "reason")
    if found.waiting:
        print(f"waiting: {', '.join(f'{n} {hold}' for hold, n in found.held.items())}")
        _table(found, found.waiting, "waits because")
    missing = ", ".join(f"{n} without {what}" for what, n in found.unknown.items()) or "none"
    print(f"below their thresholds: {found.below}; not enough data: {missing}")
    print(f"median value {money(round(found.curve.median_value_minor), found.currency)}; {' '.join(found.assumptions)}")
    print(f"as of {found.as_of.isoformat()}")


def _table(found: Queue, rows: tuple[QueueItem, ...] | tuple[WaitingItem, ...], why: str) -> None:
    table = Table("customer", "id", "level", "team", "risk", "from", "value", "gain", why)
    for row in rows:
        said = row.hold_reason if isinstance(row, WaitingItem) else row.reason
        table.add_row(
            row.name, row.customer_id, row.level, row.team, f"{row.churn_risk:.0%}", f"{row.threshold:.0%}",
            money(row.value_minor, found.currency), money(row.gain_minor, found.currency), said,
        )  # fmt: skip
    if rows:
        Console(width=200, markup=False, emoji=False).print(table)
