"""A customer's next purchase in words and rows, the same for the console and the command line. Pure."""

from typing import NamedTuple

from app.console.format import Formatter
from app.predict.schemas import CategoryChance, CategoryReason, IntentCalibration, IntentEstimate, PurchaseWindow
from app.views import NextPurchase

_MEASURED_DAYS = 30
"""The window whose record is told, or the one next above."""


class Row(NamedTuple):
    """A label with its share, and a remark."""

    label: str
    share: float
    remark: str = ""


def headline(found: NextPurchase, show: Formatter) -> str:
    """Category and window with the probability of both; the window alone where no category can be told."""
    intent = found.intent
    span = window_of(intent)
    if not intent.categories:
        return show.say("intent.headline_any", days=span.days, chance=show.percent(span.probability))
    first = intent.categories[0]
    chance = next(w.probability for w in first.within if w.days == span.days)
    name = found.names[first.category]
    return show.say("intent.headline", category=name, days=span.days, chance=show.percent(chance))


def window_of(intent: IntentEstimate) -> PurchaseWindow:
    """The shortest likely window, else the whole horizon."""
    return intent.likely_window or intent.windows[-1]


def when(intent: IntentEstimate, show: Formatter) -> str:
    """How likely a purchase is at all, and from when on."""
    span = window_of(intent)
    key = "intent.likely" if intent.likely_window else "intent.unlikely"
    lines = [show.say(key, days=span.days, chance=show.percent(span.probability))]
    if intent.earliest_days is not None:
        lines.append(show.say("intent.early", days=intent.earliest_days))
    if intent.median_days is not None:
        lines.append(show.say("intent.half", days=intent.median_days))
    return ("" if show.lang == "zh" else " ").join(lines)


def windows(intent: IntentEstimate, show: Formatter) -> list[Row]:
    """One row per window, rising."""
    return [Row(show.say("intent.within", days=w.days), w.probability) for w in intent.windows]


def categories(found: NextPurchase, show: Formatter) -> list[Row]:
    """Shares of the next purchase, with the chance of each within the likely window; the last row is the rest."""
    intent = found.intent
    span = window_of(intent)
    rows = [Row(found.names[c.category], c.share, _within(c, span, show)) for c in intent.categories]
    rest = Row(show.say("intent.other"), intent.other_share or 0.0)
    return [*rows, rest] if rows else []


def replenishments(found: NextPurchase, show: Formatter) -> list[str]:
    """What is bought again and again, and when it is due."""
    lines = []
    for one in found.intent.replenishments:
        key = "intent.due" if one.due_in_days else "intent.overdue"
        slots = {"every": show.number(round(one.every_days)), "ago": one.last_days_ago, "days": one.due_in_days}
        lines.append(show.say(key, category=found.names[one.category], **slots))
    return lines


def reason(one: CategoryReason, show: Formatter) -> str:
    """One thing that speaks for a category, and how much."""
    said, factor = show.say(f"intent.reason.{one.name}"), show.number(round(one.factor, 1))
    return show.say("intent.because", reason=said, factor=factor)


def measured(calibration: IntentCalibration | None, show: Formatter) -> list[str]:
    """How this kind of forecast did on the shop's past."""
    if calibration is None:
        return [show.say("intent.not_measured")]
    where = show.where(calibration.set)
    span = next((w for w in calibration.windows if w.days >= _MEASURED_DAYS), calibration.windows[-1])
    shares = {"predicted": show.percent(span.predicted), "observed": show.percent(span.observed)}
    n, brier = show.number(calibration.n), f"{span.brier:.3f}"
    lines = [show.say("intent.measured", where=where, days=span.days, n=n, brier=brier, **shares)]
    if calibration.top1 is not None:
        hits = {
            "top1": show.percent(calibration.top1),
            "top3": show.percent(calibration.top3),
            "popular": show.percent(calibration.top1_popular),
            "expected": show.percent(calibration.top1_predicted),
        }
        lines.append(show.say("intent.measured_what", n=show.number(calibration.purchases), **hits))
    return lines


def _within(category: CategoryChance, span: PurchaseWindow, show: Formatter) -> str:
    chance = next(w.probability for w in category.within if w.days == span.days)
    return show.say("intent.both", days=span.days, chance=show.percent(chance))
