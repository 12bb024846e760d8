"""Parts of the segments page: the RFM matrix, a count, members, saved segments."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui

from app.console.frame import Page, meter, text
from app.console.table import Cell, Column, Link, plain_table
from app.profile.schemas import RfmClass
from app.profile.segments.fields import value_name
from app.strategy.audiences.schemas import (
    AudienceMember,
    CountedSegment,
    MatrixCell,
    MemberPage,
    RfmMatrix,
    SegmentCount,
)

Ask = Callable[[str], Awaitable[None]]
_NO_ORDER = "orders = 0"


def matrix_grid(page: Page, found: RfmMatrix, ask: Ask) -> None:
    """Two rows of four classes, and those without an order; each cell asks for its customers."""
    show, say = page.show, page.say
    with ui.element("div").classes("rfm-grid"):
        for cell in found.cells:
            _cell(page, found, cell, ask)
    if found.recent_days is not None and found.median_orders is not None:
        limits = {
            "days": show.number(found.recent_days),
            "orders": show.number(found.median_orders),
            "spend": show.money(found.median_spend_minor, found.currency),
        }
        text(say("segments.limits", **limits), "muted small")


def count_lines(page: Page, found: SegmentCount) -> None:
    """How many, and of which classes."""
    say, show = page.say, page.show
    with ui.element("div").classes("figure-line"):
        text(show.number(found.customers), "figure")
        shares = {"of": show.number(found.of), "share": show.percent(found.share, 1)}
        spend = {"spend": show.money(found.spend_minor, found.currency), "part": show.percent(found.spend_share, 1)}
        text(say("segments.count", **shares, **spend), "muted")
    if found.undecided:
        text(say("segments.undecided", number=show.number(found.undecided)), "muted small")
    with ui.element("div").classes("class-counts"):
        for one in found.classes:
            if one.customers:
                text(f"{_named(page, one.rfm_class)} {show.number(one.customers)}", "badge " + _tone(one.rfm_class))


def member_rows(page: Page, found: MemberPage) -> None:
    """The first members, each with a link."""
    if not found.rows:
        text(page.say("segments.nobody"), "muted")
        return
    names = ("customer", "class", "orders", "spend", "last", "ltv", "churn")
    columns = [Column(page.say(f"segments.columns.{name}"), "" if name in names[:2] else "number") for name in names]
    plain_table(columns, [_member(page, row, found.currency) for row in found.rows])
    if found.next_after:
        shown, total = page.show.number(len(found.rows)), page.show.number(found.total)
        text(page.say("segments.first", shown=shown, total=total), "muted small")


def saved_rows(page: Page, found: Sequence[CountedSegment], *, use: Ask, forget: Ask) -> None:
    """Saved segments with their counts now."""
    if not found:
        text(page.say("segments.none_saved"), "muted")
    for one in found:
        _saved(page, one, use, forget)


def _cell(page: Page, matrix: RfmMatrix, cell: MatrixCell, ask: Ask) -> None:
    show, say, rfm_class = page.show, page.say, cell.rfm_class
    expression = f"rfm = {rfm_class}" if rfm_class else _NO_ORDER
    box = ui.element("button").classes(f"rfm-cell {_tone(rfm_class)}").on("click", lambda: ask(expression))
    with box:
        with ui.element("div").classes("rfm-name"):
            text(_named(page, rfm_class), "strong")
            text(_also(page, rfm_class), "muted small")
        with ui.element("div").classes("figure-line"):
            text(show.number(cell.customers), "figure")
            text(say("segments.of_customers", share=show.percent(cell.share, 1)), "muted")
        if rfm_class is None:
            return
        for name, share, amount in (
            ("spend", cell.spend_share, cell.spend_minor),
            ("ltv", cell.ltv_share, cell.ltv_minor),
        ):
            with ui.element("div").classes("meter-row"):
                text(say(f"segments.share_of.{name}"), "muted small")
                text(show.money(amount, matrix.currency), "small")
                text(show.percent(share), "strong small")
                meter(share or 0.0, "" if name == "ltv" else "plain")


def _saved(page: Page, one: CountedSegment, use: Ask, forget: Ask) -> None:
    say, show, segment = page.say, page.show, one.segment
    with ui.element("div").classes("line-item"):
        with ui.element("div").classes("line-head"):
            text(segment.name, "strong")
            count = say("segments.members", number=show.number(one.count.customers)) if one.count else one.fault or ""
            text(count, "badge" if one.count else "warn-text")
            text(say("segments.made", by=segment.created_by, at=show.date(segment.created_at)), "muted small push")
            ui.button(say("segments.use"), on_click=lambda: use(segment.expression)).props("flat dense no-caps")
            ui.button(say("segments.delete"), on_click=lambda: forget(segment.segment_id)).props("flat dense no-caps")
        text(segment.expression, "query")


def _member(page: Page, row: AudienceMember, currency: str) -> tuple[Cell, ...]:
    show, say = page.show, page.say
    kind, _, name = row.name.partition(":")
    days = row.days_since_order
    return (
        Link(f"{say.of('identifier', kind)} {name}", page.url(f"/customer/{row.customer_id}"), here=True),
        _named(page, row.rfm_class),
        show.number(row.orders),
        show.money(row.spend_minor, currency),
        "–" if days is None else say("list.days_ago", days=show.number(days)) if days else say("list.today"),
        show.money(row.ltv_minor, currency),
        show.percent(row.churn_risk),
    )


def _named(page: Page, rfm_class: RfmClass | None) -> str:
    return page.say("segments.no_order") if rfm_class is None else value_name("rfm", rfm_class, page.lang)


def _also(page: Page, rfm_class: RfmClass | None) -> str:
    """The name in the other language."""
    return "" if rfm_class is None else value_name("rfm", rfm_class, "en" if page.lang == "zh" else "zh")


def _tone(rfm_class: RfmClass | None) -> str:
    return (rfm_class or "none").partition("_")[0]
