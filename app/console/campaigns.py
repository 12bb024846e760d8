"""Campaigns: what was approved, who was drawn, what it did so far, and the switch that stops it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.campaign_result import download_sink, facts, result_table
from app.console.frame import Page, card, frame, text
from app.errors import UnderstoryError
from app.retrieval.schemas import KnowledgeBaseReport
from app.strategy.running.schemas import HandOut, RollUp, RunView, Status

PATH = "/campaigns"
_SHOWN = 20
_BY = "console"
_GOING = (Status.APPROVED, Status.RUNNING)
T = TypeVar("T")


class _Read(NamedTuple):
    view: RunView
    found: RollUp


async def campaigns_page(page: Page) -> None:
    """Draw the page."""
    with frame(page, PATH):
        await CampaignBoard(page).refresh()


class CampaignBoard:
    """All campaigns, newest first; asks again after whatever changes one of them."""

    def __init__(self, page: Page) -> None:
        """Draw the heading and the switch for all."""
        self._page = page
        say = page.say
        with ui.element("div").classes("controls"):
            text(say("campaigns.heading"), "heading")
            self._all = ui.button(say("campaigns.stop_all"), on_click=self._ask_all)
            self._all.props("outline no-caps color=negative").classes("push stop-all")
        text(say("campaigns.note"), "muted")
        self._form = ui.element("div").classes("sure")
        self._list = ui.element("div").classes("main-column")

    async def refresh(self) -> None:
        """Ask and show."""
        found, total = await run_in_threadpool(self._read)
        self._form.clear()
        self._all.set_enabled(any(read.view.status in _GOING for read in found))
        self._list.clear()
        with self._list:
            for read in found:
                self._draw(read)
            if not found:
                text(self._page.say("campaigns.none"), "muted")
            if total > len(found):
                text(self._page.say("campaigns.more", count=total - len(found)), "muted")

    def _read(self) -> tuple[list[_Read], int]:
        page, campaigns = self._page, self._page.pipeline.campaigns
        views = campaigns.every(page.workspace, now=datetime.now(UTC))
        shown = views[:_SHOWN]
        ids = [view.run.campaign.campaign_id for view in shown]
        rolled = campaigns.measuring.roll_ups(page.workspace, ids, as_of=page.as_of)
        return [_Read(*pair) for pair in zip(shown, rolled, strict=True)], len(views)

    def _draw(self, read: _Read) -> None:
        page, say, view = self._page, self._page.say, read.view
        run, campaign = view.run, view.run.campaign
        with card(campaign.title_in(page.lang), campaign.campaign_id, "campaign"):
            with ui.element("div").classes("status-line"):
                text(say(f"campaigns.status.{view.status}"), f"badge status-{view.status}")
                if read.found.preliminary and not run.stopped:
                    text(say("campaigns.preliminary"), "badge status-abstained preliminary")
                text(say("campaigns.learned") if view.known else say("campaigns.not_learned"), "muted")
            facts(page, view)
            with ui.element("div").classes("who"):
                for caution in read.found.cautions:
                    text(say(f"campaigns.cautions.{caution}"), "chip warn")
            result_table(page, view, read.found)
            form = ui.element("div").classes("sure")
            with ui.element("div").classes("who"):
                self._buttons(view, form)

    def _buttons(self, view: RunView, form: ui.element) -> None:
        say, campaign_id = self._page.say, view.run.campaign.campaign_id
        if view.status is Status.RUNNING:
            hand = ui.button(say("campaigns.hand_out"), on_click=lambda: self._hand_out(campaign_id))
            hand.props("outline no-caps").classes("hand-out").tooltip(say("campaigns.hand_out_hint"))
        if view.status in _GOING:
            stop = ui.button(say("campaigns.stop"), on_click=lambda: self._ask_stop(campaign_id, form))
            stop.props("outline no-caps color=negative").classes("stop")
        if view.status is Status.FINISHED:
            learn = ui.button(say("campaigns.learn"), on_click=lambda: self._learn(campaign_id))
            learn.props("outline no-caps").classes("learn").tooltip(say("campaigns.learn_hint"))

    # --- the switch, in two steps --------------------------------------------------------------------------

    def _ask_stop(self, campaign_id: str, form: ui.element) -> None:
        page = self._page

        def stop(reason: str) -> RunView:
            return page.pipeline.campaigns.stop(
                page.workspace, campaign_id, by=_BY, reason=reason, now=datetime.now(UTC)
            )

        self._ask(form, page.say("campaigns.stop_sure"), stop)

    def _ask_all(self) -> None:
        page = self._page

        def stop(reason: str) -> list[str]:
            return page.pipeline.campaigns.stop_all(page.workspace, by=_BY, reason=reason, now=datetime.now(UTC))

        self._ask(self._form, page.say("campaigns.stop_all_sure"), stop)

    def _ask(self, form: ui.element, question: str, stop: Callable[[str], object]) -> None:
        """Nobody stops a campaign by a slip, and nobody waits to be asked why before it is stopped."""
        say = self._page.say
        form.clear()
        with form, ui.element("div").classes("controls"):
            text(question, "strong")
            why = ui.input(say("campaigns.reason"), value=say("campaigns.stop_reason")).props("dense outlined")
            why.classes("reason-field")

            async def sure() -> None:
                await self._do(lambda: stop(why.value), lambda _: say("campaigns.stopped_now"))

            ui.button(say("campaigns.stop_yes"), on_click=sure).props("unelevated no-caps color=negative").classes(
                "stop-yes"
            )
            ui.button(say("campaigns.stop_no"), on_click=form.clear).props("flat no-caps")

    # --- the rest ------------------------------------------------------------------------------------------

    async def _hand_out(self, campaign_id: str) -> None:
        page = self._page
        files: list[bytes] = []

        def hand_out() -> HandOut:
            sink = download_sink(files, page.workspace.currency)
            handed = page.pipeline.campaigns.handing.hand_out(page.workspace, campaign_id, sink, now=datetime.now(UTC))
            page.pipeline.catch_up(page.workspace)
            return handed

        def told(handed: HandOut) -> str:
            if handed.rows:
                ui.download.content(files[0], f"{campaign_id}.csv")
            withheld = sum(handed.withheld.values())
            return page.say("campaigns.handed", count=len(handed.rows), withheld=withheld)

        await self._do(hand_out, told)

    async def _learn(self, campaign_id: str) -> None:
        page = self._page

        def learn() -> KnowledgeBaseReport:
            return page.pipeline.campaigns.measuring.learn(page.workspace, campaign_id, now=datetime.now(UTC))

        await self._do(learn, lambda _: page.say("campaigns.learned_now"))

    async def _do(self, work: Callable[[], T], told: Callable[[T], str]) -> None:
        """Do it, say what came of it, and show everything anew; or say why it could not be done."""
        try:
            made = await run_in_threadpool(work)
        except UnderstoryError as error:
            ui.notify(self._page.say("errors.failed", reason=str(error)), type="negative")
            return
        ui.notify(told(made), type="positive", position="bottom")
        await self.refresh()
