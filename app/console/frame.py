"""What every page shares: the bar on top with language and date, and what a page knows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from nicegui import ui

from app.access.schemas import Workspace
from app.console.format import Formatter
from app.console.wording import Wording
from app.pipeline import Pipeline
from app.schema import Lang

GREEN = "#2f6f5e"
"""The one colour of controls; console.css has it too."""
_PAGES = {
    "assistant": "/assistant",
    "queue": "/queue",
    "plan": "/plan",
    "campaigns": "/campaigns",
    "knowledge": "/knowledge",
    "segments": "/segments",
    "moves": "/shifts",
    "models": "/models",
    "data": "/data",
}
"""The links of the bar on top, in their order."""


@dataclass(frozen=True)
class Page:
    """What a page is about: whose data, as of when, in which language."""

    pipeline: Pipeline
    workspace: Workspace
    lang: Lang
    as_of: datetime
    pinned: bool
    """True when the address names the date."""

    @property
    def show(self) -> Formatter:
        """How this page writes amounts and dates."""
        return Formatter(self.lang, self.workspace.zone)

    @property
    def say(self) -> Wording:
        """This page's words."""
        return self.show.say

    def url(self, path: str, *, lang: Lang | None = None, as_of: str | None = None) -> str:
        """A link that keeps language and date."""
        date = as_of if as_of is not None else self.show.iso_date(self.as_of) if self.pinned else ""
        query = {"lang": lang or self.lang} | ({"as_of": date} if date else {})
        return f"{quote(path)}?{urlencode(query)}"


@contextmanager
def frame(page: Page, path: str) -> Iterator[None]:
    """Draw the bar on top, then the page's content below it."""
    ui.page_title(page.say("app.title"))
    ui.colors(primary=GREEN)
    ui.add_head_html(f'<script>document.documentElement.lang = "{page.lang}"</script>')
    with ui.element("header").classes("bar-top"):
        with ui.link(target=page.url("/")).classes("brand"):
            ui.element("span").classes("leaf")
            ui.label("Understory").classes("brand-name")
            ui.label("林下").classes("brand-zh")
        ui.label(page.say("app.tagline")).classes("tagline")
        for name, target in _PAGES.items():
            here = " here" if target == path else ""
            ui.link(page.say(f"{name}.link"), page.url(target)).classes(f"nav-link{here}")
        ui.label(page.say("app.workspace", name=page.workspace.workspace_id)).classes("chip")
        _date_picker(page, path)
        _language_switch(page, path)
    with ui.element("main").classes("content"):
        yield


def text(words: str, classes: str = "") -> ui.label:
    """A line of text, always escaped."""
    return ui.label(words).classes(classes)


def card(title: str, note: str = "", classes: str = "") -> ui.element:
    """A titled card; use it as a context."""
    box = ui.element("section").classes(f"panel {classes}")
    with box, ui.element("div").classes("panel-head"):
        ui.label(title).classes("panel-title")
        if note:
            ui.label(note).classes("muted")
    return box


def meter(share: float, tone: str = "") -> None:
    """A horizontal bar that fills to `share`."""
    with ui.element("div").classes(f"meter {tone}"):
        ui.element("div").classes("meter-fill").style(f"width: {max(0.0, min(1.0, share)) * 100:.1f}%")


def _date_picker(page: Page, path: str) -> None:
    def go(value: str) -> None:
        ui.navigate.to(page.url(path, as_of=value))

    today = page.show.iso_date(page.as_of)
    with ui.element("div").classes("date"):
        with ui.label(page.say("app.as_of")).classes("muted"):
            ui.tooltip(page.say("app.as_of_hint"))
        field = ui.input(value=today).props("dense borderless maxlength=10").classes("date-field")
        field.props["aria-label"] = page.say("app.as_of")
        field.on("keydown.enter", lambda: go(field.value))
        with field.add_slot("append"), ui.icon("event").classes("date-icon") as icon:
            icon.props["aria-label"] = page.say("app.pick_date")
            with ui.menu():
                picker = ui.date(value=today, on_change=lambda event: go(event.value)).props("minimal")
                picker.props["locale"] = page.show.calendar()


def _language_switch(page: Page, path: str) -> None:
    other: Lang = "en" if page.lang == "zh" else "zh"
    link = ui.link(page.say("app.other_language"), page.url(path, lang=other)).classes("language")
    link.props["aria-label"] = page.say("app.switch_language")
