"""The whole predictive distribution of a customer's spend over a horizon, not only its mean.

With N purchases ahead (`bg_nbd.survival_if_alive`) and nu ~ Gamma(q', gamma') (`gamma_gamma.posterior`), the
spend S is Gamma(p N, nu), so S / gamma' is Beta-prime(p N, q') and

    P(S <= s) = P(N=0) + sum_n P(N=n) I_{z/(1+z)}(p n, q'),   z = s / gamma',   I = regularised incomplete
    beta.

This sum is computed on a fixed grid of z and inverted, so quantiles need no random draws: a customer's
numbers do not depend on who else is asked for, and money has no scale. Simulating the same model gives the
same answer (tests).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv

from app.predict.inputs.purchases import Floats, Histories, Ints, RfmTable
from app.predict.value import bg_nbd, gamma_gamma
from app.predict.value.bg_nbd import BgNbd
from app.predict.value.gamma_gamma import GammaGamma

Rows = NDArray[np.intp]
QUANTILES = (0.1, 0.5, 0.9)
_GRID = 256
_NEGLIGIBLE = 1e-4
"""Purchase counts are listed until reaching the last one is rarer than this; it stands for all beyond."""
_FEWEST, _MOST = 8, 2048
_CHUNK = 1024


class SpendModel(NamedTuple):
    """How often, and for how much."""

    counts: BgNbd
    money: GammaGamma


class Spend(NamedTuple):
    """Predictive distribution per customer, shape [n] each; amounts in minor units, not rounded."""

    mean: Floats
    q10: Floats
    median: Floats
    q90: Floats
    p_purchase: Floats


def fit_spend(table: RfmTable) -> SpendModel:
    """Both models by maximum likelihood; the table needs a repeat buyer with spend, better many."""
    return SpendModel(
        counts=bg_nbd.fit(table.histories),
        money=gamma_gamma.fit(table.frequency, table.monetary_value),
    )


def spend(model: SpendModel, table: RfmTable, horizon_days: int) -> Spend:
    """Mean, 10%, 50% and 90% quantile of spend in the horizon, and the chance of any purchase in it."""
    counts, money = model
    distinct, inverse, _ = table.histories.distinct()
    relative = _relative_quantiles(model, distinct, horizon_days)[inverse]
    _, rate = gamma_gamma.posterior(money, table.frequency, table.monetary_value)
    value = gamma_gamma.expected_spend(money, table.frequency, table.monetary_value)
    q10, median, q90 = (relative * rate[:, None]).T
    return Spend(
        mean=bg_nbd.expected_purchases(counts, distinct, horizon_days)[inverse] * value,
        q10=q10,
        median=median,
        q90=q90,
        p_purchase=bg_nbd.p_purchase(counts, distinct, horizon_days)[inverse],
    )


def _relative_quantiles(model: SpendModel, distinct: Histories, horizon_days: int) -> Floats:
    """Quantiles of z = S / gamma' for each history, shape [n, 3]."""
    quantiles = np.empty((distinct.frequency.size, len(QUANTILES)))
    for x, rows in _same_frequency(distinct.frequency):
        part = Histories(*(column[rows] for column in distinct))
        for which, pmf in _count_pmfs(model.counts, part, horizon_days):
            z, given_count = _spend_cdf(model.money, x, pmf.shape[1] - 1)
            quantiles[rows[which]] = _invert(z, pmf @ given_count)
    return quantiles


def _same_frequency(frequency: Ints) -> Iterator[tuple[int, Rows]]:
    """Each x with the rows that have it, in pieces small enough to keep memory flat."""
    for x in np.unique(frequency):
        rows = np.flatnonzero(frequency == x)
        for start in range(0, rows.size, _CHUNK):
            yield int(x), rows[start : start + _CHUNK]


def _count_pmfs(model: BgNbd, histories: Histories, horizon_days: int) -> Iterator[tuple[Rows, Floats]]:
    """P(N = 0), ..., P(N = most), shape [rows, most + 1], together for the rows that need the same `most`.

    `most` stands for all counts beyond it too. It follows from the row alone, so that a customer's numbers do
    not depend on the neighbours.
    """
    waiting = np.arange(histories.T.size)
    alive = bg_nbd.p_alive(model, histories)[:, None]
    most = _FEWEST
    while waiting.size:
        part = Histories(*(column[waiting] for column in histories))
        survival = alive[waiting] * bg_nbd.survival_if_alive(model, part, horizon_days, most)
        done = (survival[:, -1] < _NEGLIGIBLE) | (most >= _MOST)
        if done.any():
            yield waiting[done], _pmf(survival[done])
        waiting = waiting[~done]
        most *= 2


def _pmf(survival: Floats) -> Floats:
    edge = np.ones((survival.shape[0], 1))
    return np.maximum(-np.diff(np.hstack([edge, survival, 0 * edge]), axis=1), 0)


def _spend_cdf(money: GammaGamma, x: int, most: int) -> tuple[Floats, Floats]:
    """Grid of z from 0 up, and P(S / gamma' <= z | N = n), shape [most + 1, grid]."""
    shape = money.q + money.p * x
    high = _beta_prime(money.p * most, shape, 0.95)
    low = max(_beta_prime(money.p, shape, 0.01), high * 1e-9)
    z = np.concatenate(([0.0], np.geomspace(low, high, _GRID)))
    n = np.arange(1, most + 1)[:, None]
    purchases = betainc(money.p * n, shape, z / (1 + z))
    return z, np.vstack([np.ones_like(z), purchases])


def _beta_prime(a: float, b: float, share: float) -> float:
    """Quantile of the Beta-prime distribution."""
    y = float(betaincinv(a, b, share))
    return y / max(1 - y, 1e-15)


def _invert(z: Floats, cdf: Floats) -> Floats:
    """Quantiles of rising cdfs on a grid by linear interpolation, shape [rows, 3]; 0 where P(0) is enough."""
    found = np.empty((cdf.shape[0], len(QUANTILES)))
    row = np.arange(cdf.shape[0])
    for column, share in enumerate(QUANTILES):
        above = np.minimum((cdf < share).sum(axis=1), z.size - 1)
        below = np.maximum(above - 1, 0)
        step = cdf[row, above] - cdf[row, below]
        part = np.clip((share - cdf[row, below]) / np.where(step > 0, step, 1.0), 0, 1)
        found[:, column] = np.where(above > 0, z[below] + part * (z[above] - z[below]), 0.0)
    return found
