"""What a person says to a proposed strategy: approve it, which makes it a campaign, or turn it down with a reason."""

from datetime import UTC, datetime

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.campaigns import PATH
from app.console.frame import Page, text
from app.errors import UnderstoryError
from app.strategy.schemas import Strategy

_BY = "console"


class Verdict:
    """Two buttons and a field for the reason; once something was said, what it was."""

    def __init__(self, page: Page, strategy: Strategy) -> None:
        """Draw the buttons; a strategy that proposes to do nothing has none."""
        self._page, self._strategy = page, strategy
        self._box = ui.element("div").classes("verdict")
        if strategy.status == "proposed":
            with self._box:
                self._ask()

    def _ask(self) -> None:
        say = self._page.say
        text(say("strategy.verdict"), "sub")
        self._reason = ui.input(say("strategy.verdict_reason")).props("dense outlined").classes("verdict-reason")
        with ui.element("div").classes("controls"):
            ui.button(say("strategy.approve"), on_click=self._approve).props("unelevated no-caps").classes("approve")
            reject = ui.button(say("strategy.reject"), on_click=self._reject)
            reject.props("outline no-caps color=negative").classes("reject")

    async def _approve(self) -> None:
        page = self._page
        try:
            view = await run_in_threadpool(
                page.pipeline.campaigns.approve,
                page.workspace,
                self._strategy.decision_id,
                by=_BY,
                reason=self._reason.value.strip(),
                now=datetime.now(UTC),
            )
        except UnderstoryError as error:
            ui.notify(page.say("errors.failed", reason=str(error)), type="negative")
            return
        drawn = sum(count.assigned for count in view.counts)
        self._box.clear()
        with self._box:
            text(page.say("strategy.became", id=view.run.campaign.campaign_id, n=page.show.number(drawn)))
            ui.link(page.say("strategy.to_campaigns"), PATH)

    async def _reject(self) -> None:
        page, reason = self._page, self._reason.value.strip()
        if not reason:
            ui.notify(page.say("strategy.reason_needed"), type="warning")
            return
        try:
            await run_in_threadpool(
                page.pipeline.campaigns.reject,
                page.workspace,
                self._strategy.decision_id,
                by=_BY,
                reason=reason,
                now=datetime.now(UTC),
            )
        except UnderstoryError as error:
            ui.notify(page.say("errors.failed", reason=str(error)), type="negative")
            return
        self._box.clear()
        with self._box:
            text(page.say("strategy.turned_down", reason=reason))
