"""What happened, told in order; each marker opens the events that its sentence stands on."""

import re

from nicegui import ui

from app.console.frame import Page, card, text
from app.console.story_panel import event_table
from app.narrative.schemas import MAX_EVIDENCE, Marker
from app.views import CustomerReading

_MARKERS = re.compile(r"\[(e\d+)\]")


class NarrativePanel:
    """Paragraphs with markers, and one open list of events below them."""

    def __init__(self, page: Page, reading: CustomerReading) -> None:
        """Draw the narrative."""
        self._page, self._reading = page, reading
        self._stand_for = {marker.marker: marker for marker in reading.narrative.evidence}
        with card(page.say("narrative.heading"), page.say("narrative.note"), "narrative"):
            for paragraph in reading.narrative.paragraphs:
                with ui.element("p").classes("paragraph"):
                    self._paragraph(paragraph)
            self._evidence = ui.element("div").classes("marker-evidence")

    def _paragraph(self, paragraph: str) -> None:
        """Words and markers in turn."""
        for place, part in enumerate(_MARKERS.split(paragraph)):
            if place % 2:
                self._marker(self._stand_for[part])
            elif part:
                text(part, "inline")

    def _marker(self, marker: Marker) -> None:
        link = text(marker.marker.removeprefix("e"), "cite marker")
        link.props("role=button tabindex=0")
        for trigger in ("click", "keydown.enter"):
            link.on(trigger, lambda: self._open(marker))

    def _open(self, marker: Marker) -> None:
        self._evidence.clear()
        with self._evidence:
            text(self._page.say("narrative.stands_on", marker=marker.marker), "strong")
            if marker.query is not None:
                ref = marker.query
                text(self._page.say("story.by_query", limit=MAX_EVIDENCE, count=ref.count, hash=ref.hash), "muted")
                text(ref.query, "query")
            if events := [self._reading.evidence[e] for e in marker.events if e in self._reading.evidence]:
                event_table(events, self._page)
