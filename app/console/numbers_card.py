"""Expected spend and churn with their honesty: interval, confidence, calibration, and what carries or may undo them."""

from collections.abc import Iterable

from nicegui import ui

from app.console.customers import heat
from app.console.frame import Page, card, meter, text
from app.console.why_panel import WhyPanel
from app.predict.schemas import ChurnEstimate, LtvEstimate
from app.views import CustomerReading


def numbers_card(page: Page, reading: CustomerReading) -> None:
    """Both estimates, or why they cannot be made."""
    with card(page.say("customer.numbers"), classes="numbers"):
        if reading.ltv.status != "ok":
            text(page.say("numbers.not_enough", missing=page.show.missing(reading.ltv.missing)), "muted")
            if reading.ltv.segment_value is not None:
                others = page.show.money(reading.ltv.segment_value, reading.ltv.currency)
                text(page.say("numbers.segment", value=others, days=reading.ltv.horizon_days), "small")
            return
        _value(page, reading.ltv)
        text(page.show.measured(reading.ltv.calibration), "muted small")
        ui.link(page.say("models.heading"), page.url("/models")).classes("small")
        _reasons(page, "numbers.drivers", reading.ltv.drivers, reading)
        ui.element("hr")
        _churn(page, reading.churn)
        _reasons(page, "numbers.signals", reading.churn.signals, reading)
        if not reading.churn.signals:
            text(page.say("numbers.no_signals"), "muted small")
        WhyPanel(page, reading)


def _value(page: Page, ltv: LtvEstimate) -> None:
    say, show, currency = page.say, page.show, ltv.currency
    text(f"{say('numbers.ltv', days=ltv.horizon_days)} · {say(f'numbers.{ltv.basis}')}", "muted")
    with ui.element("div").classes("figure-line"):
        text(show.money(ltv.value, currency), "figure")
        if ltv.confidence:
            text(say("numbers.confidence", level=say(f"confidence.{ltv.confidence}")), f"badge conf-{ltv.confidence}")
    _interval(ltv)
    low, high = show.money(ltv.q10, currency), show.money(ltv.q90, currency)
    median = say("numbers.median", value=show.money(ltv.median, currency))
    text(f"{say('numbers.interval', low=low, high=high)} · {median}", "small")


def _interval(ltv: LtvEstimate) -> None:
    low, high, value = ltv.q10 or 0, ltv.q90 or 0, ltv.value or 0
    scale = max(high, value, 1) * 1.08
    with ui.element("div").classes("interval"):
        span = ui.element("div").classes("interval-span")
        span.style(f"left: {low / scale:.2%}; width: {(high - low) / scale:.2%}")
        ui.element("div").classes("interval-median").style(f"left: {(ltv.median or 0) / scale:.2%}")
        ui.element("div").classes("interval-mean").style(f"left: {value / scale:.2%}")


def _churn(page: Page, churn: ChurnEstimate) -> None:
    say, show = page.say, page.show
    rows = (
        (say("numbers.churn"), churn.churn_risk, heat(churn.churn_risk), say("numbers.churn_note")),
        (say("numbers.no_purchase", days=churn.horizon_days), churn.p_no_purchase, "plain", ""),
    )
    for label, share, tone, note in rows:
        with ui.element("div").classes("meter-row"):
            text(label, "wide")
            text(show.percent(share), "strong")
            meter(share or 0.0, tone)
            if note:
                text(note, "muted small full")
    if churn.status == "ok":
        text(show.churn_measured(churn.calibration), "muted small")


def _reasons(page: Page, title: str, claim_ids: Iterable[str], reading: CustomerReading) -> None:
    said = [reading.spoken[claim_id] for claim_id in claim_ids if claim_id in reading.spoken]
    if not said:
        return
    with ui.element("details").classes("reasons"):
        with ui.element("summary"):
            text(page.say(title), "inline")
        with ui.element("ul"):
            for sentence in said:
                with ui.element("li"):
                    text(sentence)
