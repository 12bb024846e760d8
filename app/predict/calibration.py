"""How the forecasts do on a stretch of the past that the fit had not seen, and what is done about it.

The models are fitted as of an earlier day, asked for the days that follow, and compared with what happened up
to `as_of_day`; nothing later is read. Half of the customers teach how the interval must change (the chance to
buy corrected, q90 stretched), the other half measure it. The chance to buy is measured on all of them, each
forecast by what the others taught (`recalibration`); the correction that is used has learned from all.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.predict import bg_nbd
from app.predict.intervals import Spend, fit_spend, spend
from app.predict.purchases import Floats, Histories, Ints, PurchaseDays, missing_for_fit, rfm, spend_between
from app.predict.recalibration import IDENTITY, PARTS, Learned, Recalibration, brier, learn
from app.predict.schemas import Calibration, ChurnCalibration

LEAST_HORIZON_DAYS = 28
WIDEST = 4.0
"""q90 is stretched by at most this factor."""
_PRIOR_CUSTOMERS = 100
"""The stretch learned from n customers keeps the share n / (n + this) of its logarithm."""


_FURTHEST = 2
"""A correction learned over one horizon is used for horizons up to this many times as long."""


class Chances(NamedTuple):
    """What the look back says about the chance to buy; the figures are cross-fitted, of all its customers."""

    recalibration: Recalibration
    brier: float
    predicted: float
    """Mean chance of no purchase."""
    observed: float
    """Share that did not buy."""
    n: int


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
    chances: Chances

    @property
    def label(self) -> str:
        """What was measured on, in words."""
        cut = date(1970, 1, 1) + timedelta(days=self.cut_day)
        return f"backtest, cut {cut.isoformat()}, {self.horizon_days} d"

    def calibration(self) -> Calibration:
        """The interval's record, as the estimates show it."""
        return Calibration(set=self.label, above_q90=round(self.above_q90, 4), n=self.n)

    def churn_calibration(self) -> ChurnCalibration:
        """The record of the chance of no purchase, as the estimates show it."""
        _, score, predicted, observed, n = self.chances
        return ChurnCalibration(
            set=self.label,
            n=n,
            brier=round(score, 4),
            predicted=round(predicted, 4),
            observed=round(observed, 4),
        )


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
    model, histories = fit_spend(table), table.histories
    actual, days = spend_between(known, table.customer, cut, as_of_day)
    part = _parts([known.customer_ids[i] for i in table.customer], seed)
    p_purchase, bought = bg_nbd.p_purchase(model.counts, histories, horizon), days > 0
    usable = horizon_days <= _FURTHEST * horizon
    chances = _chances(p_purchase, histories, bought, part, usable=usable)
    teach, taught = part % 2 == 1, IDENTITY
    if chances.recalibration != IDENTITY:
        pupils = Histories(*(column[teach] for column in histories))
        taught = learn(p_purchase[teach], pupils, bought[teach], part[teach]).recalibration
    scale, above, level = _interval(spend(model, table, horizon, taught), actual, teach)
    return Backtest(cut, horizon, scale, above, level, int((~teach).sum()), chances)


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


def _interval(predicted: Spend, actual: Floats, teach: NDArray[np.bool_]) -> tuple[float, float, float]:
    """The stretch of q90 that one half teaches, and what the other half then measures: above_q90 and level."""
    scale = q90_scale(_rows(predicted, teach), actual[teach])
    measured, spent = _rows(predicted, ~teach), actual[~teach]
    total = float(spent.sum())
    level = float(measured.mean.sum()) / total if total > 0 else float("nan")
    return scale, above_q90(measured._replace(q90=measured.q90 * scale), spent), level


def _chances(
    p_purchase: Floats, histories: Histories, bought: NDArray[np.bool_], part: Ints, *, usable: bool
) -> Chances:
    """Correct and measure, or only measure where the correction would be stretched too far to be used."""
    found = learn(p_purchase, histories, bought, part) if usable else Learned(IDENTITY, p_purchase)
    return Chances(
        recalibration=found.recalibration,
        brier=brier(found.p_purchase, bought),
        predicted=float(1 - found.p_purchase.mean()),
        observed=float(1 - bought.mean()),
        n=bought.size,
    )


def _parts(customer_ids: Sequence[str], seed: int) -> Ints:
    """The same part, 0 to PARTS - 1, for the same id and seed, whoever else is there."""
    salt = (seed % 2**64).to_bytes(8, "big")
    bytes_ = (blake2b(name.encode(), digest_size=1, salt=salt).digest()[0] for name in customer_ids)
    return np.fromiter(bytes_, np.int64, len(customer_ids)) % PARTS


def _rows(predicted: Spend, which: NDArray[np.bool_]) -> Spend:
    return Spend(*(column[which] for column in predicted))
