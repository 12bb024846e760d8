"""`understory kb ...`: past campaigns and their outcomes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import DataDir, WorkspaceName, opened
from app.retrieval.knowledge_base import read_cases

kb = typer.Typer(no_args_is_help=True, help="Past campaigns and their outcomes.")


@kb.command("import")
def kb_import(
    file: Annotated[Path, typer.Argument(help="JSONL, one case a line; see knowledge_base/README.md.")],
    workspace: WorkspaceName = "demo",
    approved_by: Annotated[str, typer.Option(help="Who vouches for these cases.")] = "command line",
    data: DataDir = None,
) -> None:
    """Bring past campaigns in, all of the file or nothing."""
    cases = read_cases(file)
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        report = app.pipeline.knowledge_base.import_cases(
            shop.workspace_id, cases, approved_by=approved_by, now=datetime.now(UTC)
        )
    print(
        f"{report.imported} new, {report.replaced} replaced, {report.unchanged} unchanged; {report.outcomes} outcomes"
    )


@kb.command("list")
def kb_list(workspace: WorkspaceName = "demo", data: DataDir = None) -> None:
    """List a workspace's past campaigns."""
    with opened(data) as app:
        cases = app.pipeline.knowledge_base.cases(app.pipeline.access.workspace(workspace).workspace_id)
    for case in cases:
        print(f"{case.campaign.campaign_id}  {case.campaign.title}  ({len(case.outcomes)} outcomes)")
    if not cases:
        print("no past campaigns yet; bring them in with `understory kb import FILE`")
