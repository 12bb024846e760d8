"""Who moved from one interest to another: choose from, to and how far back; each row leads to the customer."""

from datetime import timedelta

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.frame import Page, frame, text
from app.console.table import Column, Link, plain_table
from app.moves import MoveQuery
from app.views import Move, MoveList

PATH = "/shifts"
_ROWS = 100
_SPANS = (7, 30, 90, 365)


async def moves_page(page: Page) -> None:
    """Draw the question and its first answer."""
    with frame(page, PATH):
        await Moves(page).refresh()


class Moves:
    """The list with its filters; asks again whenever one of them changes."""

    def __init__(self, page: Page) -> None:
        """Draw the filters and an empty list."""
        self._page = page
        self._from, self._to, self._days = "", "", 30
        say, taxonomy = page.say, page.pipeline.taxonomy
        topics = {topic: taxonomy.name(topic, page.lang) for topic in taxonomy.topics}
        with ui.element("div").classes("controls"):
            text(say("moves.heading"), "heading")
            for label, chosen in ((say("moves.from"), self._leave), (say("moves.to"), self._arrive)):
                select = ui.select({"": label, **topics}, value="", on_change=lambda e, f=chosen: f(e.value))
                select.props("dense outlined options-dense").classes("choice").props["aria-label"] = label
            spans = {days: say("moves.days", days=days) for days in _SPANS}
            toggle = ui.toggle(spans, value=self._days, on_change=lambda e: self._reach(e.value))
            toggle.props("no-caps unelevated color=white text-color=grey-9").classes("orders push")
        self._status = text("", "strong")
        self._list = ui.element("div").classes("records")

    async def refresh(self) -> None:
        """Ask and show."""
        found = await run_in_threadpool(self._read)
        self._status.text = self._page.say("moves.total", total=self._page.show.number(found.total))
        self._list.clear()
        with self._list:
            if found.rows:
                _table(self._page, found)
            else:
                text(self._page.say("moves.none"), "muted")

    def _read(self) -> MoveList:
        page = self._page
        since = page.as_of - timedelta(days=self._days)
        wanted = MoveQuery(from_topic=self._from or None, to_topic=self._to or None, since=since)
        return page.pipeline.moves.find(page.workspace, wanted, as_of=page.as_of, lang=page.lang, limit=_ROWS)

    async def _leave(self, topic: str) -> None:
        self._from = topic
        await self.refresh()

    async def _arrive(self, topic: str) -> None:
        self._to = topic
        await self.refresh()

    async def _reach(self, days: int) -> None:
        self._days = days
        await self.refresh()


def _table(page: Page, found: MoveList) -> None:
    columns = [Column(page.say(f"moves.columns.{name}")) for name in ("customer", "kind", "move", "since", "why")]
    plain_table(columns, [_row(page, move) for move in found.rows])


def _row(page: Page, move: Move) -> tuple[Link | str, ...]:
    say, show, shift = page.say, page.show, move.shift
    kind, _, name = move.name.partition(":")
    who = Link(f"{say.of('identifier', kind)} {name}", page.url(f"/customer/{move.customer_id}"), here=True)
    moved = " → ".join(topic for topic in (move.from_name, move.to_name) if topic)
    reason = shift.reason
    counts = {"visits": reason.visits, "to": reason.visits_to, "before": reason.before, "was": reason.before_to}
    why = say("shifts.reason", topic=move.to_name, **counts) if move.to_name else ""
    return (who, say(f"shifts.kinds.{shift.kind}"), moved, show.date(shift.since), why)
