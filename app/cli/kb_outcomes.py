"""`understory kb outcomes`: what a sending tool reports, as outcomes of a campaign."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from app.cli.kb_output import print_imported, print_outcomes
from app.cli.options import AsJson, DataDir, WorkspaceName, opened
from app.cli.output import print_json
from app.reporting import OutcomesTaken, Told, pairs_of

Mapped = Annotated[
    list[str] | None, typer.Option("--map", help="COLUMN=FIELD, for a column whose name says too little.")
]
Named = Annotated[
    list[str] | None, typer.Option("--arm", help="NAME=ARM_ID, for an arm that the report calls otherwise.")
]

kb_outcomes_commands = typer.Typer()


@kb_outcomes_commands.command("outcomes")
def kb_outcomes(
    file: Annotated[
        Path, typer.Argument(help="CSV, TSV, JSONL or Parquet: a row for each recipient, or for each arm.")
    ],
    campaign: Annotated[str, typer.Option("--campaign", help="Id of a campaign that the knowledge base holds.")],
    mapped: Mapped = None,
    arms: Named = None,
    named: Annotated[
        str, typer.Option("--named", help="What the report calls the campaign, if it holds several.")
    ] = "",
    unit: Annotated[Literal["major", "minor"], typer.Option(help="Of amounts: yuan (major) or fen (minor).")] = "major",
    form: Annotated[
        Literal["csv", "tsv", "jsonl", "parquet"] | None,
        typer.Option("--format", help="Instead of what the file's ending says."),
    ] = None,
    workspace: WorkspaceName = "demo",
    approved_by: Annotated[str, typer.Option("--approved-by", help="Approve at once, as this person.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who brings the report in.")] = "command line",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Take a campaign's outcomes from a sending tool's report, all of it or nothing."""
    told = Told(
        columns=pairs_of(mapped, "--map COLUMN=FIELD"),
        arms=pairs_of(arms, "--arm NAME=ARM_ID"),
        named=named,
        in_minor=unit == "minor",
        suffix=f".{form}" if form else "",
    )
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        found = app.pipeline.reporting.take(
            shop, file, campaign, told, approved_by=approved_by or None, by=by, now=datetime.now(UTC)
        )
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    _print(found, workspace)
    print_outcomes(found.outcomes, shop)
    print_imported(found.knowledge_base, workspace)


def _print(found: OutcomesTaken, workspace: str) -> None:
    read = ", ".join(f"{column} as {field}" for field, column in found.columns.items())
    print(f"read {found.rows:,} rows ({read})")
    if found.passed_over:
        print(f"passed over {found.passed_over:,} rows about other campaigns")
    if "recipient" in found.columns:
        print(f"{found.recipients_known:,} recipients are customers of {workspace} whose class is known")
    for arm in found.reached:
        steps = f"{arm.delivered:,} delivered, {arm.opened:,} opened, {arm.clicked:,} clicked"
        print(f"  {arm.arm_id}: {arm.sent:,} sent, {steps}")
    for warning in found.warnings:
        print(f"note: {warning.message}")
