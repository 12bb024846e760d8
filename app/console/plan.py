"""A segment and a budget: who gets what, what it should bring, what measuring can show; confirm and export."""

import io
from datetime import UTC, datetime
from decimal import Decimal

from babel.numbers import get_currency_precision
from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.campaigns import PATH as CAMPAIGNS
from app.console.frame import Page, card, frame, text
from app.console.plan_result import plan_result
from app.errors import UnderstoryError
from app.retrieval.schemas import Channel
from app.strategy.batch.schemas import PlanPage, PlanWish
from app.strategy.running.files import write_messages
from app.strategy.running.schemas import HandOut
from app.strategy.wording import wording

PATH = "/plan"
BY = "console"
_ROWS = 50
_FIRST = "churn_risk >= 60%"
_BUDGET = 500
_MOST = 10**12


async def plan_page(page: Page, segment: str = "") -> None:
    """Draw the form; `segment` is put into it."""
    with frame(page, PATH):
        PlanBoard(page).draw(segment or _FIRST)


class PlanBoard:
    """One plan at a time."""

    def __init__(self, page: Page) -> None:
        """Nothing is planned yet."""
        self._page, self._plan_id = page, ""

    def draw(self, segment: str) -> None:
        """Draw the form and an empty place for its answer."""
        say = self._page.say
        text(say("plan.heading"), "heading")
        text(say("plan.note"), "muted")
        with card(say("plan.wish")):
            self._segment = ui.textarea(say("plan.segment"), value=segment).props("outlined autogrow spellcheck=false")
            self._segment.classes("expression mono")
            with ui.element("div").classes("controls"):
                label = say("plan.budget", currency=self._page.workspace.currency)
                self._budget = ui.number(label, value=_BUDGET, min=0, max=_MOST).props("dense outlined")
                names = {channel.value: wording(self._page.lang).channels[channel] for channel in Channel}
                self._channels = ui.select(names, value=[], multiple=True, label=say("plan.channels"))
                self._channels.props("dense outlined use-chips").classes("choice")
                self._holdout = ui.number(say("plan.holdout"), min=1, max=90).props("dense outlined suffix=%")
                self._holdout.classes("choice")
                ui.button(say("plan.draft"), on_click=self._draft).props("unelevated no-caps").classes("push")
            self._fault = text("", "warn-text")
        self._result = ui.element("div")

    async def _draft(self) -> None:
        self._fault.text = ""
        self._result.clear()
        with self._result:
            ui.spinner(size="lg")
        try:
            found = await run_in_threadpool(self._ask)
        except UnderstoryError as error:
            self._result.clear()
            self._fault.text = self._page.say("errors.failed", reason=str(error))
            return
        self._show(found)

    def _ask(self) -> PlanPage:
        page = self._page
        digits = get_currency_precision(page.workspace.currency)
        wish = PlanWish.model_validate(
            {
                "segment": (self._segment.value or "").strip() or "-",
                "budget_minor": int(Decimal(str(self._budget.value or 0)).scaleb(digits)),
                "channels": tuple(self._channels.value or ()),
                "holdout_share": self._holdout.value / 100 if self._holdout.value else None,
            }
        )
        return page.pipeline.planning.draft(page.workspace, wish, now=datetime.now(UTC), lang=page.lang, rows=_ROWS)

    def _show(self, found: PlanPage) -> None:
        say, plan = self._page.say, found.plan
        self._plan_id = plan.plan_id
        self._result.clear()
        with self._result, card(say("plan.result"), plan.plan_id, "plan"):
            if plan.given and plan.status == "draft":
                button = ui.button(say("plan.confirm"), on_click=self._ask_sure)
                button.props("unelevated no-caps").classes("plan-confirm")
            self._sure = ui.element("div").classes("controls sure")
            if plan.status == "confirmed":
                self._confirmed()
            plan_result(self._page, found)

    def _ask_sure(self) -> None:
        """The second step: the log keeps every choice for ever."""
        say = self._page.say
        self._sure.clear()
        with self._sure:
            text(say("plan.sure"), "strong")
            ui.button(say("plan.sure_yes"), on_click=self._confirm).props("unelevated no-caps").classes("plan-yes")
            ui.button(say("plan.sure_no"), on_click=self._sure.clear).props("flat no-caps")

    async def _confirm(self) -> None:
        def write() -> PlanPage:
            page, now = self._page, datetime.now(UTC)
            page.pipeline.planning.confirm(page.workspace, self._plan_id, by=BY, now=now)
            page.pipeline.catch_up(page.workspace)
            return page.pipeline.planning.show(page.workspace, self._plan_id, rows=_ROWS)

        try:
            self._show(await run_in_threadpool(write))
        except UnderstoryError as error:
            self._refused(error)

    def _confirmed(self) -> None:
        say = self._page.say
        with self._sure:
            text(say("plan.confirmed"), "strong")
            ui.button(say("plan.export"), on_click=self._export).props("outline no-caps icon=download")
            ui.link(say("plan.to_campaigns"), self._page.url(CAMPAIGNS))

    async def _export(self) -> None:
        out = io.BytesIO()

        def write() -> HandOut:
            page = self._page
            currency = page.workspace.currency
            done = page.pipeline.planning.export(
                page.workspace,
                self._plan_id,
                lambda handed: write_messages(out, "csv", handed, currency),
                now=datetime.now(UTC),
            )
            page.pipeline.catch_up(page.workspace)
            return done

        try:
            handed = await run_in_threadpool(write)
        except UnderstoryError as error:
            self._refused(error)
            return
        counts = {"n": len(handed.rows), "withheld": sum(handed.withheld.values())}
        said = self._page.say("plan.exported", **{name: self._page.show.number(n) for name, n in counts.items()})
        ui.notify(said, type="positive", position="bottom")
        if handed.rows:
            ui.download.content(out.getvalue(), f"{self._plan_id}.csv")

    def _refused(self, error: UnderstoryError) -> None:
        ui.notify(self._page.say("errors.failed", reason=str(error)), type="warning", position="bottom")
