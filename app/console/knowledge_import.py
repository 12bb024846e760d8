"""What comes into the knowledge base from files: past campaigns, and outcomes from a sending tool's report."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from app.console.frame import Page, card, text
from app.console.knowledge_upload import upload_box
from app.reporting import OutcomesTaken, Told
from app.retrieval.knowledge_base import read_cases
from app.retrieval.schemas import KnowledgeBaseReport

_BY = "console"


def import_card(page: Page, changed: Callable[[], Awaitable[None]]) -> None:
    """Draw the card for files of past campaigns; `changed` is called when something has come in."""
    say = page.say

    def take(path: Path) -> KnowledgeBaseReport:
        cases = read_cases(path)
        return page.pipeline.knowledge_base.import_cases(
            page.workspace.workspace_id, cases, approved_by=None, by=_BY, now=datetime.now(UTC)
        )

    async def show(report: KnowledgeBaseReport) -> None:
        names = ("imported", "replaced", "unchanged", "waiting")
        counts = {name: page.show.number(getattr(report, name)) for name in names}
        text(say("knowledge.imported", **counts), "strong import-done")
        await changed()

    with card(say("knowledge.import"), say("knowledge.import_note"), "import").props("id=import"):
        upload_box(page, ".jsonl,.ndjson,.csv,.parquet", take, show)


def report_card(page: Page, campaign_id: str, changed: Callable[[], Awaitable[None]]) -> None:
    """Draw the card for a report about one campaign; `changed` is called when its outcomes have come in."""
    say = page.say

    def take(path: Path) -> OutcomesTaken:
        return page.pipeline.reporting.take(
            page.workspace, path, campaign_id, Told({}, {}), approved_by=None, by=_BY, now=datetime.now(UTC)
        )

    async def show(found: OutcomesTaken) -> None:
        await changed()
        counts = {"rows": page.show.number(found.rows), "known": page.show.number(found.recipients_known)}
        text(say("knowledge.report_taken", **counts), "strong report-done")
        for warning in found.warnings:
            text(say(f"knowledge.warnings.{warning.code}", arms=", ".join(warning.arms)), "muted")

    with card(say("knowledge.report"), say("knowledge.report_note"), "report"):
        upload_box(page, ".csv,.tsv,.jsonl,.parquet", take, show)
