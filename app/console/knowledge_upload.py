"""A file that somebody drops on the page, used whole; or what is wrong with it, line by line."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from nicegui import events, ui
from starlette.concurrency import run_in_threadpool

from app.console.frame import Page, text
from app.console.table import Column, plain_table
from app.errors import UnderstoryError
from app.retrieval.knowledge.faults import FaultyFile, LineFault

T = TypeVar("T")

MAX_FILE = 16 << 20
"""Bytes of one file."""
_SHOWN = 50
"""Faults that are listed."""


def upload_box(page: Page, accept: str, work: Callable[[Path], T], show: Callable[[T], Awaitable[None]]) -> None:
    """Draw the box. `work` is given the file, which is gone afterwards; `show` draws what came of it below the box."""
    say = page.say

    async def take(event: events.UploadEventArguments) -> None:
        content = await event.file.read()
        answer.clear()
        with answer:
            try:
                done = await run_in_threadpool(_with_file, event.file.name, content, work)
            except FaultyFile as error:
                _faults(page, error)
            except UnderstoryError as error:
                text(say("errors.failed", reason=str(error)), "chip warn upload-failed")
            else:
                await show(done)
        box.reset()

    box = ui.upload(
        label=say("knowledge.choose"),
        auto_upload=True,
        max_file_size=MAX_FILE,
        on_upload=take,
        on_rejected=lambda: ui.notify(say("knowledge.too_large"), type="negative"),
    )
    box.props(f'accept="{accept}" flat bordered').classes("upload")
    answer = ui.element("div").classes("upload-answer")


def mending(page: Page, fault: LineFault) -> str:
    """What to do about a fault, in the reader's language where we have words for it."""
    words = page.say.of("knowledge.mend", fault.code)
    if words == fault.code:
        return fault.remedy
    # A schema lists what it allows as `'a', 'b' or 'c'`, in English.
    slots = {name: str(value).replace(" or ", ", ").replace("'", "") for name, value in fault.about.items()}
    return words.format(**slots)


def _with_file(name: str, content: bytes, work: Callable[[Path], T]) -> T:
    with TemporaryDirectory() as folder:
        path = Path(folder) / Path(name).name
        path.write_bytes(content)
        return work(path)


def _faults(page: Page, error: FaultyFile) -> None:
    say, faults = page.say, error.faults
    text(say("knowledge.faults", count=page.show.number(len(faults))), "strong upload-failed")
    columns = [Column(say("knowledge.line"), "number"), Column(say("knowledge.field")), Column(say("knowledge.remedy"))]
    rows = [(str(fault.line), fault.field, mending(page, fault)) for fault in faults[:_SHOWN]]
    plain_table(columns, rows, "upload-faults")
