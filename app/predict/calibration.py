"""How the interval does on a stretch of the past that the fit had not seen, and what is done about it.

The models are fitted as of an earlier day, asked for the days that follow, and compared with what happened up
to `as_of_day`; nothing later is read. Half of the customers teach how far q90 must be stretched, the other
half measure.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.predict.intervals import Spend, fit_spend, spend
from app.predict.purchases import Floats, PurchaseDays, missing_for_fit, rfm, spend_between
from app.predict.schemas import Calibration

LEAST_HORIZON_DAYS = 28
WIDEST = 4.0
"""q90 is stretched by at most this factor."""
_PRIOR_CUSTOMERS = 100
"""The stretch learned from n customers keeps the share n / (n + this) of its logarithm."""


class Backtest(NamedTuple):
    """One look back. `n`, `above_q90` and `level` are of the measuring half, after the stretch."""

    cut_day: int
    horizon_days: int
    q90_scale: float
    above_q90: float
    level: float
    """Sum of predicted means / sum of actual spend, NaN when nothing was spent.

    Shown, not corrected: one season says little about the next.
    """
    n: int

    def calibration(self) -> Calibration:
        """As the estimates show it."""
        cut = date(1970, 1, 1) + timedelta(days=self.cut_day)
        label = f"backtest, cut {cut.isoformat()}, {self.horizon_days} d"
        return Calibration(set=label, above_q90=round(self.above_q90, 4), n=self.n)


def backtest(purchases: PurchaseDays, *, as_of_day: int, horizon_days: int, seed: int) -> Backtest | None:
    """Fit at an earlier cut and measure; None when what lies before the cut is too little.

    The horizon shrinks to half of the history when that is shorter; `horizon_days` of the result says what
    was used.
    """
    known = purchases.until(as_of_day)
    history = as_of_day - int(known.day.min(initial=as_of_day))
    horizon = min(horizon_days, history // 2)
    cut = as_of_day - horizon
    table = rfm(known, cut)
    if horizon < LEAST_HORIZON_DAYS or missing_for_fit(known, table, cut):
        return None
    predicted = spend(fit_spend(table), table, horizon)
    actual, _ = spend_between(known, table.customer, cut, as_of_day)
    learn = _half([known.customer_ids[i] for i in table.customer], seed)
    scale = q90_scale(_rows(predicted, learn), actual[learn])
    measured = _rows(predicted, ~learn)
    stretched = measured._replace(q90=measured.q90 * scale)
    total = float(actual[~learn].sum())
    return Backtest(
        cut_day=cut,
        horizon_days=horizon,
        q90_scale=scale,
        above_q90=above_q90(stretched, actual[~learn]),
        level=float(measured.mean.sum()) / total if total > 0 else float("nan"),
        n=int((~learn).sum()),
    )


def above_q90(predicted: Spend, actual: Floats) -> float:
    """Share of customers above their predicted 90% quantile; .10 when the intervals are right.

    Spend is often 0. Where P(0) > .9 the quantile is 0 and no outcome of 0 could exceed it, so the share
    would fall short of .10 even for a perfect model. The randomised probability integral transform mends
    that: an outcome of 0 counts with the probability (P(0) - .9) / P(0) that a uniform draw below P(0) lies
    above .9. Its expectation is used, so nothing is drawn.
    """
    return float(np.where(actual > 0, actual > predicted.q90, _zero_share(predicted)).mean())


def q90_scale(predicted: Spend, actual: Floats) -> float:
    """The factor that would bring `above_q90` to .10 on these customers, shrunk to 1 for few, in [1, WIDEST].

    It may widen and never narrows: a quiet season behind does not promise a quiet season ahead.
    """
    movable = (predicted.q90 > 0) & (actual > 0)
    fixed = np.where(actual > 0, predicted.q90 <= 0, _zero_share(predicted)).sum()
    ratios = np.sort(actual[movable] / predicted.q90[movable])[::-1]
    allowed = int(max(0.1 * actual.size - fixed, 0))
    if allowed >= ratios.size:
        return 1.0
    weight = actual.size / (actual.size + _PRIOR_CUSTOMERS)
    return float(np.clip(ratios[allowed] ** weight, 1.0, WIDEST))


def _zero_share(predicted: Spend) -> Floats:
    p_zero = 1 - predicted.p_purchase
    return np.maximum(p_zero - 0.9, 0) / np.maximum(p_zero, 0.9)


def _half(customer_ids: Sequence[str], seed: int) -> NDArray[np.bool_]:
    """The same half for the same ids and seed, whoever else is there."""
    salt = (seed % 2**64).to_bytes(8, "big")
    bits = (blake2b(name.encode(), digest_size=1, salt=salt).digest()[0] & 1 for name in customer_ids)
    return np.fromiter(bits, np.bool_, len(customer_ids))


def _rows(predicted: Spend, which: NDArray[np.bool_]) -> Spend:
    return Spend(*(column[which] for column in predicted))
