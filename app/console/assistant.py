"""The assistant: a plain chat page. What is asked is answered here and kept; what would create something waits."""

import asyncio
import json
from datetime import UTC, datetime
from urllib.parse import urlencode

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.access.schemas import Role
from app.assistant.agent import MAX_MESSAGE, Answered, Assistant
from app.assistant.asking import Asking
from app.assistant.history import Conversation, Decision, Turn
from app.assistant.schemas import Pending, Understood
from app.console.assistant_turn import TurnView, decision_words, suggestion
from app.console.frame import Page, card, frame, text
from app.errors import UnderstoryError

PATH = "/assistant"
_BY = "console"
_LISTED = 30
_EVERYDAY = 8
"""Questions that are offered where nothing was asked yet."""
_ABOUT = 5
"""Questions that are offered about a customer."""
_DOWN = "setTimeout(() => document.querySelector('.turns > :last-child')?.scrollIntoView({block: 'nearest'}), 60)"


async def assistant_page(page: Page, assistant: Assistant, conversation_id: str, customer: str) -> None:
    """Draw a conversation, or the beginning of one. `customer` is the one that `this` means."""
    talk = Talk(page, assistant, conversation_id, customer)
    turns = await run_in_threadpool(talk.kept)
    with frame(page, PATH):
        await talk.draw(turns)


