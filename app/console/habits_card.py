"""A customer's habits: when they are there, how often, what they pay, and where they stand among the buyers."""

from nicegui import ui

from app.console.frame import Page, card, text
from app.profile.schemas import PriceBehaviour, RfmScores, Rhythm
from app.views import CustomerReading

_HOURS = 24


def habits_card(page: Page, reading: CustomerReading) -> None:
    """Rhythm, prices and RFM scores; what is not known yet is left out."""
    profile = reading.profile
    with card(page.say("habits.heading"), page.say("habits.note", zone=profile.rhythm.timezone), "habits"):
        _clock(page, profile.rhythm)
        with ui.element("div").classes("habit-facts"):
            _rhythm(page, profile.rhythm)
            if profile.prices:
                _prices(page, profile.prices, reading.ltv.currency)
            if profile.rfm_scores:
                _scores(page, profile.rfm_scores)


def _clock(page: Page, rhythm: Rhythm) -> None:
    """Visits by hour of the day, one bar an hour."""
    most = max(rhythm.hours)
    if not most:
        text(page.say("habits.no_visits"), "muted")
        return
    with ui.element("div").classes("hours"):
        for hour, visits in enumerate(rhythm.hours):
            with ui.element("div").classes("hour") as bar:
                bar.tooltip(page.say("habits.hour", hour=hour, visits=visits))
                ui.element("div").classes("hour-fill").style(f"height: {visits / most:.0%}")
    with ui.element("div").classes("hour-axis"):
        for hour in range(0, _HOURS + 1, 6):
            text(str(hour), "muted small")


def _rhythm(page: Page, rhythm: Rhythm) -> None:
    say, show = page.say, page.show
    if rhythm.usual_hour is not None and rhythm.usual_weekday is not None:
        day = show.weekday(rhythm.usual_weekday)
        _fact(say("habits.usual"), say("habits.usual_value", day=day, hour=rhythm.usual_hour))
    if rhythm.visit_gap_days is not None:
        _fact(say("habits.visit_gap"), say("habits.days", days=show.number(rhythm.visit_gap_days)))
    if rhythm.purchase_gap_days is not None:
        _fact(say("habits.purchase_gap"), say("habits.days", days=show.number(rhythm.purchase_gap_days)))


def _prices(page: Page, prices: PriceBehaviour, currency: str) -> None:
    say, show = page.say, page.show
    low, high = show.money(prices.basket_low, currency), show.money(prices.basket_high, currency)
    middle = show.money(prices.basket_median, currency)
    _fact(say("habits.basket"), say("habits.basket_value", median=middle, low=low, high=high))
    shares = {"share": show.percent(prices.discount_share), "count": prices.discounted_orders, "orders": prices.orders}
    _fact(say("habits.discounts"), say("habits.discounts_value", **shares))


def _scores(page: Page, scores: RfmScores) -> None:
    said = page.say("habits.scores_value", r=scores.recency, f=scores.frequency, m=scores.monetary)
    _fact(page.say("habits.scores"), said)


def _fact(name: str, value: str) -> None:
    with ui.element("div").classes("habit"):
        text(name, "muted small")
        text(value)
