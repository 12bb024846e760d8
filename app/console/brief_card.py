"""The brief of a customer for an agent: by part, with the suggested opening, and a button that asks the model."""

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.frame import Page, card, text
from app.console.who_spoke import who_spoke
from app.errors import UnderstoryError
from app.insights.brief.schemas import Brief, Part
from app.views import CustomerReading


class BriefCard:
    """The brief as code tells it; no model is asked before somebody wants it."""

    def __init__(self, page: Page, reading: CustomerReading, found: Brief) -> None:
        """Draw what code tells."""
        self._page, self._reading = page, reading
        with card(page.say("brief.heading"), page.say("brief.note"), "brief-card"):
            self._body = ui.element("div").classes("brief")
            self._draw(found)
            if page.pipeline.rungs.large is not None:
                self._button = ui.button(page.say("brief.ask"), on_click=self._ask).props("flat dense no-caps size=sm")

    async def _ask(self) -> None:
        page = self._page
        self._button.props("loading")
        try:
            found = await run_in_threadpool(page.pipeline.briefing.brief_of, page.workspace, self._reading)
        except UnderstoryError as error:
            ui.notify(page.say("errors.failed", reason=str(error)), type="negative")
            return
        finally:
            self._button.props(remove="loading")
        self._draw(found)

    def _draw(self, found: Brief) -> None:
        self._body.clear()
        with self._body:
            for part in Part:
                text(self._page.say(f"brief.parts.{part}"), "sub")
                for sentence in found.sentences:
                    if sentence.part is part:
                        text(sentence.text, "small")
            text(self._page.say("brief.opening"), "sub")
            text(found.opening, "draft-text")
            who_spoke(self._page, found.provenance, found.dropped)
