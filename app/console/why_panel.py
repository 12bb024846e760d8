"""Why this number: from a typical customer to this one, step by step, with evidence; worked out on demand."""

from collections.abc import Iterable
from itertools import accumulate, pairwise
from typing import NamedTuple

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.frame import Page, text
from app.console.who_spoke import who_spoke
from app.errors import UnderstoryError
from app.insights.drivers import CustomerExplanation, Reason
from app.insights.ltv.schemas import Advice, DriverSentence, LtvStory
from app.predict.schemas import Explanation
from app.views import CustomerReading


class Bar(NamedTuple):
    """Where a step of the waterfall is drawn: shares of the whole width."""

    left: float
    width: float
    tone: str


class WhyPanel:
    """A button, and below it the explanation that it brought."""

    def __init__(self, page: Page, reading: CustomerReading) -> None:
        """Draw the button."""
        self._page, self._reading = page, reading
        self._button = ui.button(page.say("why.ask"), on_click=self._toggle).props("flat dense no-caps size=sm")
        self._button.classes("why-ask")
        self._result = ui.element("div").classes("why")
        self._shown = False

    async def _toggle(self) -> None:
        self._shown = not self._shown
        self._result.clear()
        self._button.text = self._page.say("why.hide" if self._shown else "why.ask")
        if self._shown:
            await self._draw()

    async def _draw(self) -> None:
        page = self._page
        self._button.props("loading")
        try:
            found = await run_in_threadpool(page.pipeline.explaining.ltv_of, page.workspace, self._reading)
        except UnderstoryError as error:
            ui.notify(page.say("errors.failed", reason=str(error)), type="negative")
            return
        finally:
            self._button.props(remove="loading")
        with self._result:
            _show(page, found)


def bars(numbers: Explanation) -> tuple[Bar, ...]:
    """The typical customer, one step per contribution from where the last one ended, and this customer."""
    typical, value = numbers.typical_value_minor or 0, numbers.value_minor or 0
    ends = list(accumulate((one.amount_minor for one in numbers.contributions), initial=typical))
    low, high = min(0, *ends), max(1, *ends)

    def bar(start: int, end: int, tone: str) -> Bar:
        return Bar((min(start, end) - low) / (high - low), abs(end - start) / (high - low), tone)

    steps = (bar(start, end, "up" if end >= start else "down") for start, end in pairwise(ends))
    return (bar(0, typical, "whole"), *steps, bar(0, value, "whole"))


def _show(page: Page, found: LtvStory) -> None:
    for sentence in found.said:
        text(sentence, "small")
    for driver in found.drivers:
        _driver(driver, found)
    if found.reasons:
        _waterfall(page, found)
    if found.what_ifs:
        text(page.say("why.what_ifs"), "sub")
        _list(one.said for one in found.what_ifs)
    text(page.say("why.risks"), "sub")
    if found.told_risks:
        _list(one.text for one in found.told_risks)
    else:
        text(page.say("why.no_risks"), "muted small")
    text(page.say("why.advice" if found.advice else "why.no_advice"), "sub")
    for advice in found.advice:
        _advice(advice)
    _lean(page, found)
    for note in found.notes:
        text(note, "muted small")
    who_spoke(page, found.provenance, found.dropped)


def _driver(driver: DriverSentence, found: LtvStory) -> None:
    """A sentence beside its figure; what it cites shows when it is pointed at."""
    spoken = found.spoken | found.told_spoken
    with ui.element("div").classes("why-driver"):
        text(driver.text, "small").tooltip("\n".join(spoken[claim_id] for claim_id in driver.claim_ids))
        text(driver.amount, "why-amount")


def _advice(advice: Advice) -> None:
    with ui.element("div").classes("line-item"):
        text(advice.name, "strong")
        text(advice.do, "small")
        text(advice.reason, "muted small")


def _lean(page: Page, found: LtvStory) -> None:
    if found.ltv.leaned_value is not None:
        text(page.say("why.leaned", value=page.show.money(found.ltv.leaned_value, found.ltv.currency)), "small")
    elif found.lean.reason:
        text(found.lean.reason, "muted small")


def _waterfall(page: Page, found: CustomerExplanation) -> None:
    show, numbers = page.show, found.numbers
    first, *steps, last = bars(numbers)
    _step(page.say("why.typical"), show.money(numbers.typical_value_minor, numbers.currency), first)
    for reason, bar in zip(found.reasons, steps, strict=True):
        _reason(reason, bar, found)
    _step(page.say("why.now"), show.money(numbers.value_minor, numbers.currency), last)


def _reason(reason: Reason, bar: Bar, found: CustomerExplanation) -> None:
    """A step; opened, it shows what it stands on."""
    with ui.element("details").classes("why-reason"):
        with ui.element("summary"):
            _step(reason.name, reason.amount, bar)
        text(reason.said_chance, "muted small")
        _list(found.spoken[claim_id] for claim_id in reason.claim_ids)


def _step(name: str, amount: str, bar: Bar) -> None:
    with ui.element("div").classes("why-step"):
        text(name)
        text(amount, "why-amount")
        with ui.element("div").classes("why-track"):
            drawn = ui.element("div").classes(f"why-bar {bar.tone}")
            drawn.style(f"left: {bar.left:.2%}; width: {bar.width:.2%}")


def _list(lines: Iterable[str]) -> None:
    with ui.element("ul"):
        for line in lines:
            with ui.element("li"):
                text(line, "small")
