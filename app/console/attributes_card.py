"""What is known of a customer: each attribute with who says so, since when and from how many events; and corrections.

A correction is an event in the log: it wins over everything else, and a rejected inference does not come back.
"""

from datetime import UTC, datetime

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.frame import Page, card, text
from app.correcting import Action, By
from app.errors import UnderstoryError
from app.profile.schemas import Attribute, Profile, Tombstone
from app.views import CustomerReading


class AttributesCard:
    """The list, and one open form at a time below it."""

    def __init__(self, page: Page, reading: CustomerReading) -> None:
        """Draw what is known and what was rejected."""
        self._page, self._customer_id = page, reading.customer_id
        with card(page.say("attributes.heading"), page.say("attributes.note"), "attributes"):
            self._list(reading.profile)
            self._form = ui.element("div").classes("correction")
            add = ui.button(page.say("attributes.add"), on_click=lambda: self._open(Action.SET, "", ""))
            add.props("flat no-caps dense").classes("add-attribute")

    def _list(self, profile: Profile) -> None:
        if not profile.attributes:
            text(self._page.say("attributes.none"), "muted")
        for attribute in profile.attributes:
            self._attribute(attribute)
        for stone in profile.tombstones:
            self._tombstone(stone)

    def _attribute(self, attribute: Attribute) -> None:
        say, show = self._page.say, self._page.show
        with ui.element("div").classes("line-item"):
            with ui.element("div").classes("line-head"):
                text(say.of("attributes.names", attribute.name), "muted")
                text(attribute.value, "strong")
                text(say(f"attributes.authority.{attribute.authority}"), f"badge authority-{attribute.authority}")
                self._buttons(attribute)
            if attribute.quote:
                sure = show.percent(attribute.confidence)
                text(say("attributes.quote", quote=attribute.quote, share=sure), "small")
            source = say("attributes.source", source=attribute.source, date=show.date(attribute.at))
            text(f"{source} · {say('attributes.evidence', count=len(attribute.evidence))}", "muted small")

    def _buttons(self, attribute: Attribute) -> None:
        """Correct anything; reject what was only inferred."""
        say = self._page.say
        with ui.element("div").classes("push buttons"):
            self._button(say("attributes.correct"), Action.SET, attribute)
            if attribute.inferred:
                self._button(say("attributes.reject"), Action.REJECT, attribute)

    def _button(self, label: str, action: Action, attribute: Attribute) -> None:
        button = ui.button(label, on_click=lambda: self._open(action, attribute.name, attribute.value))
        button.props("flat no-caps dense size=sm")

    def _tombstone(self, stone: Tombstone) -> None:
        said = stone.value or self._page.say("attributes.anything")
        name = self._page.say.of("attributes.names", stone.name)
        date = self._page.show.date(stone.at)
        text(self._page.say("attributes.rejected", name=name, value=said, date=date), "muted small tombstone")

    def _open(self, action: Action, name: str, value: str) -> None:
        say = self._page.say
        self._form.clear()
        with self._form:
            text(say(f"attributes.ask.{action}", name=say.of("attributes.names", name)), "strong")
            field = ui.input(say("attributes.name"), value=name).props("dense outlined")
            field.set_visibility(not name)
            given = ui.input(say("attributes.value"), value=value).props("dense outlined")
            given.set_visibility(action is Action.SET)
            why = ui.input(say("attributes.reason")).props("dense outlined").classes("reason-field")
            save = ui.button(say("attributes.save")).props("unelevated no-caps")
            fault = text("", "warn-text")

            async def write() -> None:
                try:
                    await run_in_threadpool(self._write, action, field.value, given.value, why.value)
                except UnderstoryError as error:
                    fault.text = say("errors.failed", reason=str(error))
                    return
                ui.navigate.reload()

            save.on_click(write)

    def _write(self, action: Action, name: str, value: str, reason: str) -> None:
        pipeline, workspace = self._page.pipeline, self._page.workspace
        pipeline.correcting.apply(
            workspace,
            self._customer_id,
            action,
            name,
            value,
            by=By.OPERATOR,
            reason=reason,
            now=datetime.now(UTC),
            who="console",
        )
        pipeline.catch_up(workspace)
