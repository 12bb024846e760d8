"""What the past teaches: customers as they stood at earlier days, and what they did in the days that followed.

Nothing that ends after `day` is a lesson, so models are taught out of time. The horizon of the lessons is that which is
asked for, or half of the history when that is shorter; forecasts are then carried on to the whole horizon.
"""

from typing import NamedTuple

import numpy as np

from app.predict.inputs.purchases import Floats, Ints, PurchaseDays, missing_for_fit, rfm, spend_between
from app.predict.value.features import Beside, Features, build
from app.predict.value.intervals import fit_spend

MOST_ROWS = 100_000
"""Customers at all earlier days together: more teach nothing new, and cost memory and time."""
FEWEST_CUTS, MOST_CUTS = 4, 12
_SPAN = 1.5
"""Horizons over which the earlier days are spread."""
LEAST_HORIZON_DAYS = 21
LEAST_HISTORY_DAYS = 28
"""Before a day that teaches; estimates that are shown need more."""


class Lesson(NamedTuple):
    """All buyers known at one earlier day, and what each did in the horizon after it."""

    day: int
    features: Features
    spend: Floats
    """In units, shape [n]."""
    orders: Ints
    """Purchase days, shape [n]."""


def horizon_of(purchases: PurchaseDays, day: int, horizon_days: int) -> int:
    """The days over which `day` can look back on outcomes: at most half of the history."""
    return min(horizon_days, (day - int(purchases.day.min(initial=day))) // 2)


def lessons(
    purchases: PurchaseDays, day: int, *, horizon_days: int, unit: float, beside: Beside | None
) -> list[Lesson]:
    """The newest day first; empty where the past is too short to teach. Few customers are seen on more days."""
    first, buyers = int(purchases.day.min(initial=day)), np.unique(purchases.customer).size
    cuts = int(np.clip(MOST_ROWS // max(buyers, 1), FEWEST_CUTS, MOST_CUTS))
    step = max(int(_SPAN * horizon_days / cuts), 7)
    days = range(day - horizon_days, first, -step) if horizon_days >= LEAST_HORIZON_DAYS else ()
    found = (lesson(purchases, cut, horizon_days=horizon_days, unit=unit, beside=beside) for cut in days[:cuts])
    return [one for one in found if one is not None]


def lesson(
    purchases: PurchaseDays, cut: int, *, horizon_days: int, unit: float, beside: Beside | None
) -> Lesson | None:
    """One earlier day; None where too little was known by then to fit what the features need."""
    known = purchases.until(cut)
    table = rfm(known, cut)
    if missing_for_fit(known, table, cut, history_days=LEAST_HISTORY_DAYS):
        return None
    features = build(known, cut, horizon_days=horizon_days, model=fit_spend(table), unit=unit, beside=beside)
    spend, orders = spend_between(purchases, table.customer, cut, cut + horizon_days)
    return Lesson(cut, features, spend / unit, orders)


def sample(purchases: PurchaseDays) -> PurchaseDays:
    """The purchases of as many buyers as lessons are taken from: every k-th, so that no draw is needed."""
    buyers, most = np.unique(purchases.customer), MOST_ROWS // FEWEST_CUTS
    if buyers.size <= most:
        return purchases
    kept = np.isin(purchases.customer, buyers[:: -(-buyers.size // most)])
    return PurchaseDays(purchases.customer_ids, purchases.customer[kept], purchases.day[kept], purchases.amount[kept])
