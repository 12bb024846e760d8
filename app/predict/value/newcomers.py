"""What is said of those who have not bought yet: the mean of others like them, never a number of their own."""

import msgspec
import numpy as np

from app.predict.behaviour.days import Behaviour
from app.predict.inputs.purchases import PurchaseDays, spend_between

LEAST_VISITORS = 30
"""Visitors of the past without an order, below whom nothing is said."""


class Newcomers(msgspec.Struct, frozen=True):
    """Visitors who had not bought by a day, and what they went on to spend."""

    n: int
    mean_minor: float
    """Mean spend in the horizon after that day, minor units; most of them spent nothing."""


def learn(purchases: PurchaseDays, behaviour: Behaviour, *, day: int, horizon_days: int) -> Newcomers | None:
    """Of a horizon ago, reading nothing after `day`; None where too few came before they bought."""
    cut = day - horizon_days
    came = np.unique(behaviour.acts.until(cut).customer)
    fresh = np.setdiff1d(came, purchases.until(cut).customer)
    if fresh.size < LEAST_VISITORS:
        return None
    spend, _ = spend_between(purchases, fresh, cut, day)
    return Newcomers(int(fresh.size), float(spend.mean()))
