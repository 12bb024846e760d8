"""Forecasts without a model, from purchases up to the cut: one amount or one chance per customer of the view."""

import numpy as np

from app.predict.inputs.purchases import Floats, PurchaseDays, RfmTable, spend_between

LOOK_BACK = 180
"""Days of the scaled look-back baseline."""

LEAST_AGE = 30
"""The naive rate takes no customer as younger than this: one purchase yesterday is not a purchase a day."""

_BEGINNING = -(2**31)


def spend(known: PurchaseDays, seen: RfmTable, *, cut: int, horizon: int) -> dict[str, Floats]:
    """Predicted spend in (cut, cut + horizon] of the customers of `seen` (the buyers known at the cut), minor units."""
    total, _ = spend_between(known, seen.customer, _BEGINNING, cut)
    last, _ = spend_between(known, seen.customer, cut - horizon, cut)
    look_back, _ = spend_between(known, seen.customer, cut - LOOK_BACK, cut)
    mean, _ = last_period(known, seen, cut=cut, horizon=horizon)
    return {
        "zero": np.zeros_like(total),
        "constant": np.full_like(total, mean),
        "naive_rate": total / np.maximum(seen.T, LEAST_AGE) * horizon,
        "raw_past_spend": total,
        "last_horizon_days": last,
        "half_last_horizon": last / 2,
        f"last_{LOOK_BACK}_days": look_back * horizon / LOOK_BACK,
    }


def no_purchase(known: PurchaseDays, seen: RfmTable, *, cut: int, horizon: int) -> dict[str, Floats]:
    """Chances of no purchase: of nobody buying, of the last period's share, and of a Poisson process at the naive rate.

    P(0 purchases) = exp(-rate * horizon), rate = purchase days / age.
    """
    _, share = last_period(known, seen, cut=cut, horizon=horizon)
    rate = (seen.frequency + 1) / np.maximum(seen.T, LEAST_AGE)
    return {
        "zero": np.ones(rate.size),
        "constant": np.full(rate.size, share),
        "naive_rate": np.exp(-rate * horizon),
    }


def last_period(known: PurchaseDays, seen: RfmTable, *, cut: int, horizon: int) -> tuple[float, float]:
    """Of the last horizon that ended by the cut, and the customers known when it began: mean spend, share without.

    With less history than two horizons the period is the later half of what lies before the cut; the mean is scaled
    to the horizon, and the share taken to the power of the lengths' ratio, as if each day were like the others.
    """
    days = shortened(known, cut=cut, horizon=horizon)
    before = np.unique(known.customer[known.day <= cut - days]).astype(np.int64)
    customers = before if before.size else seen.customer
    amount, bought = spend_between(known, customers, cut - days, cut)
    longer = horizon / days
    return float(amount.mean()) * longer, float((bought == 0).mean()) ** longer


def shortened(known: PurchaseDays, *, cut: int, horizon: int) -> int:
    """The horizon, or half of the history where that is shorter; at least a day."""
    first = int(known.day.min(initial=cut))
    return min(horizon, max((cut - first) // 2, 1))
