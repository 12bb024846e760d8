"""Whom to reach today: each team's day, the queue with its reasons, who waits, and the curve behind it."""

from collections.abc import Callable
from datetime import UTC, datetime

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.frame import Page, card, frame, meter, text
from app.console.queue_chart import queue_chart
from app.console.queue_rows import queue_rows, waiting_rows
from app.errors import UnderstoryError
from app.strategy.acting.schemas import CustomerPoint, Queue, QueueItem, TakenOff, TeamDay

PATH = "/queue"
_WAITING = 50
_DOTS = 600


async def queue_page(page: Page) -> None:
    """Draw the day."""
    board = QueueBoard(page)
    with frame(page, PATH):
        await board.draw()


class QueueBoard:
    """The day of one team or of all; asks again after whatever changes it."""

    def __init__(self, page: Page) -> None:
        """Nothing is asked for yet."""
        self._page, self._team = page, ""

    async def draw(self) -> None:
        """Draw the page and ask for the first time."""
        say = self._page.say
        with ui.element("div").classes("controls"):
            text(say("queue.heading"), "heading")
            self._choice = ui.element("div").classes("push")
        rule, percent = self._page.pipeline.policy.acting, self._page.show.percent
        shares = {"light": percent(rule.light.at_median), "strong": percent(rule.strong.at_median)}
        text(say("queue.note", **shares), "muted")
        self._teams = ui.element("div").classes("team-days")
        with card(say("queue.today"), say("queue.today_note"), "queue-today"):
            self._form = ui.element("div").classes("correction")
            self._list = ui.element("div").classes("records")
        with card(say("queue.curve"), say("queue.curve_note")):
            self._curve = ui.element("div")
        with card(say("queue.waiting"), "", "queue-waiting"):
            self._waiting = ui.element("div").classes("records")
        await self.refresh()

    async def refresh(self) -> None:
        """Ask and show."""
        found, dots = await run_in_threadpool(self._read)
        for place in (self._choice, self._teams, self._form, self._list, self._curve, self._waiting):
            place.clear()
        self._draw_choice()
        with self._teams:
            for team in found.teams:
                _team_day(self._page, team)
        with self._list:
            queue_rows(self._page, found, done=self._done, later=self._ask_later)
        with self._curve:
            _curve(self._page, found, dots)
        with self._waiting:
            waiting_rows(self._page, found)

    def _read(self) -> tuple[Queue, tuple[CustomerPoint, ...]]:
        page, acting = self._page, self._page.pipeline.acting
        found = acting.queue(page.workspace, as_of=page.as_of, lang=page.lang, team=self._team, most_waiting=_WAITING)
        return found, acting.day(page.workspace, as_of=page.as_of).dots(_DOTS)

    def _draw_choice(self) -> None:
        page = self._page
        teams = {team.team: team.name(page.lang) for team in page.pipeline.policy.acting.teams}
        with self._choice:
            options = {"": page.say("queue.all_teams"), **teams}
            toggle = ui.toggle(options, value=self._team, on_change=lambda e: self._of_team(e.value))
            toggle.props("no-caps unelevated color=white text-color=grey-9").classes("orders")

    async def _of_team(self, team: str) -> None:
        self._team = team
        await self.refresh()

    async def _done(self, item: QueueItem) -> None:
        def write() -> TakenOff:
            page = self._page
            return page.pipeline.acting.done(
                page.workspace, item.customer_id, by="console", now=datetime.now(UTC), team=item.team
            )

        await self._write(write)

    def _ask_later(self, item: QueueItem) -> None:
        """A form above the list: for how long, and why."""
        say = self._page.say
        self._form.clear()
        with self._form:
            text(say("queue.later_of", name=item.name), "strong")
            days = ui.number(say("queue.days"), value=7, min=1, max=90, precision=0).props("dense outlined")
            why = ui.input(say("queue.reason")).props("dense outlined").classes("reason-field")

            async def write() -> None:
                await self._write(lambda: self._later(item, int(days.value or 0), why.value))

            ui.button(say("queue.save"), on_click=write).props("unelevated no-caps")
            ui.button(say("queue.cancel"), on_click=self._form.clear).props("flat no-caps")

    def _later(self, item: QueueItem, days: int, reason: str) -> TakenOff:
        page = self._page
        return page.pipeline.acting.later(
            page.workspace, item.customer_id, days=days, reason=reason, by="console", now=datetime.now(UTC),
            team=item.team,
        )  # fmt: skip

    async def _write(self, write: Callable[[], TakenOff]) -> None:
        page = self._page

        def both() -> TakenOff:
            done = write()
            page.pipeline.catch_up(page.workspace)
            return done

        try:
            done = await run_in_threadpool(both)
        except UnderstoryError as error:
            ui.notify(page.say("errors.failed", reason=str(error)), type="warning", position="bottom")
            return
        said = page.say(f"queue.said.{done.verdict}", date=page.show.date(done.until))
        ui.notify(said, type="positive", position="bottom")
        await self.refresh()


def _team_day(page: Page, team: TeamDay) -> None:
    say, show = page.say, page.show
    with card(team.name, say(f"queue.levels.{team.level}"), "team-day"):
        with ui.element("div").classes("figure-line"):
            text(show.number(team.queued), "figure")
            text(say("queue.to_reach"), "muted")
        meter((team.done + team.queued) / team.per_day if team.per_day else 1.0)
        counts = {"done": team.done, "per_day": team.per_day, "waiting": team.waiting}
        text(say("queue.team_day", **{name: show.number(n) for name, n in counts.items()}), "small")


def _curve(page: Page, found: Queue, dots: tuple[CustomerPoint, ...]) -> None:
    if not found.curve.points:
        text(page.say("queue.no_curve"), "muted")
        return
    options = queue_chart(found.curve, dots, found.currency, page.say)
    ui.echart(options).classes("queue-chart")
    for line in found.assumptions:
        text(line, "muted small")
