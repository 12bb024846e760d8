"""Segments: the RFM frame, an expression with its live count, the fields that it may name, saved segments, export."""

import io
from datetime import UTC, datetime

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.frame import Page, card, frame, text
from app.console.segment_story import SegmentStoryPanel
from app.console.segments_fields import fields_card
from app.console.segments_rows import count_lines, matrix_grid, member_rows, saved_rows
from app.errors import InvalidInput, UnderstoryError
from app.exporting import Asked
from app.retrieval.schemas import Channel
from app.strategy.audiences.schemas import CountedSegment, ExportFormat, ExportRecord, MemberPage, SegmentCount

PATH = "/segments"
BY = "console"
_MEMBERS = 20
_DEBOUNCE_MS = 350
_FIRST = "rfm in (important_keep, important_win_back) and churn_risk >= 60%"


async def segments_page(page: Page, segment: str = "") -> None:
    """Draw the frame, the question and its first answer; `segment` is an expression to begin with."""
    board = SegmentBoard(page, segment or _FIRST)
    with frame(page, PATH):
        await board.draw()


class SegmentBoard:
    """One expression at a time; asks again whenever it changes."""

    def __init__(self, page: Page, expression: str) -> None:
        """Nothing is asked for yet."""
        self._page, self._expression = page, expression

    async def draw(self) -> None:
        """Draw the page and ask for the first time."""
        say, page = self._page.say, self._page
        text(say("segments.heading"), "heading")
        with card(say("segments.matrix"), say("segments.matrix_note")):
            found = await run_in_threadpool(page.pipeline.audiences.matrix, page.workspace, as_of=page.as_of)
            matrix_grid(page, found, self.ask)
        with card(say("segments.expression"), say("segments.expression_note")):
            self._draw_question()
        with card(say("segments.saved")):
            self._saved = ui.element("div").classes("records")
        fields_card(page, self.ask)
        await self._refresh_saved()
        await self._answer()

    async def ask(self, expression: str) -> None:
        """Put an expression into the box and answer it."""
        self._box.value = expression
        await self._changed(expression)

    def _draw_question(self) -> None:
        say = self._page.say
        self._box = ui.textarea(value=self._expression, on_change=lambda e: self._changed(e.value or ""))
        self._box.props(f"outlined autogrow debounce={_DEBOUNCE_MS} spellcheck=false").classes("expression mono")
        self._box.props["aria-label"] = say("segments.expression")
        self._fault = text("", "warn-text")
        self._count = ui.element("div").classes("segment-count")
        with ui.element("div").classes("controls"):
            self._name = ui.input(say("segments.name")).props("dense outlined maxlength=80")
            ui.button(say("segments.save"), on_click=self._save).props("unelevated no-caps")
            channels = {"": say("segments.no_channel")} | {c.value: say.of("segments.channels", c) for c in Channel}
            self._channel = ui.select(channels, value="", label=say("segments.channel")).props("dense outlined")
            self._channel.classes("choice push")
            self._format = ui.toggle({"csv": "CSV", "jsonl": "JSONL"}, value="csv")
            self._format.props("no-caps unelevated color=white text-color=grey-9").classes("orders")
            ui.button(say("segments.export"), on_click=self._export).props("outline no-caps icon=download")
        self._said = text("", "muted")
        SegmentStoryPanel(self._page, lambda: self._expression)
        self._members = ui.element("div").classes("records")

    async def _changed(self, expression: str) -> None:
        if expression != self._expression:
            self._expression, self._said.text = expression, ""
            await self._answer()

    async def _answer(self) -> None:
        """Count and show the first members, or say what is wrong with the expression."""
        asked = self._expression
        try:
            count, members = await run_in_threadpool(self._read, asked)
        except InvalidInput as fault:
            if asked == self._expression:
                self._fault.text = str(fault)
                self._count.clear()
                self._members.clear()
            return
        if asked != self._expression:  # somebody went on typing
            return
        self._fault.text = ""
        self._count.clear()
        with self._count:
            count_lines(self._page, count)
        self._members.clear()
        with self._members:
            member_rows(self._page, members)

    def _read(self, expression: str) -> tuple[SegmentCount, MemberPage]:
        page, audiences = self._page, self._page.pipeline.audiences
        count = audiences.count(page.workspace, expression, as_of=page.as_of, lang=page.lang)
        found = audiences.page(page.workspace, expression, as_of=page.as_of, lang=page.lang, limit=_MEMBERS)
        return count, found

    async def _save(self) -> None:
        page = self._page

        def write() -> CountedSegment:
            return page.pipeline.audiences.save(
                page.workspace, self._name.value or "", self._expression, by=BY, now=datetime.now(UTC),
                as_of=page.as_of, lang=page.lang,
            )  # fmt: skip

        try:
            made = await run_in_threadpool(write)
        except UnderstoryError as error:
            self._said.text = page.say("errors.failed", reason=str(error))
            return
        self._said.text = page.say("segments.was_saved", name=made.segment.name)
        self._name.value = ""
        await self._refresh_saved()

    async def _forget(self, segment_id: str) -> None:
        page = self._page
        try:
            await run_in_threadpool(page.pipeline.audiences.forget, page.workspace, segment_id)
        except UnderstoryError as error:
            self._said.text = page.say("errors.failed", reason=str(error))
        await self._refresh_saved()

    async def _refresh_saved(self) -> None:
        page = self._page
        found = await run_in_threadpool(page.pipeline.audiences.saved, page.workspace, as_of=page.as_of, lang=page.lang)
        self._saved.clear()
        with self._saved:
            saved_rows(page, found, use=self.ask, forget=self._forget)

    async def _export(self) -> None:
        """Hand the file to the browser when all of it is there."""
        page, out = self._page, io.BytesIO()
        channel = Channel(self._channel.value) if self._channel.value else None
        kind: ExportFormat = "jsonl" if self._format.value == "jsonl" else "csv"
        asked = Asked(self._expression, channel, kind, page.as_of, datetime.now(UTC), page.lang, BY)
        try:
            made = await run_in_threadpool(page.pipeline.exporting.export, page.workspace, asked, out)
        except UnderstoryError as error:
            self._said.text = page.say("errors.failed", reason=str(error))
            return
        self._said.text = export_told(page, made)
        ui.download.content(out.getvalue(), f"audience-{made.export_id}.{kind}")


def export_told(page: Page, made: ExportRecord) -> str:
    """How many are in the file, and why the others are not."""
    say, number = page.say, page.show.number
    parts = [say("segments.exported", customers=number(made.customers), members=number(made.members))]
    parts += [
        say("segments.left_out", number=number(left), reason=say(f"segments.reasons.{reason}"))
        for reason, left in made.left_out.items()
    ]
    return say("segments.joint").join(parts)
