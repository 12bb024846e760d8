"""What a shop can say of future spend without a model: the baselines that an estimator must beat.

Each answers with one amount per customer of the view, minor units, knowing purchases up to the cut only.
"""

import numpy as np

from app.predict.purchases import Floats, PurchaseDays, RfmTable, rfm, spend_between

LOOK_BACK = 180
"""Days of the scaled look-back baseline."""

LEAST_AGE = 30
"""The naive rate takes no customer as younger than this: one purchase yesterday is not a purchase a day."""

_BEGINNING = -(2**31)


def baselines(known: PurchaseDays, seen: RfmTable, *, cut: int, horizon: int) -> dict[str, Floats]:
    """Predictions of spend in (cut, cut + horizon] for the customers of `seen` (the buyers known at the cut)."""
    total, _ = spend_between(known, seen.customer, _BEGINNING, cut)
    last, _ = spend_between(known, seen.customer, cut - horizon, cut)
    look_back, _ = spend_between(known, seen.customer, cut - LOOK_BACK, cut)
    return {
        "zero": np.zeros_like(total),
        "constant": np.full_like(total, training_mean(known, seen, cut=cut, horizon=horizon)),
        "naive_rate": total / np.maximum(seen.T, LEAST_AGE) * horizon,
        "raw_past_spend": total,
        "last_horizon_days": last,
        "half_last_horizon": last / 2,
        f"last_{LOOK_BACK}_days": look_back * horizon / LOOK_BACK,
    }


def training_mean(known: PurchaseDays, seen: RfmTable, *, cut: int, horizon: int) -> float:
    """Mean spend in the last horizon that ended by the cut, of the customers known when it began.

    With less history than two horizons the window is what lies before the cut, and the mean is scaled to the horizon.
    """
    first = int(seen.first_day.min())
    days = min(horizon, max((cut - first) // 2, 1))
    before = rfm(known, cut - days)
    customers = before.customer if before.customer.size else seen.customer
    spend, _ = spend_between(known, customers, cut - days, cut)
    return float(spend.mean()) * horizon / days
