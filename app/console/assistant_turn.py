"""One turn on the assistant's page: the question, what it was understood as, the answer, what waits for a decision."""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import unquote

from nicegui import ui

from app.assistant.history import Decision, Turn
from app.assistant.schemas import Pending, Reply, Table, Understood
from app.console.assistant_export import export_button, exported
from app.console.assistant_words import understood_line
from app.console.frame import Page, text
from app.console.table import Cell, Column, Link, plain_table
from app.console.who_spoke import who_spoke

Ask = Callable[[str], Awaitable[None]]
Decide = Callable[[Pending, Decision], Awaitable[None]]
_SHORT = 24
"""Characters of a cell that is kept on one line."""


class TurnView:
    """A question that is being answered, or was."""

    def __init__(self, page: Page, question: str, *, ask: Ask, decide: Decide) -> None:
        """Draw the question, and where the answer will be."""
        self._page, self._ask, self._decide = page, ask, decide
        with ui.element("article").classes("turn"):
            text(question, "asked")
            self._understood = ui.element("div").classes("understood")
            self._answer = ui.element("div").classes("answer")
        with self._answer:
            ui.spinner(size="sm")

    def understood(self, found: Understood) -> None:
        """Say what the question was understood as, while the answer is worked out."""
        self._understood.clear()
        with self._understood:
            text(self._page.say("assistant.understood", what=understood_line(self._page, found)), "muted small")

    def answered(self, reply: Reply, *, last: bool = True, decided: bool = False) -> None:
        """Show the answer; suggestions only below the last one, what was `decided` only where it was proposed."""
        if not decided:
            self.understood(reply.understood)
        self._answer.clear()
        with self._answer:
            with ui.element("div").classes("answer-text abstained" if reply.abstained else "answer-text"):
                for sentence in reply.sentences:
                    text(sentence.text, "answer-sentence")
            for table in reply.tables:
                _table(self._page, table)
            _links(self._page, reply)
            if reply.pending and not decided:
                self._pending(reply.pending)
            _who_spoke(self._page, reply)
            if last and reply.suggestions:
                self._suggestions(reply.suggestions)

    def failed(self, reason: str) -> None:
        """Say why there is no answer."""
        self._answer.clear()
        with self._answer:
            text(self._page.say("errors.failed", reason=reason), "warn-text")

    def _pending(self, pending: Pending) -> None:
        say = self._page.say
        with ui.element("div").classes("pending"):
            if pending.status == "waiting":
                text(say("assistant.waits", what=say(f"assistant.actions.{pending.action}")), "strong")
                text(pending.said)
                with ui.element("div").classes("controls"):
                    self._button(pending, "approve").props("unelevated no-caps").classes("approve")
                    self._button(pending, "reject").props("outline no-caps color=negative").classes("reject")
            else:
                text(say(f"assistant.actions.{pending.action}"), "strong")
                text(pending.said)
                text(say(f"assistant.status.{pending.status}"), f"badge status-{pending.status}")

    def _button(self, pending: Pending, decision: Decision) -> ui.button:
        async def decided() -> None:
            await self._decide(pending, decision)

        return ui.button(self._page.say(f"assistant.{decision}"), on_click=decided)

    def _suggestions(self, questions: tuple[str, ...]) -> None:
        with ui.element("div").classes("suggestions"):
            for question in questions:
                suggestion(question, self._ask)


def suggestion(question: str, ask: Ask) -> None:
    """A question that is asked by a click."""

    async def asked() -> None:
        await ask(question)

    ui.button(question, on_click=asked).props("outline no-caps rounded dense").classes("suggestion")


def decision_words(page: Page, turn: Turn) -> str:
    """What stands above a turn that was a decision."""
    return page.say(f"assistant.decided.{turn.decision}") if turn.decision else turn.question


def _table(page: Page, table: Table) -> None:
    with ui.element("figure").classes("answer-table"):
        text(table.title, "sub")
        columns = [Column(heading, _width(table, place)) for place, heading in enumerate(table.columns)]
        plain_table(columns, _rows(page, table))
        if table.total > len(table.rows):
            shown, total = page.show.number(len(table.rows)), page.show.number(table.total)
            text(page.say("assistant.shown", shown=shown, total=total), "muted small")


def _rows(page: Page, table: Table) -> list[Sequence[Cell]]:
    """The rows; the first cell leads where the row leads."""
    if not table.paths:
        return list(table.rows)
    led = zip(table.rows, table.paths, strict=True)
    return [(Link(row[0], target(page, path)), *row[1:]) for row, path in led]


def _width(table: Table, place: int) -> str:
    """Short cells stay on one line."""
    return "nowrap" if all(len(row[place]) <= _SHORT for row in table.rows) else ""


def _links(page: Page, reply: Reply) -> None:
    """Where the answer goes on, without what the rows of its tables lead to."""
    led = {path for table in reply.tables for path in table.paths}
    with ui.element("div").classes("answer-links"):
        for link in reply.links:
            if file := exported(link.path):
                export_button(page, link.text, file)
            elif link.path not in led:
                ui.link(link.text, target(page, link.path)).classes("chip link-chip")


def target(page: Page, path: str) -> str:
    """A link of an answer on this page: it keeps language and date, and asks nothing of another host."""
    place, _, query = path.partition("?")
    if not place.startswith("/") or place.startswith("//"):
        return page.url("/")
    return page.url(unquote(place)) + (f"&{query}" if query else "")


def _who_spoke(page: Page, reply: Reply) -> None:
    """Who answered; who read the question, when a model was asked to; what to be wary of."""
    who_spoke(page, reply.provenance)
    read = reply.understood.origin
    if read is None and not reply.warnings:
        return
    with ui.element("div").classes("who"):
        if read:
            text(page.say(f"assistant.read_by.{read.rung}", model=read.model or ""), "chip")
        for warning in reply.warnings:
            text(warning, "chip warn")
