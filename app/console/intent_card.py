"""The next purchase: when and what, each with its probability, what speaks for it, and how such forecasts did."""

from nicegui import ui

from app.console.frame import Page, card, meter, text
from app.console.intent_lines import (
    Row,
    categories,
    headline,
    measured,
    reason,
    replenishments,
    when,
    windows,
)
from app.console.story_panel import event_table
from app.predict.schemas import CategoryChance
from app.views import NextPurchase


def intent_card(page: Page, found: NextPurchase) -> None:
    """The forecast, or why there is none."""
    intent, show = found.intent, page.show
    with card(page.say("intent.heading"), classes="intent"):
        if intent.status != "ok":
            text(page.say("numbers.not_enough", missing=show.missing(intent.missing)), "muted")
            return
        text(headline(found, show), "strong")
        text(when(intent, show), "small")
        _rows(page, windows(intent, show))
        _what(page, found)
        for line in replenishments(found, show):
            text(line, "small")
        for line in measured(intent.calibration, show):
            text(line, "muted small")


def _what(page: Page, found: NextPurchase) -> None:
    intent = found.intent
    if intent.categories_missing:
        missing = page.show.missing(intent.categories_missing)
        text(page.say("intent.no_categories", missing=missing), "muted small")
        return
    ui.element("hr")
    text(page.say("intent.what"), "muted")
    _rows(page, categories(found, page.show))
    for category in intent.categories:
        if category.reasons:
            _why(page, found, category)


def _rows(page: Page, rows: list[Row]) -> None:
    for row in rows:
        with ui.element("div").classes("meter-row"):
            text(row.label)
            text(row.remark, "muted small")
            text(page.show.percent(row.share), "strong")
            meter(row.share, "plain")


def _why(page: Page, found: NextPurchase, category: CategoryChance) -> None:
    """What speaks for a category, with the events behind it."""
    with ui.element("details").classes("reasons"):
        with ui.element("summary"):
            text(page.say("intent.why", category=found.names[category.category]), "inline")
        for one in category.reasons:
            text(reason(one, page.show), "small")
            if one.evidence:
                event_table([found.evidence[event_id] for event_id in one.evidence], page)
