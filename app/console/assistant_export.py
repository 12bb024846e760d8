"""An answer's link to an export, as a button: a browser has no key for the API."""

import io
import re
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import parse_qs, unquote

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.frame import Page
from app.console.segments import BY, export_told
from app.errors import UnderstoryError
from app.exporting import Asked
from app.retrieval.schemas import Channel

_EXPORT = re.compile(r"/v1/segments/([^/?]+)/export(?:\?(.*))?")


class Exported(NamedTuple):
    """Which saved segment, and for which channel."""

    segment: str
    channel: Channel | None


def exported(path: str) -> Exported | None:
    """What a link of the API exports; None for any other link."""
    found = _EXPORT.fullmatch(path)
    if found is None:
        return None
    channel = parse_qs(found[2] or "").get("channel", [""])[0]
    return Exported(unquote(found[1]), Channel(channel) if channel in set(Channel) else None)


def export_button(page: Page, words: str, file: Exported) -> None:
    """Hand the file to the browser at a click; it is put on record as any export."""

    async def export() -> None:
        out = io.BytesIO()
        asked = Asked(file.segment, file.channel, "csv", page.as_of, datetime.now(UTC), page.lang, BY)
        try:
            made = await run_in_threadpool(page.pipeline.exporting.export, page.workspace, asked, out)
        except UnderstoryError as error:
            ui.notify(page.say("errors.failed", reason=str(error)), type="warning", position="bottom")
            return
        ui.notify(export_told(page, made), type="positive", position="bottom")
        ui.download.content(out.getvalue(), f"audience-{made.export_id}.csv")

    ui.button(words, on_click=export).props("outline no-caps rounded dense icon=download").classes("suggestion")
