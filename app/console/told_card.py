"""A card that code tells at once, with a button that lets the large model word it where there is one."""

from collections.abc import Callable
from typing import Generic, TypeVar

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.frame import Page, card
from app.errors import UnderstoryError

T = TypeVar("T")


class ToldCard(Generic[T]):
    """What code tells, until somebody wants the model's words; no model is asked before."""

    def __init__(self, page: Page, name: str, found: T, *, tell: Callable[[], T], draw: Callable[[T], None]) -> None:
        """`name` is the block of wording; `tell` asks the model, off the event loop; `draw` fills the card."""
        self._page, self._tell, self._draw = page, tell, draw
        with card(page.say(f"{name}.heading"), page.say(f"{name}.note"), f"{name}-card"):
            self._body = ui.element("div")
            self._show(found)
            if page.pipeline.rungs.large is not None:
                self._button = ui.button(page.say(f"{name}.ask"), on_click=self._ask)
                self._button.props("flat dense no-caps size=sm")

    async def _ask(self) -> None:
        self._button.props("loading")
        try:
            found = await run_in_threadpool(self._tell)
        except UnderstoryError as error:
            ui.notify(self._page.say("errors.failed", reason=str(error)), type="negative")
            return
        finally:
            self._button.props(remove="loading")
        self._show(found)

    def _show(self, found: T) -> None:
        self._body.clear()
        with self._body:
            self._draw(found)
