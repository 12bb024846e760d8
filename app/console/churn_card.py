"""Drifting away? Verdict and number, signs in the order they came, words, rhythm, and what speaks against it."""

from collections.abc import Sequence

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.frame import Page, card, text
from app.console.who_spoke import who_spoke
from app.errors import UnderstoryError
from app.insights.churn.schemas import ChurnRead, ReadPart, ReadSentence
from app.views import CustomerReading


class ChurnCard:
    """The read as code tells it, and a button that lets the large model word it where there is one."""

    def __init__(self, page: Page, reading: CustomerReading, found: ChurnRead) -> None:
        """Draw what code tells; no model is asked before somebody wants it."""
        self._page, self._reading = page, reading
        with card(page.say("churn.heading"), page.say("churn.note"), "churn-card"):
            self._body = ui.element("div").classes("churn-read")
            self._draw(found)
            if page.pipeline.rungs.large is not None:
                self._button = ui.button(page.say("churn.ask"), on_click=self._ask).props("flat dense no-caps size=sm")

    async def _ask(self) -> None:
        page = self._page
        self._button.props("loading")
        try:
            found = await run_in_threadpool(page.pipeline.explaining.churn_of, page.workspace, self._reading)
        except UnderstoryError as error:
            ui.notify(page.say("errors.failed", reason=str(error)), type="negative")
            return
        finally:
            self._button.props(remove="loading")
        self._draw(found)

    def _draw(self, found: ChurnRead) -> None:
        self._body.clear()
        with self._body:
            with ui.element("div").classes("line-head"):
                text(found.verdict_name, f"badge verdict-{found.verdict}")
            text(found.headline, "small")
            if found.missing:
                text(self._page.show.missing(found.missing), "muted small")
            for part in ReadPart:
                self._part(part, [sentence for sentence in found.sentences if sentence.part is part], found)
            who_spoke(self._page, found.provenance, found.dropped)

    def _part(self, part: ReadPart, sentences: Sequence[ReadSentence], found: ChurnRead) -> None:
        if not sentences:
            return
        text(self._page.say(f"churn.parts.{part}"), "sub")
        for sentence in sentences:
            claims = "\n".join(found.spoken[claim_id] for claim_id in sentence.claim_ids)
            text(sentence.text, "small").tooltip(claims)
