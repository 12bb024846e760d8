"""The story of the segment in the box, told when somebody asks for it."""

from collections.abc import Callable

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.frame import Page, text
from app.console.who_spoke import who_spoke
from app.errors import UnderstoryError
from app.strategy.segment_story.schemas import Part, SegmentStory


class SegmentStoryPanel:
    """A button, and below it the story of the expression that stands in the box by then."""

    def __init__(self, page: Page, expression: Callable[[], str]) -> None:
        """Draw the button."""
        self._page, self._expression = page, expression
        with ui.element("div").classes("controls"):
            self._button = ui.button(page.say("segment_story.ask"), on_click=self._ask).props("outline no-caps")
            text(page.say("segment_story.note"), "muted small")
        self._body = ui.element("div").classes("segment-story")

    async def _ask(self) -> None:
        page = self._page
        self._button.props("loading")
        try:
            found = await run_in_threadpool(
                page.pipeline.portraying.story, page.workspace, self._expression(), as_of=page.as_of, lang=page.lang
            )
        except UnderstoryError as error:
            ui.notify(page.say("errors.failed", reason=str(error)), type="negative")
            return
        finally:
            self._button.props(remove="loading")
        self._draw(found)

    def _draw(self, found: SegmentStory) -> None:
        self._body.clear()
        cited = {claim.claim_id: claim.query_ref for claim in found.claims}
        with self._body:
            for part in Part:
                sentences = [sentence for sentence in found.sentences if sentence.part is part]
                if sentences:
                    text(self._page.say(f"segment_story.parts.{part}"), "sub")
                for sentence in sentences:
                    refs = [cited[claim_id] for claim_id in sentence.claim_ids]
                    line = text(sentence.text)
                    if refs:
                        say = self._page.say
                        line.tooltip(
                            "\n".join(say("segment_story.cited", count=str(r.count), query=r.query) for r in refs)
                        )
            who_spoke(self._page, found.provenance, found.dropped)
