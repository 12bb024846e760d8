"""A plan as people read it: totals, what comparing can show, why the others get nothing, arms and customers."""

from nicegui import ui

from app.console.frame import Page, meter, text
from app.console.table import Cell, Column, Link, plain_table
from app.retrieval.schemas import Channel
from app.strategy.batch.schemas import Plan, PlannedArm, PlannedRow, PlanPage
from app.strategy.batch.totals import Expected
from app.strategy.wording import say_offer, wording

_ARM_COLUMNS = ("message", "offer", "stands_on", "given", "held", "cost", "profit")
_CUSTOMER_COLUMNS = ("customer", "message", "when", "profit", "text")


def plan_result(page: Page, found: PlanPage) -> None:
    """Everything but the buttons."""
    _totals(page, found.plan)
    _comparison(page, found.plan)
    _reasons(page, found.plan)
    if found.plan.arms:
        text(page.say("plan.arms"), "sub")
        plain_table(_columns(page, _ARM_COLUMNS), [_arm_row(page, found.plan, arm) for arm in found.plan.arms])
    if found.rows:
        show = page.show
        shown = {"shown": show.number(len(found.rows)), "total": show.number(found.total)}
        text(page.say("plan.rows", **shown), "sub")
        plain_table(_columns(page, _CUSTOMER_COLUMNS), [_customer_row(page, found.plan, row) for row in found.rows])


def _totals(page: Page, plan: Plan) -> None:
    say, show, currency = page.say, page.show, plan.currency
    budget = show.money(plan.wish.budget_minor, currency)
    with ui.element("div").classes("facts"):
        who = say("plan.of", customers=show.number(plan.customers), held=show.number(plan.held))
        _fact(say("plan.given"), show.number(plan.given), who)
        with ui.element("div").classes("fact"):
            text(say("plan.cost"), "muted small")
            text(show.exact(round(plan.cost_minor), currency), "strong")
            meter(plan.cost_minor / plan.wish.budget_minor if plan.wish.budget_minor else 0.0)
            text(say("plan.budget_is", budget=budget), "small")
        bound = say("plan.bound", bound=show.money(plan.bound_minor, currency))
        _fact(say("plan.profit"), _range(page, plan.profit, currency), bound)
        note = say("plan.lift_note", days=plan.window_days)
        _fact(say("plan.lift"), _range(page, plan.lift, currency), note)


def _fact(name: str, value: str, note: str) -> None:
    with ui.element("div").classes("fact"):
        text(name, "muted small")
        text(value, "strong")
        text(note, "small")


def _range(page: Page, found: Expected, currency: str) -> str:
    mean, low, high = (page.show.money(minor, currency) for minor in (found.mean, found.low, found.high))
    return page.say("plan.range", mean=mean, low=low, high=high)


def _comparison(page: Page, plan: Plan) -> None:
    say, show, comparison = page.say, page.show, plan.comparison
    shares = {"baseline": show.percent(comparison.baseline, 1), "days": plan.window_days}
    if comparison.detectable is None:
        text(say("plan.shows_nothing", held=show.number(plan.held), **shares))
    else:
        text(say("plan.shows", change=show.percent(comparison.detectable, 1), **shares))
    power = {
        "effect": show.percent(comparison.effect, 1),
        "power": show.percent(comparison.power),
        "wanted": show.number(comparison.wanted),
    }
    text(say("plan.power", **power), "muted small")


def _reasons(page: Page, plan: Plan) -> None:
    if not plan.reasons:
        return
    text(page.say("plan.nothing"), "sub")
    with ui.element("ul"):
        for reason in plan.reasons:
            with ui.element("li"):
                text(page.say("plan.reason", n=page.show.number(reason.customers), why=reason.told))


def _columns(page: Page, names: tuple[str, ...]) -> list[Column]:
    numbers = ("given", "held", "cost", "profit")
    return [Column(page.say(f"plan.columns.{name}"), "number" if name in numbers else "") for name in names]


def _arm_row(page: Page, plan: Plan, arm: PlannedArm) -> tuple[Cell, ...]:
    show, first = page.show, arm.stands_on[0]
    others = len(arm.stands_on) - 1
    return (
        wording(page.lang).channels[arm.channel],
        say_offer(arm.offer, plan.currency, page.lang).strip() or page.say("plan.no_offer"),
        page.say("plan.and_others", first=first, n=others) if others else first,
        show.number(arm.given),
        show.number(arm.held),
        show.exact(round(arm.cost_minor), plan.currency),
        _range(page, arm.profit, plan.currency),
    )


def _customer_row(page: Page, plan: Plan, row: PlannedRow) -> tuple[Cell, ...]:
    kind, _, name = row.name.partition(":")
    who = Link(f"{page.say.of('identifier', kind)} {name}", page.url(f"/customer/{row.customer_id}"), here=True)
    channel = wording(page.lang).channels[row.channel]
    offer = say_offer(row.offer, plan.currency, page.lang).strip()
    return (
        who,
        page.say("plan.held_out") if row.held else f"{channel} · {offer}" if offer else channel,
        _when(page, row),
        page.show.exact(round(row.profit.mean), plan.currency),
        "" if row.held else f"{row.title} · {row.text}",
    )


def _when(page: Page, row: PlannedRow) -> str:
    """When it is sent; a card waits until the customer comes by."""
    if row.held or row.send_at is None:
        return ""
    return page.say("strategy.next_visit") if row.channel is Channel.ONSITE else page.show.time(row.send_at)
