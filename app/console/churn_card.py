"""Drifting away? Verdict and number, signs in the order they came, words, rhythm, and what speaks against it."""

from collections.abc import Sequence
from functools import partial

from nicegui import ui

from app.console.frame import Page, text
from app.console.told_card import ToldCard
from app.console.who_spoke import who_spoke
from app.insights.churn.schemas import ChurnRead, ReadPart, ReadSentence
from app.views import CustomerReading


def churn_card(page: Page, reading: CustomerReading, found: ChurnRead) -> None:
    """Draw the read as code tells it."""
    tell = partial(page.pipeline.explaining.churn_of, page.workspace, reading)
    ToldCard(page, "churn", found, tell=tell, draw=partial(_draw, page))


def _draw(page: Page, found: ChurnRead) -> None:
    with ui.element("div").classes("line-head"):
        text(found.verdict_name, f"badge verdict-{found.verdict}")
    text(found.headline, "small")
    if found.missing:
        text(page.show.missing(found.missing), "muted small")
    for part in ReadPart:
        _part(page, part, [sentence for sentence in found.sentences if sentence.part is part], found)
    who_spoke(page, found.provenance, found.dropped)


def _part(page: Page, part: ReadPart, sentences: Sequence[ReadSentence], found: ChurnRead) -> None:
    if not sentences:
        return
    text(page.say(f"churn.parts.{part}"), "sub")
    for sentence in sentences:
        claims = "\n".join(found.spoken[claim_id] for claim_id in sentence.claim_ids)
        text(sentence.text, "small").tooltip(claims)
