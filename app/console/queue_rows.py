"""The rows of the queue: whom to reach, with buttons, and who waits and why."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from app.console.frame import Page, meter, text
from app.console.table import Cell, Column, Link, plain_table
from app.strategy.acting.schemas import Queue, QueueItem, WaitingItem
from app.strategy.wording import wording

Done = Callable[[QueueItem], Awaitable[None]]
Later = Callable[[QueueItem], None]


def queue_rows(page: Page, found: Queue, *, done: Done, later: Later) -> None:
    """Each customer to reach, best first."""
    if not found.items:
        text(page.say("queue.none"), "muted")
    for place, item in enumerate(found.items, start=1):
        with ui.element("div").classes("queue-row"):
            text(str(place), "muted queue-place")
            _who(page, item)
            _risk(page, item)
            _amounts(page, found, item)
            text(item.reason, "small queue-reason")
            _buttons(page, item, done, later)


def _who(page: Page, item: QueueItem) -> None:
    kind, _, name = item.name.partition(":")
    with ui.element("div"):
        target = page.url(f"/customer/{item.customer_id}")
        ui.link(f"{page.say.of('identifier', kind)} {name}", target).classes("row-link")
        with ui.element("div").classes("queue-tags"):
            text(page.say(f"queue.levels.{item.level}"), f"badge level-{item.level}")
            text(_channels(page, item), "muted small")


def _channels(page: Page, item: QueueItem) -> str:
    return " · ".join(wording(page.lang).channels[channel] for channel in item.channels)


def _risk(page: Page, item: QueueItem) -> None:
    show = page.show
    with ui.element("div"):
        text(show.percent(item.churn_risk), "strong")
        meter(item.churn_risk, "hot" if item.level == "strong" else "warm")
        text(page.say("queue.from", share=show.percent(item.threshold)), "muted small")


def _amounts(page: Page, found: Queue, item: QueueItem) -> None:
    show = page.show
    with ui.element("div"):
        text(show.money(item.value_minor, found.currency), "strong")
        text(page.say("queue.keeps", gain=show.exact(item.gain_minor, found.currency)), "muted small")


def _buttons(page: Page, item: QueueItem, done: Done, later: Later) -> None:
    with ui.element("div").classes("buttons"):
        ui.button(page.say("queue.done"), on_click=lambda: done(item)).props("unelevated no-caps dense size=sm")
        ui.button(page.say("queue.later"), on_click=lambda: later(item)).props("outline no-caps dense size=sm")


def waiting_rows(page: Page, found: Queue) -> None:
    """How many wait for which reason, who they are, and who is not considered."""
    say, show = page.say, page.show
    counts = [say("queue.held", hold=say(f"queue.holds.{hold}"), n=show.number(n)) for hold, n in found.held.items()]
    counts.append(say("queue.below", n=show.number(found.below)))
    unknown = [(show.missing((what,)), show.number(n)) for what, n in found.unknown.items()]
    counts += [say("queue.unknown", missing=missing, n=n) for missing, n in unknown]
    with ui.element("div").classes("queue-counts"):
        for line in counts:
            text(line, "chip")
    if found.waiting:
        names = ("customer", "level", "risk", "value", "gain", "hold")
        numbers = ("risk", "value", "gain")
        columns = [Column(say(f"queue.columns.{name}"), "number" if name in numbers else "") for name in names]
        plain_table(columns, [_waiting_row(page, found, item) for item in found.waiting])


def _waiting_row(page: Page, found: Queue, item: WaitingItem) -> tuple[Cell, ...]:
    kind, _, name = item.name.partition(":")
    who = Link(f"{page.say.of('identifier', kind)} {name}", page.url(f"/customer/{item.customer_id}"), here=True)
    show = page.show
    return (
        who,
        page.say(f"queue.levels.{item.level}"),
        show.percent(item.churn_risk),
        show.money(item.value_minor, found.currency),
        show.exact(item.gain_minor, found.currency),
        item.hold_reason,
    )
