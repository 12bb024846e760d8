"""What the shop's own past says about the model's chance to buy: a correction learned from the backtest.

Where BG/NBD sees hardly any dropout it keeps expecting customers who are long overdue. The correction is a
logistic regression on the log-odds of its chance p and on the rhythm of the customer,

    logit P(buy) = slope logit p + intercept + [x>0] repeat + frequency ln(1+x) + silence [x>0] ln max(s/g, 1)

with s the days since the last purchase and g = (t_x + shop's mean gap) / (x + 1), the customer's own gap shrunk
to the shop's. A quadratic penalty pulls it to the identity (slope 1, the rest 0). slope >= 0 and silence <= 0, so
a longer silence never raises the chance. It is kept only if, learned on other customers, it does better.

`intervals.spend` carries the corrected chance into the value and its interval: P(N >= n) for every n >= 1 is scaled
alike, so what a customer buys if they buy at all stays the model's.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit, xlog1py, xlogy

from app.predict.purchases import Floats, Histories, Ints

PARTS = 8
"""Customers are split into this many parts; each is forecast by what the others teach."""
LEAST_OUTCOMES = 30
"""Buyers, and customers who did not buy, that it takes to learn anything."""
_PENALTY = np.array([10.0, 10.0, 10.0, 10.0, 1.0])
"""1 / prior variance: all near the identity, but silence may cost about one unit of log-odds per e-fold."""
_NO_CHANGE = np.array([1.0, 0.0, 0.0, 0.0, 0.0])
_SURE = 1e-6
"""Chances nearer to 0 or 1 than this have no usable log-odds."""


class Recalibration(NamedTuple):
    """The correction; as built without arguments it leaves every chance as it is."""

    slope: float = 1.0
    intercept: float = 0.0
    repeat: float = 0.0
    frequency: float = 0.0
    silence: float = 0.0
    gap: float = 1.0
    """Mean days between two purchases of one customer, in the shop that it was learned from."""

    def apply(self, p_purchase: Floats, histories: Histories) -> Floats:
        """The corrected chance to buy, shape [n], in [0, 1]; never higher after a longer silence."""
        weights = np.array(self[:5])
        if (weights == _NO_CHANGE).all():
            return p_purchase
        corrected: Floats = expit(_log_odds(_design(p_purchase, histories, self.gap), weights))
        return corrected


IDENTITY = Recalibration()


class Learned(NamedTuple):
    """A correction and the chances by which it may be judged."""

    recalibration: Recalibration
    p_purchase: Floats
    """Each customer's chance as learned without their part; the model's own where nothing was corrected."""


def learn(p_purchase: Floats, histories: Histories, bought: NDArray[np.bool_], part: Ints) -> Learned:
    """Fit the correction to what followed; the identity when data are few or it does not help on other parts.

    To help is to lower both log-loss and Brier score. `part` is 0 to PARTS - 1 per customer, and must not
    depend on what they did.
    """
    unchanged = Learned(IDENTITY, p_purchase)
    if min(bought.sum(), (~bought).sum()) < LEAST_OUTCOMES:
        return unchanged
    gap = float(histories.recency.sum() / max(histories.frequency.sum(), 1)) or 1.0
    design = _design(p_purchase, histories, gap)
    weights = _fit(design, bought, _NO_CHANGE)
    crossed = _crossed(design, bought, part, weights)
    if not all(score(crossed, bought) < score(p_purchase, bought) for score in (brier, _log_loss)):
        return unchanged
    slope, intercept, repeat, frequency, silence = (float(w) for w in weights)
    return Learned(Recalibration(slope, intercept, repeat, frequency, silence, gap), crossed)


def brier(chance: Floats, happened: NDArray[np.bool_]) -> float:
    """Mean squared difference between a chance and what happened; lower is better."""
    return float(((chance - happened) ** 2).mean())


def _log_loss(chance: Floats, happened: NDArray[np.bool_]) -> float:
    p = chance.clip(_SURE, 1 - _SURE)
    return -float((xlogy(happened, p) + xlog1py(~happened, -p)).mean())


def _design(p_purchase: Floats, histories: Histories, gap: float) -> Floats:
    """Columns in the order of the coefficients, shape [n, 5]."""
    x, recency, age = histories
    repeat = x > 0
    overdue = (age - recency) * (x + 1) / (recency + gap)
    columns = (
        logit(p_purchase.clip(_SURE, 1 - _SURE)),
        np.ones(x.size),
        repeat,
        np.log1p(x),
        repeat * np.log(np.maximum(overdue, 1)),
    )
    return np.column_stack(columns).astype(np.float64)


def _log_odds(design: Floats, weights: Floats) -> Floats:
    """Row by row and without BLAS: its threads cost more than they bring here, and a row's result is its own."""
    odds: Floats = np.einsum("nk,k->n", design, weights)
    return odds


def _crossed(design: Floats, bought: NDArray[np.bool_], part: Ints, start: Floats) -> Floats:
    found = np.empty(bought.size)
    for k in np.unique(part):
        here = part == k
        found[here] = expit(_log_odds(design[here], _fit(design[~here], bought[~here], start)))
    return found


def _fit(design: Floats, bought: NDArray[np.bool_], start: Floats) -> Floats:
    """The penalised maximum of the likelihood; it is unique, so `start` only saves time."""
    happened = bought.astype(np.float64)

    def loss(weights: Floats) -> tuple[float, Floats]:
        odds, moved = _log_odds(design, weights), weights - _NO_CHANGE
        value = (np.logaddexp(0, odds) - happened * odds).sum() + (_PENALTY * moved**2).sum() / 2
        gradient = np.einsum("nk,n->k", design, expit(odds) - happened) + _PENALTY * moved
        return float(value) / bought.size, gradient / bought.size

    free = (None, None)
    found = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None), free, free, free, (None, 0)],
        options={"maxiter": 500, "ftol": 1e-12, "gtol": 1e-7},
    )
    weights: Floats = found.x
    return weights
