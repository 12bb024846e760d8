"""`understory kb ...`: past campaigns and their outcomes, and who vouches for them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.kb_outcomes import kb_outcomes_commands
from app.cli.kb_output import print_entries, print_entry, print_history, print_imported
from app.cli.options import AsJson, DataDir, Language, WorkspaceName, opened
from app.cli.output import print_json
from app.errors import InvalidInput
from app.events.timestamps import parse_as_of
from app.retrieval.knowledge.derived import detail_of
from app.retrieval.knowledge.schemas import CaseState, Ruling, WantedRuling
from app.retrieval.knowledge_base import CaseFormat, format_of, read_cases, written

kb = typer.Typer(no_args_is_help=True, help="Past campaigns and their outcomes.")
kb.add_typer(kb_outcomes_commands)

FileFormat = Annotated[CaseFormat | None, typer.Option("--format", help="Instead of what the file's ending says.")]
Ids = Annotated[list[str], typer.Argument(help="Campaign ids.")]
Id = Annotated[str, typer.Argument(help="Campaign id.")]
By = Annotated[str, typer.Option("--by", help="Your name; it is kept with the decision.")]
Note = Annotated[str, typer.Option("--note", help="Why; kept with the decision.")]
Approver = Annotated[str, typer.Option("--approved-by", help="Approve at once, as this person.")]


@kb.command("import")
def kb_import(
    file: Annotated[Path, typer.Argument(help="JSONL, CSV or Parquet; see knowledge_base/README.md.")],
    form: FileFormat = None,
    workspace: WorkspaceName = "demo",
    approved_by: Approver = "",
    by: Annotated[str, typer.Option("--by", help="Who brings the cases in.")] = "command line",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Bring past campaigns in, all of the file or nothing. They wait until a person approves them."""
    cases = read_cases(file, form)
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        report = app.pipeline.knowledge_base.import_cases(
            shop.workspace_id, cases, approved_by=approved_by or None, by=by, now=datetime.now(UTC)
        )
    if as_json:
        print_json(report.model_dump(mode="json"))
        return
    print_imported(report, workspace)


@kb.command("list")
def kb_list(
    pending: Annotated[bool, typer.Option("--pending", help="Only those that wait for an approval.")] = False,
    workspace: WorkspaceName = "demo",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List a workspace's past campaigns, with what they measured and whether they are approved."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        entries = app.pipeline.knowledge_base.entries(shop.workspace_id)
    found = [entry for entry in entries if not pending or entry.version.state is CaseState.PENDING]
    if as_json:
        print_json({"campaigns": [entry.model_dump(mode="json") for entry in found]})
    elif found:
        print_entries(found, shop, lang or shop.language)
    elif entries:
        print("nothing waits for an approval")
    else:
        print("no past outcomes yet: bring campaigns in with `understory kb import FILE`, or run a first test with a")
        print("holdout; until then strategies propose just that")


@kb.command("show")
def kb_show(
    campaign_id: Id,
    version: Annotated[int | None, typer.Option(min=1, help="An earlier version; see `kb history`.")] = None,
    as_of: Annotated[str, typer.Option("--as-of", help="As decisions cited it at that date or ISO 8601 time.")] = "",
    workspace: WorkspaceName = "demo",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show one campaign: its arms, and what each did to each segment."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        known, name = app.pipeline.knowledge_base, shop.workspace_id
        if version is not None:
            entry = known.entry_of(name, campaign_id, version)
        elif as_of:
            entry = known.entry_at(name, campaign_id, parse_as_of(as_of, shop.zone))
        else:
            entry = known.entry(name, campaign_id)
    found = detail_of(entry, as_of=datetime.now(UTC))
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    print_entry(found, shop, lang or shop.language)


@kb.command("history")
def kb_history(
    campaign_id: Id, workspace: WorkspaceName = "demo", data: DataDir = None, as_json: AsJson = False
) -> None:
    """List the versions of a campaign: when each came in, from whom, and what was decided."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        found = app.pipeline.knowledge_base.history(shop.workspace_id, campaign_id)
    if as_json:
        print_json({"versions": [version.model_dump(mode="json") for version in found]})
        return
    print_history(found)


@kb.command("approve")
def kb_approve(
    campaign_ids: Ids, by: By = "", note: Note = "", workspace: WorkspaceName = "demo", data: DataDir = None
) -> None:
    """Approve the newest versions of these campaigns: from now on they are retrieved and cited."""
    _rule("approved", campaign_ids, by, note, workspace, data)


@kb.command("reject")
def kb_reject(
    campaign_ids: Ids, by: By = "", note: Note = "", workspace: WorkspaceName = "demo", data: DataDir = None
) -> None:
    """Refuse the newest versions of these campaigns, or take an approval back."""
    _rule("rejected", campaign_ids, by, note, workspace, data)


@kb.command("export")
def kb_export(
    file: Annotated[Path, typer.Argument(help="JSONL, CSV or Parquet, by its ending.")],
    form: FileFormat = None,
    approved: Annotated[bool, typer.Option("--approved", help="Only what is approved, as it is retrieved.")] = False,
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
) -> None:
    """Write a workspace's campaigns to a file: the newest version of each."""
    wanted = form or format_of(file)
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        known = app.pipeline.knowledge_base
        entries = () if approved else known.entries(shop.workspace_id)
        cases = known.cases(shop.workspace_id) if approved else tuple(entry.case for entry in entries)
    file.write_bytes(written(cases, wanted))
    print(f"{len(cases)} campaigns written to {file}")


def _rule(ruling: Ruling, ids: list[str], by: str, note: str, workspace: str, data: Path | None) -> None:
    if not by.strip():
        raise InvalidInput("say who decides: --by NAME")
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        wanted = [WantedRuling(campaign_id=name) for name in ids]
        done = app.pipeline.knowledge_base.rule(
            shop.workspace_id, wanted, ruling, by=by, now=datetime.now(UTC), note=note
        )
    print(f"{done} {ruling}, {len(set(ids)) - done} were so already")
