"""The customer list: search, sort, and what the model behind the numbers was measured to be worth."""

from typing import Any

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.format import Formatter
from app.console.frame import Page, frame, text
from app.listing import SortBy
from app.predict.reckoning import HORIZON_DAYS
from app.views import CustomerList, CustomerRow

STEP = 50
"""Customers shown at first, and added by each "more"."""
_ORDERS: tuple[SortBy, ...] = ("ltv", "churn_risk", "recent", "total")

_NAME = """
<q-td :props="props"><a class="row-link" :href="props.row.href">{{ props.row.name }}</a>
<div class="muted">{{ props.row.kind }}</div></q-td>
"""
_CLASS = """<q-td :props="props"><span class="badge" :class="props.row.tone">{{ props.row.rfm_class }}</span></q-td>"""
_LTV = """
<q-td :props="props"><div :class="props.row.interval ? 'strong' : 'muted'">{{ props.row.ltv }}</div>
<div class="muted">{{ props.row.interval }}</div></q-td>
"""
_CHURN = """
<q-td :props="props"><div class="churn"><span class="churn-number">{{ props.row.churn }}</span>
<div v-if="props.row.risk !== null" class="meter" :class="props.row.heat">
<div class="meter-fill" :style="{ width: props.row.risk + '%' }"></div></div></div></q-td>
"""


class CustomerTable:
    """The list with its controls; asks the pipeline again whenever one of them changes."""

    def __init__(self, page: Page) -> None:
        """Draw the empty controls and table."""
        self._page = page
        self._order: SortBy = "ltv"
        self._limit, self._search = STEP, ""
        self._controls()
        with ui.element("div").classes("list-notes"):
            self._status = text("", "strong")
            self._card = ui.element("div").classes("model-card")
        self._table = _table(page)
        self._more = ui.button(on_click=self._show_more).props("flat no-caps").classes("more")

    async def refresh(self) -> None:
        """Ask for the rows and show them."""
        found = await run_in_threadpool(
            self._page.pipeline.customers,
            self._page.workspace,
            as_of=self._page.as_of,
            order_by=self._order,
            limit=self._limit,
            search=self._search,
        )
        self._show(found)

    def _show(self, found: CustomerList) -> None:
        say, show = self._page.say, self._page.show
        self._table.rows = [row_of(row, self._page) for row in found.rows]
        self._status.text = say("list.shown", shown=show.number(len(found.rows)), total=show.number(found.total))
        if not found.total:
            self._status.text = say("list.none_found" if self._search else "list.empty")
        rest = min(found.total - len(found.rows), STEP)
        self._more.text = say("list.more", count=rest)
        self._more.set_visibility(rest > 0)
        self._card.clear()
        with self._card:
            for line in model_lines(found, show):
                text(line, "muted")

    def _controls(self) -> None:
        say = self._page.say
        with ui.element("div").classes("controls"):
            text(say("list.heading"), "heading")
            search = ui.input(placeholder=say("list.search"), on_change=lambda e: self._find(e.value))
            search.props("dense outlined clearable debounce=300").classes("search")
            search.props["aria-label"] = say("list.search")
            text(say("list.order_by"), "muted push")
            orders = {order: say(f"list.orders.{order}") for order in _ORDERS}
            toggle = ui.toggle(orders, value=self._order, on_change=lambda e: self._sort(e.value))
            toggle.props("no-caps unelevated color=white text-color=grey-9").classes("orders")

    async def _find(self, words: str | None) -> None:
        self._search, self._limit = words or "", STEP
        await self.refresh()

    async def _sort(self, order: SortBy) -> None:
        self._order = order
        await self.refresh()

    async def _show_more(self) -> None:
        self._limit += STEP
        await self.refresh()


async def customers_page(page: Page) -> None:
    """Draw the list."""
    with frame(page, "/"):
        await CustomerTable(page).refresh()


def row_of(row: CustomerRow, page: Page) -> dict[str, Any]:
    """One customer as the table shows them."""
    say, show, currency = page.say, page.show, row.currency
    kind, _, name = row.name.partition(":")
    risk = row.churn.churn_risk
    known = row.ltv.value is not None
    return {
        "id": row.customer_id,
        "href": page.url(f"/customer/{row.customer_id}"),
        "name": name,
        "kind": say.of("identifier", kind),
        "rfm_class": say(f"rfm.{row.rfm_class}") if row.rfm_class else say("list.no_class"),
        "tone": (row.rfm_class or "none").partition("_")[0],
        "orders": show.number(row.orders),
        "total": show.money(row.total_minor, currency),
        "last": _ago(row.days_since_last, show),
        "ltv": show.money(row.ltv.value, currency) if known else say("list.not_enough"),
        "interval": say("list.interval", low=show.money(row.ltv.q10, currency), high=show.money(row.ltv.q90, currency))
        if known
        else "",
        "confidence": say(f"confidence.{row.ltv.confidence}") if row.ltv.confidence else "–",
        "churn": show.percent(risk),
        "risk": None if risk is None else round(risk * 100, 1),
        "heat": heat(risk),
    }


def _ago(days: int | None, show: Formatter) -> str:
    if not days:
        return show.say("list.never" if days is None else "list.today")
    return show.say("list.days_ago", days=show.number(days))


def heat(risk: float | None) -> str:
    """The tone of a churn bar: the contract's thresholds are 60 and 80."""
    return "" if risk is None or risk < 0.6 else "hot" if risk >= 0.8 else "warm"


def model_lines(found: CustomerList, show: Formatter) -> list[str]:
    """What the numbers stand on, in words; or why there are none."""
    missing = next((row.ltv.missing for row in found.rows if row.ltv.missing and "orders" not in row.ltv.missing), ())
    card = found.model_card
    if missing:
        return [show.say("list.no_model", missing=show.missing(missing))]
    if card is None or not found.rows:
        return []
    fitted = show.say(
        "list.card",
        model=card.model,
        until=show.date(card.fitted_until),
        customers=show.number(card.customers),
        repeat=show.number(card.repeat_customers),
    )
    return [fitted, show.measured(card.calibration)]


def _table(page: Page) -> ui.table:
    columns = [
        {"name": name, "field": name, "label": page.say(f"list.columns.{name}", days=HORIZON_DAYS), "align": align}
        for name, align in (
            ("customer", "left"),
            ("rfm_class", "left"),
            ("orders", "right"),
            ("total", "right"),
            ("last", "right"),
            ("ltv", "right"),
            ("confidence", "center"),
            ("churn", "left"),
        )
    ]
    table = (
        ui.table(columns=columns, rows=[], row_key="id").props("flat hide-pagination hide-no-data").classes("customers")
    )
    table.props["rows-per-page-options"] = [0]
    for name, template in {"customer": _NAME, "rfm_class": _CLASS, "ltv": _LTV, "churn": _CHURN}.items():
        table.add_slot(f"body-cell-{name}", template)
    table.on("rowClick", lambda event: ui.navigate.to(event.args[1]["href"]))
    return table
