"""Who said what is on the screen: the rung, its model, why it was not a higher one, and what was left out."""

from collections.abc import Sequence

from nicegui import ui

from app.console.frame import Page, text
from app.llm.ladder import Origin


def who_spoke(page: Page, source: Origin, dropped: Sequence[str] = ()) -> None:
    """One line of chips."""
    say = page.say
    with ui.element("div").classes("who"):
        text(say(f"story.rung.{source.rung}"), "chip")
        if source.model:
            text(say("story.rung_model", model=source.model), "chip")
        if source.fallback_reason:
            text(say("story.fallback", reason=source.fallback_reason), "chip warn")
        if dropped:
            text(say("story.dropped", count=len(dropped)), "chip warn").tooltip("\n".join(dropped))
