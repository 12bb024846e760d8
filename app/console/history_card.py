"""How a profile came to be as it is: days folded event by event, and reflections with the score that caused them."""

from collections.abc import Sequence

from nicegui import ui

from app.console.frame import Page, card, text
from app.console.table import Column, plain_table
from app.profile.schemas import Update
from app.views import CustomerReading

_ROWS = 12


def history_card(page: Page, reading: CustomerReading) -> None:
    """The newest updates, folded away."""
    say, updates = page.say, reading.profile.history
    with card(say("history.heading"), say("history.note"), "history"):
        if not updates:
            text(say("history.none"), "muted")
            return
        _conclusions(page, updates)
        columns = [Column(say(f"history.columns.{name}")) for name in ("at", "mode", "events", "score", "changes")]
        with ui.element("details").classes("reasons"):
            with ui.element("summary"):
                text(say("history.open", count=len(updates)), "inline")
            plain_table(columns, [_row(page, update, reading) for update in updates[:_ROWS]])


def _conclusions(page: Page, updates: Sequence[Update]) -> None:
    """What the newest reflection that concluded something concluded, marked as inferred."""
    newest = next((update for update in updates if update.conclusions), None)
    if newest is None:
        return
    text(page.say("history.concluded", at=page.show.time(newest.at)), "sub")
    for said in newest.conclusions:
        line = text(page.say("history.inferred", text=said.text))
        if said.quote:
            line.tooltip(said.quote)


def _row(page: Page, update: Update, reading: CustomerReading) -> tuple[str, ...]:
    say, show = page.say, page.show
    score = "" if update.score is None else say("history.score", score=show.number(round(update.score, 2)))
    changes = (_change(page, code, reading) for code in update.changes)
    return (
        show.time(update.at),
        say(f"history.modes.{update.mode}"),
        show.number(update.events),
        score,
        " · ".join(changes),
    )


def _change(page: Page, code: str, reading: CustomerReading) -> str:
    """A code of a change (`shift:a>b`, `attribute:city`) in the page's words."""
    what, _, rest = code.partition(":")
    if what == "shift":
        rest = " → ".join(reading.topics.get(topic, topic) for topic in rest.split(">") if topic)
    elif what == "attribute":
        rest = page.say.of("attributes.names", rest)
    elif what == "signal":
        rest = page.say.of("signals.names", rest)
    return page.say.of("history.changes", what) + (f" {rest}" if rest else "")
