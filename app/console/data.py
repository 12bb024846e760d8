"""Data and its quality: sources, the cleaning report of one of them, the quarantine."""

from datetime import UTC, datetime
from typing import NamedTuple

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.cleaning_card import PATH, cleaning_card, sources_card
from app.console.frame import Page, frame, text
from app.console.quarantine_card import quarantine_card
from app.errors import NotFound
from app.events.findings import CleaningReport, SourceSummary
from app.events.quarantine import ReasonCount
from app.profile.follow import Lag


class _Read(NamedTuple):
    sources: list[SourceSummary]
    report: CleaningReport | None
    counts: list[ReasonCount]
    lag: Lag


async def data_page(page: Page, source: str) -> None:
    """Draw the page about `source`; without a name, about the one that sent most."""
    try:
        read = await run_in_threadpool(_read, page, source)
    except NotFound:
        with frame(page, PATH):
            text(page.say("errors.no_source"), "heading")
            ui.link(page.say("data.heading"), page.url(PATH))
        return
    with frame(page, PATH):
        text(page.say("data.heading"), "heading")
        _lag(page, read.lag)
        if not read.sources:
            text(page.say("data.empty"), "muted")
            return
        sources_card(page, read.sources, read.report.source if read.report else "")
        if read.report:
            cleaning_card(page, read.report)
        await quarantine_card(page, read.counts)


def _read(page: Page, source: str) -> _Read:
    pipeline, workspace = page.pipeline, page.workspace
    sources = pipeline.cleaning.sources(workspace)
    busiest = max(sources, key=lambda s: (s.records, s.events), default=None)
    chosen = source or (busiest.source if busiest else "")
    return _Read(
        sources=sources,
        report=pipeline.cleaning.report(workspace, chosen) if chosen else None,
        counts=pipeline.quarantine.counts(workspace.workspace_id),
        lag=pipeline.lag(workspace, now=datetime.now(UTC)),
    )


def _lag(page: Page, lag: Lag) -> None:
    show, say = page.show, page.say
    if lag.events:
        text(say("data.lag", events=show.number(lag.events), seconds=show.number(round(lag.seconds, 1))), "chip warn")
    else:
        text(say("data.no_lag"), "muted lag")
