"""The quarantine: what could not be used, filtered by source and reason, and a replay in two steps."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.frame import Page, card, text
from app.console.table import Column, plain_table
from app.events.quarantine import Filter, ReasonCount
from app.events.quarantine_rows import State
from app.events.quarantine_view import QuarantinePage, QuarantineRecord, page_of
from app.replay import Replayed
from app.text.normalise import shorten

_ROWS = 25
_CONTENT = 300
_HASH = 8
"""Hex digits of a hash that tell two contents apart at a glance."""


async def quarantine_card(page: Page, counts: Sequence[ReasonCount]) -> None:
    """Draw the quarantine of the workspace."""
    with card(page.say("data.quarantine"), page.say("data.quarantine_note"), "quarantine"):
        if counts:
            await QuarantineList(page, counts).refresh()
        else:
            text(page.say("data.quarantine_empty"), "muted")


class QuarantineList:
    """The list with its filters; asks again whenever one of them changes."""

    def __init__(self, page: Page, counts: Sequence[ReasonCount]) -> None:
        """Draw filters and an empty list."""
        self._page, self._wanted, self._waiting = page, Filter(), 0
        say = page.say
        with ui.element("div").classes("controls"):
            self._choice(say("data.all_sources"), {c.source: c.source for c in counts}, self._of_source)
            self._choice(say("data.all_reasons"), {c.code: say(f"data.checks.{c.code}") for c in counts}, self._of_code)
            self._status = text("", "strong")
            self._ask = ui.button(say("data.replay"), on_click=self._confirm).props("outline no-caps")
            self._ask.classes("push replay").tooltip(say("data.replay_hint"))
        self._answer = ui.element("div").classes("controls sure")
        self._list = ui.element("div").classes("records")

    async def refresh(self) -> None:
        """Show what fits the filters."""
        found, self._waiting = await run_in_threadpool(self._read)
        show = self._page.show
        shown = {"shown": show.number(len(found.records)), "total": show.number(found.total)}
        self._status.text = self._page.say("data.shown", **shown)
        self._ask.set_enabled(self._waiting > 0)
        self._list.clear()
        with self._list:
            _records(self._page, found)

    def _read(self) -> tuple[QuarantinePage, int]:
        quarantine, workspace_id = self._page.pipeline.quarantine, self._page.workspace.workspace_id
        found = page_of(quarantine, workspace_id, self._wanted, limit=_ROWS)
        return found, quarantine.count(workspace_id, self._wanted._replace(state=State.WAITING))

    def _choice(self, everything: str, options: Mapping[str, str], chosen: Callable[[str], Awaitable[None]]) -> None:
        select = ui.select({"": everything, **options}, value="", on_change=lambda event: chosen(event.value))
        select.props("dense outlined options-dense").classes("choice").props["aria-label"] = everything

    async def _of_source(self, source: str) -> None:
        self._wanted = self._wanted._replace(source=source or None)
        self._answer.clear()
        await self.refresh()

    async def _of_code(self, code: str) -> None:
        self._wanted = self._wanted._replace(code=code or None)
        self._answer.clear()
        await self.refresh()

    def _confirm(self) -> None:
        """The second step: a replay writes to the log, which keeps everything for ever."""
        say = self._page.say
        self._answer.clear()
        with self._answer:
            text(say("data.replay_sure", count=self._page.show.number(self._waiting)), "strong")
            ui.button(say("data.replay_yes"), on_click=self._replay).props("unelevated no-caps").classes("replay-yes")
            ui.button(say("data.replay_no"), on_click=self._answer.clear).props("flat no-caps")

    async def _replay(self) -> None:
        done = await run_in_threadpool(self._run)
        self._answer.clear()
        with self._answer:
            show = self._page.show
            counts = {
                name: show.number(getattr(done, name)) for name in ("records", "accepted", "duplicates", "failed")
            }
            text(self._page.say("data.replayed_all", **counts), "strong replay-done")
        await self.refresh()

    def _run(self) -> Replayed:
        pipeline, workspace = self._page.pipeline, self._page.workspace
        done = pipeline.replay.run(workspace, self._wanted, by="console", now=datetime.now(UTC))
        pipeline.catch_up(workspace)
        return done


def _records(page: Page, found: QuarantinePage) -> None:
    say = page.say
    columns = [
        Column(say("data.arrived_at"), "cell-at"),
        Column(say("data.source")),
        Column(say("data.line"), "number"),
        Column(say("data.reason"), "cell-reason"),
        Column(say("data.content"), "cell-content"),
        Column(say("data.state")),
    ]
    plain_table(
        columns,
        [
            (
                page.show.time(record.received_at),
                record.source,
                str(record.line),
                _reason(page, record),
                shorten(record.content, _CONTENT),
                say(f"data.states.{record.state}"),
            )
            for record in found.records
        ],
    )


def _reason(page: Page, record: QuarantineRecord) -> str:
    """In words; of a conflict with the hashes of both contents."""
    words = page.say(f"data.checks.{record.code}")
    if not record.sent_hash or not record.known_hash:
        return words
    return f"{words} · {record.sent_hash[:_HASH]} ≠ {record.known_hash[:_HASH]}"
