"""How sure the numbers are: the card of a fitted model, whether it still fits, and which other models there are."""

from dataclasses import dataclass
from datetime import datetime

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.frame import Page, card, frame, text
from app.console.table import Cell, Column, Link, plain_table
from app.errors import InvalidInput, NotFound
from app.predict.kept import card_text
from app.predict.kept.artefacts import Stamp
from app.predict.kept.card_text import Block, Items, Rows
from app.predict.kept.cards import FullCard
from app.predict.kept.drift import DriftCheck, Ratio

PATH = "/models"


@dataclass(frozen=True)
class _Read:
    stamps: tuple[Stamp, ...]
    broken: tuple[str, ...]
    card: FullCard | None
    drift: DriftCheck | None


async def models_page(page: Page, model_card_id: str = "") -> None:
    """Draw the named model's card, or that of the newest that has seen nothing after the page's moment."""
    found = await run_in_threadpool(_read, page, model_card_id)
    with frame(page, PATH):
        with ui.element("div").classes("controls"):
            text(page.say("models.heading"), "heading")
        if model_card_id and not found.card:
            text(page.say("errors.not_found"), "strong")
        elif not found.card:
            text(page.say("models.none", workspace=page.workspace.workspace_id), "muted")
        else:
            _model(page, found.card, found.drift)
        _others(page, found)


def _read(page: Page, model_card_id: str) -> _Read:
    models, workspace = page.pipeline.models, page.workspace
    listing = models.listing(workspace)
    stamps = tuple(stamp for stamp in listing.stamps if stamp.fitted_until <= page.as_of)
    chosen = model_card_id or (stamps[0].model_card_id if stamps else "")
    if chosen not in {stamp.model_card_id for stamp in stamps}:
        return _Read(stamps, listing.broken, None, None)
    try:
        kept = models.load(workspace, chosen)
        return _Read(stamps, listing.broken, kept.card, models.check(workspace, kept, as_of=page.as_of))
    except (InvalidInput, NotFound) as error:  # damaged, or pruned meanwhile
        return _Read(stamps, (*listing.broken, str(error)), None, None)


def _model(page: Page, full: FullCard, drift: DriftCheck | None) -> None:
    text(card_text.title(full, page.lang), "muted")
    if drift:
        _drift(page, drift)
    for section in card_text.sections(full, page.lang):
        with card(section.heading):
            for block in section.blocks:
                _block(block)


def _block(block: Block) -> None:
    if isinstance(block, Rows):
        first, *rest = block.headings
        plain_table([Column(first), *(Column(heading, "number") for heading in rest)], block.rows)
    elif isinstance(block, Items):
        with ui.element("ul"):
            for line in block.lines:
                with ui.element("li"):
                    text(line)
    else:
        text(block)


def _drift(page: Page, found: DriftCheck) -> None:
    say = page.say
    with card(say("models.drift"), say(f"models.verdicts.{found.verdict}")):
        rows: list[tuple[Cell, ...]] = [
            (
                say(f"models.features.{shift.feature}"),
                f"PSI {_three(shift.psi)}",
                say("models.noise", noise=_three(shift.noise)),
                say(f"models.verdicts.{shift.verdict}"),
            )
            for shift in found.shifts
        ]
        if since := found.since:
            ratios = {"buyers": since.buyers, "spend": since.spend}
            rows += [_since(page, name, since.days, ratio) for name, ratio in ratios.items()]
        headings = ("what", "figure", "noise", "verdict")
        plain_table([Column(say(f"models.columns.{name}")) for name in headings], rows)


def _three(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _since(page: Page, name: str, days: int, ratio: Ratio) -> tuple[Cell, ...]:
    say = page.say
    low, high = (("–" if end is None else f"{end:.2f}") for end in (ratio.low, ratio.high))
    value = "–" if ratio.value is None else f"{ratio.value:.2f}"
    return (
        say(f"models.since.{name}", days=days),
        say("models.ratio", value=value),
        f"{low} – {high}",
        say(f"models.verdicts.{ratio.verdict}"),
    )


def _others(page: Page, found: _Read) -> None:
    if found.stamps:
        with card(page.say("models.all")):
            headings = ("card", "until", "days", "basis")
            columns = [Column(page.say(f"models.columns.{name}")) for name in headings]
            plain_table(columns, [_row(page, stamp) for stamp in found.stamps])
    for fault in found.broken:
        text(page.say("models.broken", fault=fault), "muted")


def _row(page: Page, stamp: Stamp) -> tuple[Cell, ...]:
    until: datetime = stamp.fitted_until
    link = Link(stamp.model_card_id, page.url(f"{PATH}/{stamp.model_card_id}"), here=True)
    return link, page.show.time(until), str(stamp.horizon_days), page.say(f"numbers.{stamp.basis}")
