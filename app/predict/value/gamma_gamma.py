"""Gamma-Gamma: how much a purchase is worth.

Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value. A customer's purchases are Gamma(p, nu) with
nu ~ Gamma(q, gamma), independent of how often they buy. x purchases of mean m leave nu ~ Gamma(q + p x, gamma
+ x m).
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from app.predict.inputs.purchases import Floats, Ints

LEAST_Q = 1.5
"""q stays above this: the population mean p gamma/(q-1) does not exist for q <= 1 and explodes just above."""


class GammaGamma(NamedTuple):
    """Fitted parameters; gamma is in minor units."""

    p: float
    q: float
    gamma: float


class _Data(NamedTuple):
    """Repeat buyers with spend; m is in units of its own mean, so that money has no scale in the fit."""

    x: Ints
    m: Floats
    by_frequency: Ints
    log_terms: float
    """Sum over customers of x ln(x m)."""
    log_spend: float
    """Sum over customers of ln m."""


def fit(frequency: Ints, monetary_value: Floats) -> GammaGamma:
    """Maximum likelihood over repeat buyers with some spend; at least one is needed."""
    used = (frequency > 0) & (monetary_value > 0)
    scale = float(monetary_value[used].mean())
    x, m = frequency[used], monetary_value[used] / scale
    data = _Data(x, m, np.bincount(x), float(x @ np.log(x * m)), float(np.log(m).sum()))
    found = minimize(
        _loss,
        np.log([3.0, 3.0 - LEAST_Q, 1.0]),
        args=(data,),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-5, 9), (-7, 9), (-9, 12)],
        options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7},
    )
    p, above, gamma = (float(v) for v in np.exp(found.x))
    return GammaGamma(p, LEAST_Q + above, gamma * scale)


def posterior(model: GammaGamma, frequency: Ints, monetary_value: Floats) -> tuple[Floats, Floats]:
    """Shape q + p x and rate gamma + x m of nu, given what the customer spent."""
    times = frequency.astype(np.float64)
    return model.q + model.p * times, model.gamma + times * monetary_value


def expected_spend(model: GammaGamma, frequency: Ints, monetary_value: Floats) -> Floats:
    """E[M | x, m] = p (gamma + x m) / (p x + q - 1), eq. 5: mean spend per purchase, minor units, shape [n].

    A weighted mean of the customer's own m and the population's p gamma/(q-1); finite and >= 0 because q > 1.
    """
    shape, rate = posterior(model, frequency, monetary_value)
    return model.p * rate / (shape - 1)


def _loss(theta: Floats, data: _Data) -> tuple[float, Floats]:
    """Mean negative log-likelihood and its gradient in ln p, ln(q - LEAST_Q), ln gamma.

    Eq. 1a, per customer:
    lnG(px+q) - lnG(px) - lnG(q) + q ln gamma + (px-1) ln m + px ln x - (px+q) ln(gamma + x m).
    """
    p, above, gamma = np.exp(theta)
    q, x, customers = LEAST_Q + above, data.x, data.x.size
    rate = gamma + x * data.m
    log_rate, shape = np.log(rate), p * x + q
    value, d_p, d_q = _counts_part(p, q, data.by_frequency)
    value += customers * q * np.log(gamma) + p * data.log_terms - data.log_spend - shape @ log_rate
    d_p += data.log_terms - x @ log_rate
    d_q += customers * np.log(gamma) - log_rate.sum()
    d_gamma = customers * q / gamma - (shape / rate).sum()
    return -value / customers, -np.array([d_p * p, d_q * above, d_gamma * gamma]) / customers


def _counts_part(p: float, q: float, by_frequency: Ints) -> tuple[float, float, float]:
    """The gamma functions, which depend on x alone, and their derivatives by p and q."""
    x = np.flatnonzero(by_frequency)
    n = by_frequency[x]
    value = n @ (gammaln(p * x + q) - gammaln(p * x) - gammaln(q))
    d_p = n @ (x * (digamma(p * x + q) - digamma(p * x)))
    d_q = n @ (digamma(p * x + q) - digamma(q))
    return float(value), float(d_p), float(d_q)
