"""Who a customer is made of: links with their reasons, refused links, and the ids that still answer."""

from collections.abc import Sequence

from nicegui import ui

from app.console.frame import Page, card, text
from app.console.table import Column, plain_table
from app.identity.schemas import Edge, IdentityView
from app.views import CustomerReading

_ROWS = 30


def identity_card(page: Page, reading: CustomerReading, view: IdentityView) -> None:
    """Links that hold or were taken back, then refused ones; bridges are flagged."""
    say = page.say
    with card(say("identity.heading"), say("identity.note"), "identity"):
        if reading.aliases:
            text(say("identity.aliases", ids=" · ".join(reading.aliases)), "aliases")
        if not view.edges and not view.blocked:
            text(say("identity.alone"), "muted")
        if view.edges:
            _edges(page, view.edges)
        if view.blocked:
            with ui.element("div").classes("refused"):
                text(say("identity.refused"), "sub")
                _edges(page, view.blocked)


def _edges(page: Page, edges: Sequence[Edge]) -> None:
    say, show = page.say, page.show
    columns = [Column(say(f"identity.columns.{name}")) for name in ("a", "b", "rule", "source", "at", "standing")]
    plain_table(
        columns,
        [
            (
                _name(page, edge.a),
                _name(page, edge.b),
                say.of("identity.rules", edge.blocked or edge.rule),
                edge.source,
                show.time(edge.occurred_at),
                _standing(page, edge),
            )
            for edge in edges[-_ROWS:]
        ],
    )
    if len(edges) > _ROWS:
        text(say("identity.more", count=show.number(len(edges) - _ROWS)), "muted small")


def _name(page: Page, key: str) -> str:
    kind, _, value = key.partition(":")
    return f"{page.say.of('identifier', kind)} {value}"


def _standing(page: Page, edge: Edge) -> str:
    if edge.blocked:
        return page.say("identity.standing.refused")
    if edge.revoked_at:
        return page.say("identity.standing.revoked")
    return page.say("identity.standing.bridge" if edge.bridge else "identity.standing.holds")
