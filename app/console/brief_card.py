"""The brief of a customer for an agent: by part, with the suggested opening."""

from functools import partial

from app.console.frame import Page, text
from app.console.told_card import ToldCard
from app.console.who_spoke import who_spoke
from app.insights.brief.schemas import Brief, Part
from app.views import CustomerReading


def brief_card(page: Page, reading: CustomerReading, found: Brief) -> None:
    """Draw the brief as code tells it."""
    tell = partial(page.pipeline.briefing.brief_of, page.workspace, reading)
    ToldCard(page, "brief", found, tell=tell, draw=partial(_draw, page))


def _draw(page: Page, found: Brief) -> None:
    for part in Part:
        text(page.say(f"brief.parts.{part}"), "sub")
        for sentence in found.sentences:
            if sentence.part is part:
                text(sentence.text, "small")
    text(page.say("brief.opening"), "sub")
    text(found.opening, "draft-text")
    who_spoke(page, found.provenance, found.dropped)
