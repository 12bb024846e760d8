"""`understory campaign ...`: decide on strategies, watch the campaigns that they became, hand messages out, stop."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.access.schemas import Workspace
from app.cli.campaign_output import print_handed, print_roll_up, print_run, print_runs
from app.cli.handed_file import file_sink
from app.cli.identity import who
from app.cli.options import AsJson, AsOf, DataDir, WorkspaceName, moment_of, opened
from app.cli.output import print_json
from app.events.timestamps import parse_as_of
from app.loop.campaigning import Campaigns
from app.strategy.running.planning import Terms

campaign = typer.Typer(no_args_is_help=True, help="Approved strategies as campaigns: list, approve, stop, hand out.")

CampaignId = Annotated[str, typer.Argument(help="The campaign's id; `understory campaign list` shows them.")]
DecisionId = Annotated[str, typer.Argument(help="The strategy's decision_id, as `understory strategy` shows it.")]
By = Annotated[str, typer.Option("--by", help="Who decides; kept in the log. Default: who works at this command line.")]
Why = Annotated[str, typer.Option("--reason", help="Why; kept in the log.")]


@campaign.command("list")
def list_campaigns(workspace: WorkspaceName = "demo", data: DataDir = None, as_json: AsJson = False) -> None:
    """List campaigns, newest first."""
    with _campaigns(data, workspace) as (campaigns, shop, now):
        found = campaigns.every(shop, now=now)
    if as_json:
        print_json([view.model_dump(mode="json") for view in found])
    else:
        print_runs(found)


@campaign.command()
def show(
    campaign_id: CampaignId, workspace: WorkspaceName = "demo", data: DataDir = None, as_json: AsJson = False
) -> None:
    """Show a campaign: whom it addresses, its arms, who was drawn."""
    with _campaigns(data, workspace) as (campaigns, shop, now):
        print_run(campaigns.show(shop, campaign_id, now=now), as_json)


@campaign.command()
def approve(
    decision_id: DecisionId,
    audience: Annotated[str, typer.Option("--audience", help="Segment expression; default: the same situation.")] = "",
    holdout: Annotated[float | None, typer.Option("--holdout", help="Share that is left in peace.")] = None,
    window: Annotated[
        int | None, typer.Option("--window", min=1, max=365, help="Days for which outcomes count.")
    ] = None,
    starts_at: Annotated[
        str, typer.Option("--starts-at", help="ISO 8601 time, no earlier than the data reach; default: now.")
    ] = "",
    by: By = "",
    reason: Why = "",
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Approve a strategy: its campaign begins, and everybody in it is drawn."""
    with _campaigns(data, workspace) as (campaigns, shop, now):
        begins = parse_as_of(starts_at, shop.zone) if starts_at else None
        terms = Terms(audience or None, holdout, window, begins)
        print_run(campaigns.approve(shop, decision_id, by=by or who(), now=now, terms=terms, reason=reason), as_json)


@campaign.command()
def reject(
    decision_id: DecisionId,
    reason: Why,
    by: By = "",
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Turn a strategy down."""
    with _campaigns(data, workspace) as (campaigns, shop, now):
        found = campaigns.reject(shop, decision_id, by=by or who(), reason=reason, now=now)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print(f"{decision_id}: rejected")


@campaign.command()
def stop(
    campaign_id: CampaignId,
    reason: Why,
    by: By = "",
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Stop a campaign for good: from now on nothing of it is handed out."""
    with _campaigns(data, workspace) as (campaigns, shop, now):
        print_run(campaigns.stop(shop, campaign_id, by=by or who(), reason=reason, now=now), as_json)


@campaign.command("stop-all")
def stop_all(
    reason: Why, by: By = "", workspace: WorkspaceName = "demo", data: DataDir = None, as_json: AsJson = False
) -> None:
    """Stop every campaign of a workspace at once."""
    with _campaigns(data, workspace) as (campaigns, shop, now):
        stopped = campaigns.stop_all(shop, by=by or who(), reason=reason, now=now)
    if as_json:
        print_json({"stopped": stopped})
    else:
        print(f"stopped: {', '.join(stopped)}" if stopped else "nothing to stop: no campaign is running")


@campaign.command()
def outcomes(
    campaign_id: CampaignId,
    learn: Annotated[bool, typer.Option("--learn", help="Put the result into the knowledge base.")] = False,
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what a campaign did so far, each arm against its holdout, with intervals."""
    with opened(data) as app:
        shop, measuring = app.pipeline.access.workspace(workspace), app.pipeline.campaigns.measuring
        found = measuring.roll_up(shop, campaign_id, as_of=moment_of(app, shop, as_of))
        report = measuring.learn(shop, campaign_id, now=datetime.now(UTC)) if learn else None
    if as_json:
        learned = {"learned": report.model_dump(mode="json")} if report else {}
        print_json(found.model_dump(mode="json") | learned)
        return
    print_roll_up(found, shop.currency)
    if report:
        print(f"knowledge base: {report.imported} new, {report.replaced} corrected, {report.unchanged} unchanged")


@campaign.command()
def handout(
    campaign_id: CampaignId,
    out: Annotated[
        Path, typer.Option("--out", help="Where the messages go: .csv or .jsonl. It must not be there yet.")
    ],
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write the messages that were not handed out yet, for a sending tool. Each is handed out once."""
    with _campaigns(data, workspace) as (campaigns, shop, now):
        handed = campaigns.handing.hand_out(shop, campaign_id, file_sink(out, shop.currency), now=now)
    print_handed(handed, out, as_json)


@contextmanager
def _campaigns(data: Path | None, workspace: str) -> Iterator[tuple[Campaigns, Workspace, datetime]]:
    """The campaigns of a workspace, and now; what was logged is folded when the command ends."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        yield app.pipeline.campaigns, shop, datetime.now(UTC)
        app.pipeline.catch_up(shop)
