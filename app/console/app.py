"""The console as one app. In this version it has no sign-in: it is for loopback only, and serve.py keeps it there.

Every asset comes from this process; the browser is never sent elsewhere. Requests under another host name than
loopback's are refused, so that no web page can reach it through a rebound name.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI
from nicegui import ui
from starlette.middleware.trustedhost import TrustedHostMiddleware

from app.bootstrap import App
from app.console.assistant import PATH as ASSISTANT
from app.console.assistant import assistant_page
from app.console.campaigns import PATH as CAMPAIGNS
from app.console.campaigns import campaigns_page
from app.console.cleaning_card import PATH
from app.console.customer import customer_page
from app.console.customers import customers_page
from app.console.data import data_page
from app.console.frame import Page, frame, text
from app.console.knowledge import PATH as KNOWLEDGE
from app.console.knowledge import knowledge_page
from app.console.knowledge_case import case_page
from app.console.models import PATH as MODELS
from app.console.models import models_page
from app.console.moves import PATH as MOVES
from app.console.moves import moves_page
from app.console.plan import PATH as PLAN
from app.console.plan import plan_page
from app.console.queue import PATH as QUEUE
from app.console.queue import queue_page
from app.console.segments import PATH as SEGMENTS
from app.console.segments import segments_page
from app.errors import InvalidInput, NotFound
from app.events.timestamps import parse_as_of
from app.schema import Lang

LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
_PAGE_SECONDS = 60.0
"""A page may take this long to compute; the first one after new events fits the models."""


def create_console(parts: App) -> FastAPI:
    """The console over parts that bootstrap has built. Once per process: NiceGUI keeps one set of pages."""

    @ui.page("/", response_timeout=_PAGE_SECONDS)
    async def customers(lang: str = "", as_of: str = "") -> None:
        await _draw(parts, lang, as_of, customers_page)

    @ui.page("/customer/{ref}", response_timeout=_PAGE_SECONDS)
    async def customer(ref: str, lang: str = "", as_of: str = "") -> None:
        await _draw(parts, lang, as_of, lambda page: customer_page(page, ref))

    @ui.page(PATH, response_timeout=_PAGE_SECONDS)
    async def data(lang: str = "", as_of: str = "", source: str = "") -> None:
        await _draw(parts, lang, as_of, lambda page: data_page(page, source))

    @ui.page(MOVES, response_timeout=_PAGE_SECONDS)
    async def moves(lang: str = "", as_of: str = "") -> None:
        await _draw(parts, lang, as_of, moves_page)

    @ui.page(CAMPAIGNS, response_timeout=_PAGE_SECONDS)
    async def campaigns(lang: str = "", as_of: str = "") -> None:
        await _draw(parts, lang, as_of, campaigns_page)

    @ui.page(SEGMENTS, response_timeout=_PAGE_SECONDS)
    async def segments(lang: str = "", as_of: str = "", segment: str = "") -> None:
        await _draw(parts, lang, as_of, lambda page: segments_page(page, segment))

    @ui.page(MODELS, response_timeout=_PAGE_SECONDS)
    async def models(lang: str = "", as_of: str = "") -> None:
        await _draw(parts, lang, as_of, models_page)

    @ui.page(MODELS + "/{model_card_id}", response_timeout=_PAGE_SECONDS)
    async def model(model_card_id: str, lang: str = "", as_of: str = "") -> None:
        await _draw(parts, lang, as_of, lambda page: models_page(page, model_card_id))

    @ui.page(ASSISTANT, response_timeout=_PAGE_SECONDS)
    async def assistant(lang: str = "", as_of: str = "", conversation: str = "", customer: str = "") -> None:
        await _draw(parts, lang, as_of, lambda page: assistant_page(page, parts.assistant, conversation, customer))

    _knowledge_pages(parts)
    _acting_pages(parts)
    console = FastAPI(openapi_url=None)
    console.add_middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK)
    ui.add_css((Path(__file__).parent / "console.css").read_text(encoding="utf-8"), shared=True)
    ui.run_with(console, title="Understory", favicon=_ICON, tailwind=False, show_welcome_message=False)
    return console


def _knowledge_pages(parts: App) -> None:
    @ui.page(KNOWLEDGE, response_timeout=_PAGE_SECONDS)
    async def knowledge(lang: str = "", as_of: str = "") -> None:
        await _draw(parts, lang, as_of, knowledge_page)

    @ui.page(KNOWLEDGE + "/{campaign_id:path}", response_timeout=_PAGE_SECONDS)
    async def case(campaign_id: str, lang: str = "", as_of: str = "", version: int | None = None) -> None:
        await _draw(parts, lang, as_of, lambda page: case_page(page, campaign_id, version))


def _acting_pages(parts: App) -> None:
    @ui.page(QUEUE, response_timeout=_PAGE_SECONDS)
    async def queue(lang: str = "", as_of: str = "") -> None:
        await _draw(parts, lang, as_of, queue_page)

    @ui.page(PLAN, response_timeout=_PAGE_SECONDS)
    async def plan(lang: str = "", as_of: str = "", segment: str = "") -> None:
        await _draw(parts, lang, as_of, lambda page: plan_page(page, segment))


async def _draw(parts: App, lang: str, as_of: str, content: Callable[[Page], Awaitable[None]]) -> None:
    """Draw a page, or say in words why it cannot be."""
    workspace = parts.pipeline.access.workspace(parts.settings.workspace)
    latest = parts.pipeline.clock(workspace, now=datetime.now(UTC))
    chosen: Lang = "zh" if lang == "zh" else "en" if lang == "en" else workspace.language
    page = Page(parts.pipeline, workspace, chosen, latest, pinned=False)
    try:
        page = replace(page, as_of=_moment(page, as_of), pinned=True) if as_of else page
    except InvalidInput:
        return _apology(page, "errors.bad_date")
    try:
        return await content(page)
    except (InvalidInput, NotFound):
        return _apology(page, "errors.not_found")


def _moment(page: Page, as_of: str) -> datetime:
    return parse_as_of(as_of, page.workspace.zone)


def _apology(page: Page, reason: str) -> None:
    with frame(page, "/"):
        text(page.say(reason), "heading")
        ui.link(page.say("errors.back"), replace(page, pinned=False).url("/"))


_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<path d="M16 30V15" stroke="#2f6f5e" stroke-width="3" stroke-linecap="round"/>'
    '<path d="M16 20C6 20 4 12 4 6c8 0 12 5 12 14z" fill="#2f6f5e"/>'
    '<path d="M16 17c0-8 5-12 12-12 0 7-3 12-12 12z" fill="#7fa98f"/></svg>'
)
