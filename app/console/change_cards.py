"""What changed about a customer: interests that shifted, and early signs of leaving against their own past."""

from nicegui import ui

from app.console.frame import Page, card, text
from app.profile.schemas import InterestShift, Signal
from app.views import CustomerReading

_SHIFTS = 6


def shifts_card(page: Page, reading: CustomerReading) -> None:
    """Changes of interest, newest first, each with the counts that it stands on."""
    with card(page.say("shifts.heading"), page.say("shifts.note"), "shifts"):
        if not reading.profile.shifts:
            text(page.say("shifts.none"), "muted")
        for shift in reading.profile.shifts[:_SHIFTS]:
            _shift(page, shift, reading)


def _shift(page: Page, shift: InterestShift, reading: CustomerReading) -> None:
    say, show = page.say, page.show
    with ui.element("div").classes("line-item"):
        with ui.element("div").classes("line-head"):
            text(say(f"shifts.kinds.{shift.kind}"), f"badge shift-{shift.kind}")
            text(moved(page, shift, reading.topics), "strong")
            text(say("shifts.since", date=show.date(shift.since)), "muted small push")
        if shift.to_topic:
            reason = shift.reason
            counts = {"visits": reason.visits, "to": reason.visits_to, "before": reason.before, "was": reason.before_to}
            text(say("shifts.reason", topic=reading.topics[shift.to_topic], **counts), "small")
        sure = say("shifts.confidence", share=show.percent(shift.confidence))
        text(f"{sure} · {say('shifts.evidence', count=len(shift.evidence))}", "muted small")


def moved(page: Page, shift: InterestShift, topics: dict[str, str]) -> str:
    """From what to what, in the page's words."""
    before, after = (topics.get(t, t) if t else "" for t in (shift.from_topic, shift.to_topic))
    return " → ".join(name for name in (before, after) if name)


def signals_card(page: Page, reading: CustomerReading) -> None:
    """The signs that stand, strongest first: now, usual, and since when."""
    with card(page.say("signals.heading"), page.say("signals.note"), "signals"):
        if not reading.profile.signals:
            text(page.say("signals.none"), "muted")
        for signal in reading.profile.signals:
            _signal(page, signal)


def _signal(page: Page, signal: Signal) -> None:
    say, show = page.say, page.show
    with ui.element("div").classes("line-item"):
        with ui.element("div").classes("line-head"):
            text(say(f"signals.names.{signal.name}"), "strong")
            if signal.detail:
                text(say.of("signals.details", signal.detail), "badge")
            text(say("signals.raised", date=show.date(signal.raised_at)), "muted small push")
        now = _amount(page, signal.now, signal.unit)
        if signal.usual is None:
            text(say("signals.said", now=now), "small")
        else:
            text(say("signals.against", now=now, usual=_amount(page, signal.usual, signal.unit)), "small")
        text(say("signals.size", size=show.number(round(signal.size, 1)), n=signal.n_now), "muted small")


def _amount(page: Page, value: float, unit: str) -> str:
    figure = page.show.percent(value) if unit == "share" else page.show.number(round(value, 1))
    return page.say(f"signals.units.{unit}", value=figure)
