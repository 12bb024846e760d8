"""Where one customer stands with acting: the level that pays now, and from which risk each would."""

from nicegui import ui

from app.console.frame import Page, card, text
from app.console.queue import PATH
from app.strategy.acting.schemas import ActingStanding


def acting_card(page: Page, found: ActingStanding) -> None:
    """One line, and the way to the queue."""
    with card(page.say("queue.card"), classes="acting"):
        with ui.element("div").classes("line-head"):
            text(page.say(f"queue.levels.{found.level}"), f"badge level-{found.level}")
            if found.light is not None and found.strong is not None:
                show = page.show
                shares = {"light": show.percent(found.light), "strong": show.percent(found.strong)}
                text(page.say("queue.thresholds", **shares), "muted small")
        text(found.told, "small")
        ui.link(page.say("queue.heading"), page.url(PATH)).classes("small")
