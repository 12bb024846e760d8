"""`understory chat`: ask the assistant one question, or talk with it line by line."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

import typer

from app.access.schemas import Role
from app.assistant.agent import Answered
from app.assistant.asking import Asking
from app.assistant.history import Decision
from app.assistant.schemas import Pending
from app.cli.chat_output import print_answer
from app.cli.identity import who
from app.cli.options import AsJson, AsOf, DataDir, Language, Question, WorkspaceName, asking
from app.cli.output import print_json
from app.errors import UnderstoryError
from app.schema import Lang

chat_commands = typer.Typer()

YES, NO = ("y", "yes", "是", "好", "同意"), ("n", "no", "否", "不", "不同意")
"""What decides on something that waits, typed alone."""


@chat_commands.command()
def chat(
    question: Annotated[str, typer.Argument(help="In Chinese or English; without one, lines are read.")] = "",
    conversation: Annotated[str, typer.Option(help="Go on with this conversation.")] = "",
    on_screen: Annotated[str, typer.Option(help="The customer that `this` in a question means.")] = "",
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Ask about customers, groups, campaigns and strategies. What would create something waits for y or n."""
    with asking(workspace, as_of, lang, data) as found:
        talk = Talk(found, lang, conversation, on_screen, as_json=as_json)
        if question:
            talk.take(question)
        else:
            talk.take_lines()
    if talk.failed:
        raise typer.Exit(2)


class Talk:
    """One conversation at this command line."""

    def __init__(self, found: Question, lang: Lang | None, conversation: str, on_screen: str, *, as_json: bool) -> None:
        """It begins with its first question, unless `conversation` goes on."""
        self._found, self._lang, self._as_json = found, lang, as_json
        self._conversation, self._on_screen = conversation or None, on_screen or None
        self.failed = False
        """Whether a line could not be answered."""

    def take(self, line: str) -> None:
        """Answer one line: a decision on what waits, or else a question."""
        decision = _decision(line)
        waits = self._waiting() if decision else None
        answered = self._decided(waits, decision) if waits and decision else self._asked(line)
        if self._as_json:
            print_json(answered.model_dump(mode="json"))
        else:
            print_answer(answered)

    def take_lines(self) -> None:
        """Answer line after line until there are no more; what is wrong with one of them does not end it."""
        for line in _lines():
            try:
                self.take(line)
            except UnderstoryError as error:
                self.failed = True
                sys.stderr.write(f"understory: {' '.join(str(error).split())}\n")

    def _asked(self, question: str) -> Answered:
        answered = self._found.app.assistant.ask(
            self._asking(), question, conversation_id=self._conversation, lang=self._lang
        )
        self._conversation = answered.conversation_id
        return answered

    def _decided(self, waits: Pending, decision: Decision) -> Answered:
        app, shop = self._found.app, self._found.shop
        answered = app.assistant.decide(self._asking(), self._conversation or "", waits.pending_id, decision)
        app.pipeline.catch_up(shop)
        return answered

    def _waiting(self) -> Pending | None:
        """What the last answer proposed, while nobody has decided on it."""
        if self._conversation is None:
            return None
        turns = self._found.app.assistant.turns(self._found.shop.workspace_id, self._conversation)
        last = turns[-1].reply.pending if turns else None
        return last if last and last.status == "waiting" else None

    def _asking(self) -> Asking:
        found = self._found
        return Asking(
            found.shop,
            as_of=found.moment,
            now=datetime.now(UTC),
            by=who(),
            on_screen=self._on_screen,
            role=Role.EDITOR,
        )


def _decision(line: str) -> Decision | None:
    said = line.strip().lower()
    return "approve" if said in YES else "reject" if said in NO else None


def _lines() -> Iterator[str]:
    """What is typed or piped in, without empty lines."""
    typed = sys.stdin.isatty()
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            line = input("> " if typed else "").strip()
            if line:
                yield line