class Talk:
    """One conversation on screen."""

    def __init__(self, page: Page, assistant: Assistant, conversation_id: str, customer: str) -> None:
        """Nothing is drawn yet."""
        self._page, self._assistant = page, assistant
        self._conversation, self._customer = conversation_id, customer
        self._one_by_one = asyncio.Lock()

    def kept(self) -> tuple[Turn, ...]:
        """What was said so far; NotFound for a conversation that is not here."""
        if not self._conversation:
            return ()
        return self._assistant.turns(self._page.workspace.workspace_id, self._conversation)

    async def draw(self, turns: tuple[Turn, ...]) -> None:
        """Draw the page."""
        say = self._page.say
        text(say("assistant.heading"), "heading")
        text(say("assistant.note"), "muted")
        if self._customer:
            ui.link(say("assistant.about_whom", who=self._customer), self._page.url(f"/customer/{self._customer}"))
        with ui.element("div").classes("columns chat"):
            with ui.element("div").classes("main-column"):
                self._turns = ui.element("div").classes("turns panel")
                self._box_of_questions()
            with ui.element("div").classes("side-column"), card(say("assistant.history"), "", "chat-history"):
                ui.link(say("assistant.new"), self._page.url(PATH)).classes("new-chat")
                self._list = ui.element("div").classes("records")
        self._draw_turns(turns)
        await self._refresh_list()

    def _draw_turns(self, turns: tuple[Turn, ...]) -> None:
        self._turns.clear()
        with self._turns:
            if not turns:
                self._welcome()
            for turn in turns:
                view = TurnView(self._page, decision_words(self._page, turn), ask=self.ask, decide=self._decide)
                view.answered(turn.reply, last=turn is turns[-1], decided=turn.decision is not None)
        self._to_the_end()

    def _welcome(self) -> None:
        say = self._page.say
        with ui.element("div").classes("welcome"):
            text(say("assistant.welcome"), "muted")
            with ui.element("div").classes("suggestions"):
                topic, most = ("about", _ABOUT) if self._customer else ("everyday", _EVERYDAY)
                for number in range(1, most + 1):
                    suggestion(say(f"assistant.{topic}.q{number}"), self.ask)

    def _box_of_questions(self) -> None:
        say = self._page.say
        with ui.element("div").classes("ask-box panel"):
            self._box = ui.input(placeholder=say("assistant.placeholder")).props(
                f"outlined dense maxlength={MAX_MESSAGE}"
            )
            self._box.classes("ask-field").props["aria-label"] = say("assistant.placeholder")
            self._box.on("keydown.enter", self._send)
            self._button = ui.button(say("assistant.send"), on_click=self._send).props("unelevated no-caps")
            self._button.classes("send")

    async def _send(self) -> None:
        question = (self._box.value or "").strip()
        if question:
            self._box.value = ""
            await self.ask(question)

    async def ask(self, question: str) -> None:
        """Put a question, show what was understood and then the answer; one that comes meanwhile waits its turn."""
        async with self._one_by_one:
            await self._ask(question)

    async def _ask(self, question: str) -> None:
        if not self._conversation:
            self._turns.clear()
        with self._turns:
            view = TurnView(self._page, question, ask=self.ask, decide=self._decide)
        self._to_the_end()
        loop = asyncio.get_running_loop()

        def heard(found: Understood) -> None:
            loop.call_soon_threadsafe(view.understood, found)

        def work() -> Answered:
            place = self._conversation or None
            return self._assistant.ask(self._asking(), question, conversation_id=place, heard=heard)

        self._button.props("loading")
        try:
            answered = await run_in_threadpool(work)
        except UnderstoryError as error:
            view.failed(str(error))
            return
        finally:
            self._button.props(remove="loading")
        view.answered(answered.reply)
        self._to_the_end()
        if not self._conversation:
            self._conversation = answered.conversation_id
            self._name_it()
        await self._refresh_list()

    def _name_it(self) -> None:
        """Put the conversation into the page's address, so that loading it again brings it back."""
        customer = f"&{urlencode({'customer': self._customer})}" if self._customer else ""
        address = f"{self._page.url(PATH)}&conversation={self._conversation}{customer}"
        with self._turns:
            ui.run_javascript(f"history.replaceState(null, '', {json.dumps(address)})")

    def _to_the_end(self) -> None:
        with self._turns:  # what was clicked may be gone by now
            ui.run_javascript(_DOWN)

    async def _decide(self, pending: Pending, decision: Decision) -> None:
        def work() -> tuple[Turn, ...]:
            page = self._page
            self._assistant.decide(self._asking(), self._conversation, pending.pending_id, decision)
            page.pipeline.catch_up(page.workspace)
            return self.kept()

        try:
            turns = await run_in_threadpool(work)
        except UnderstoryError as error:
            self._refused(error)
            turns = await run_in_threadpool(self.kept)
        self._draw_turns(turns)

    def _asking(self) -> Asking:
        page = self._page
        return Asking(
            page.workspace,
            as_of=page.as_of,
            now=datetime.now(UTC),
            by=_BY,
            on_screen=self._customer or None,
            role=Role.EDITOR,
        )

    def _refused(self, error: UnderstoryError) -> None:
        with self._turns:
            ui.notify(self._page.say("errors.failed", reason=str(error)), type="warning", position="bottom")

    # --- what was asked before -----------------------------------------------------------------------------

    async def _refresh_list(self) -> None:
        found = await run_in_threadpool(self._assistant.conversations, self._page.workspace.workspace_id, limit=_LISTED)
        self._list.clear()
        with self._list:
            if not found:
                text(self._page.say("assistant.no_history"), "muted")
            for conversation in found:
                self._listed(conversation)

    def _listed(self, conversation: Conversation) -> None:
        page, place = self._page, conversation.conversation_id
        here = " here" if place == self._conversation else ""
        with ui.element("div").classes(f"talk{here}"):
            ui.link(conversation.title, f"{page.url(PATH)}&conversation={place}")
            text(page.show.time(conversation.changed_at), "muted small")

            async def forget() -> None:
                await self._forget(place)

            button = ui.button(icon="delete_outline", on_click=forget).props("flat dense round size=sm")
            button.props["aria-label"] = page.say("assistant.forget")
            button.tooltip(page.say("assistant.forget"))

    async def _forget(self, conversation_id: str) -> None:
        try:
            await run_in_threadpool(self._assistant.forget, self._page.workspace.workspace_id, conversation_id)
        except UnderstoryError as error:
            self._refused(error)
        if conversation_id == self._conversation:
            ui.navigate.to(self._page.url(PATH))
        else:
            await self._refresh_list()
