"""BG/NBD: how often customers buy, and whether they still do.

Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2), 275-284. While
alive a customer buys at rate lambda (per day here), lambda ~ Gamma(r, alpha); after each purchase they leave
for good with probability p, p ~ Beta(a, b). x, t_x, T are `frequency, recency, T` in days; all results have
one entry per history.

Given x, t_x and T the customer is a mixture of two: alive, with lambda ~ Gamma(r+x, alpha+T), p ~ Beta(a,
b+x), or (x > 0) gone since the last purchase. Alive and gone differ; everything here follows from that.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.optimize import minimize
from scipy.special import digamma, expit, gammaln

from app.predict.inputs.purchases import Floats, Histories, Ints, numbered

_BOUND = 14.0
"""How far the logarithm of a parameter may move: degenerate data end at a finite edge, not in a crash."""
_NODES = 32


class BgNbd(NamedTuple):
    """Fitted parameters; alpha is in days."""

    r: float
    alpha: float
    a: float
    b: float


class _Data(NamedTuple):
    """Distinct repeat histories with weights, and what the likelihood needs of everyone by x and by T."""

    repeat: Histories
    weight: Ints
    by_frequency: Ints
    """How many customers have x = 0, 1, 2, ..."""
    single_by_age: Ints
    """How many one-time buyers have T = 0, 1, 2, ..."""


def fit(histories: Histories) -> BgNbd:
    """Maximum likelihood with the exact gradient; customers with equal histories are one weighted row.

    Days are first cut into weeks, which leaves few rows: most of the way is made on those. The maximum found there is
    near (a few percent where customers buy several times a week), and the climb ends on the exact days.
    """
    start = np.log([0.5, max(float(histories.T.mean()), 1.0), 0.5, 2.0])
    bounds = [(s - _BOUND, s + _BOUND) for s in start]
    near = _climb(start, _compress(_weekly(histories)), bounds)
    return BgNbd(*(float(v) for v in np.exp(_climb(near, _compress(histories), bounds))))


def log_likelihood(model: BgNbd, histories: Histories) -> float:
    """Sum over customers of ln L(r, alpha, a, b | x, t_x, T), eq. 6 of the paper; time unit days."""
    loss, _ = _loss(np.log(model), _compress(histories))
    return -loss * histories.frequency.size


def p_alive(model: BgNbd, histories: Histories) -> Floats:
    """P(alive | x, t_x, T) = 1 / (1 + [x>0] a/(b+x-1) ((alpha+T)/(alpha+t_x))^(r+x)).

    Fader, Hardie & Lee (2008), Computing P(alive) Using the BG/NBD Model.
    """
    x = histories.frequency
    ratio = np.log((model.alpha + histories.T) / (model.alpha + histories.recency))
    log_odds_gone = np.log(model.a / np.maximum(model.b + x - 1, 1e-300)) + (model.r + x) * ratio
    alive: Floats = np.where(x > 0, expit(-log_odds_gone), 1.0)
    return alive


def p_purchase(model: BgNbd, histories: Histories, horizon_days: int) -> Floats:
    """P(at least one purchase in the next `horizon_days`) = P(alive) (1 - ((alpha+T)/(alpha+T+t))^(r+x)).

    Leaving happens only after a purchase, so the first next purchase depends on lambda alone.
    """
    growth = np.log1p(horizon_days / (model.alpha + histories.T))
    if_alive: Floats = -np.expm1(-(model.r + histories.frequency) * growth)
    return p_alive(model, histories) * if_alive


def expected_purchases(model: BgNbd, histories: Histories, horizon_days: int) -> Floats:
    """E[Y(t) | x, t_x, T], eq. 10 of the paper: purchase days expected in the next `horizon_days`.

    The paper's 2F1 is the integral over p ~ Beta(a, b+x) of (1 - ((alpha+T)/(alpha+T+pt))^(r+x)) / p.
    Gauss-Jacobi quadrature of that integral has no cancellation at a = 1 and stays in [0, (r+x) t/(alpha+T)]. It does
    not depend on t_x, so it is computed once for each pair of x and T.
    """
    reach = int(histories.T.max(initial=0)) + 1
    pairs, place = numbered(histories.frequency * reach + histories.T)
    frequency, age = np.divmod(pairs, reach)
    if_alive = np.empty(pairs.size)
    for x in np.unique(frequency):
        same = frequency == x
        p, weight = _beta_quadrature(model.a, model.b + float(x))
        share = horizon_days / (model.alpha + age[same])
        if_alive[same] = (-np.expm1(-(model.r + x) * np.log1p(np.outer(share, p))) / p) @ weight
    return p_alive(model, histories) * if_alive[place]


def survival_if_alive(model: BgNbd, histories: Histories, horizon_days: int, most: int) -> Floats:
    """P(N >= n | alive), n = 1..most, shape [rows, most]: purchases in the horizon of someone still active.

    N >= n when the Poisson process reaches n and none of the first n-1 purchases was the last:
    P(NegBin(r+x, (alpha+T)/(alpha+T+t)) >= n) * E[(1-p)^(n-1)], p ~ Beta(a, b+x) independent of lambda.
    """
    n = np.arange(1, most + 1)
    shape = (model.r + histories.frequency)[:, None]
    share = (horizon_days / (horizon_days + model.alpha + histories.T))[:, None]
    log_zero = shape * np.log1p(-share)
    log_pmf = log_zero + np.cumsum(np.log(share) + np.log((shape + n - 1) / n), axis=1)
    reached = 1 - np.cumsum(np.exp(np.hstack([log_zero, log_pmf[:, :-1]])), axis=1)
    stays = (model.b + histories.frequency)[:, None] + n - 2
    log_stay = np.log(stays[:, 1:] / (model.a + stays[:, 1:])).cumsum(axis=1)
    survival: Floats = np.clip(reached, 0, 1) * np.exp(np.hstack([np.zeros_like(shape), log_stay]))
    return survival


def _weekly(histories: Histories) -> Histories:
    """Ages and last purchases moved to the middle of their week."""
    frequency, recency, age = histories
    return Histories(frequency, recency // 7 * 7 + 3, age // 7 * 7 + 3)


def _compress(histories: Histories) -> _Data:
    distinct, counts = histories.counted()
    repeat = distinct.frequency > 0
    return _Data(
        repeat=Histories(*(column[repeat] for column in distinct)),
        weight=counts[repeat],
        by_frequency=np.bincount(distinct.frequency, counts).astype(np.int64),
        single_by_age=np.bincount(distinct.T[~repeat], counts[~repeat]).astype(np.int64),
    )


def _climb(start: Floats, data: _Data, bounds: list[tuple[float, float]]) -> Floats:
    """From `start` to the nearest maximum of the likelihood, in the logarithms of r, alpha, a, b."""
    found = minimize(
        _loss,
        start,
        args=(data,),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7},
    )
    theta: Floats = found.x
    return theta


def _loss(theta: Floats, data: _Data) -> tuple[float, Floats]:
    """Mean negative log-likelihood and its gradient in the logarithms of r, alpha, a, b.

    ln L = A1 + A2 + ln(exp A3 + [x>0] exp A4) with A1..A4 of the paper's appendix; days are whole numbers, so
    each logarithm and gamma function is computed once per day or count and looked up.
    """
    parameters = np.exp(theta)
    customers = data.by_frequency.sum()
    by_count = _counts_part(parameters, data)
    single = _singles_part(parameters, data)
    repeat = _repeats_part(parameters, data)
    value, *gradient = (by_count + single + repeat) / customers
    return -float(value), -np.array(gradient) * parameters


def _counts_part(parameters: Floats, data: _Data) -> Floats:
    """A1 + A2, which depend on x alone: value and derivatives by r, alpha, a, b."""
    r, alpha, a, b = parameters
    n = data.by_frequency
    x = np.arange(n.size)
    value = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    value += gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    d_a = digamma(a + b) - digamma(a + b + x)
    d_b = d_a + digamma(b + x) - digamma(b)
    d_r = digamma(r + x) - digamma(r) + np.log(alpha)
    return np.array([n @ value, n @ d_r, n.sum() * r / alpha, n @ d_a, n @ d_b])


def _singles_part(parameters: Floats, data: _Data) -> Floats:
    """A3: -r ln(alpha+T) of one-time buyers."""
    r, alpha = parameters[:2]
    n = data.single_by_age
    time = alpha + np.arange(n.size)
    logs = n @ np.log(time)
    return np.array([-r * logs, -logs, -r * (n @ (1 / time)), 0.0, 0.0])


def _repeats_part(parameters: Floats, data: _Data) -> Floats:
    """ln(exp A3 + exp A4) of repeat buyers; `gone` is the share of A4."""
    r, alpha, a, b = parameters
    x, recency, age = data.repeat
    n = data.weight
    time = alpha + np.arange(age.max(initial=0) + 1)
    log_age, log_recency = np.log(time)[age], np.log(time)[recency]
    stays = b + x - 1
    alive = -(r + x) * log_age
    lapsed = np.log(a / stays) - (r + x) * log_recency
    value = np.logaddexp(alive, lapsed)
    gone = np.exp(lapsed - value)
    logs = (1 - gone) * log_age + gone * log_recency
    inverse = (r + x) * ((1 - gone) / time[age] + gone / time[recency])
    return np.array([n @ value, -(n @ logs), -(n @ inverse), n @ gone / a, -(n @ (gone / stays))])


def _beta_quadrature(a: float, b: float) -> tuple[Floats, Floats]:
    """Nodes and weights of E[f(p)], p ~ Beta(a, b): Golub & Welsch (1969) on the Jacobi polynomials.

    The weights sum to 1, because the squared first components of orthonormal vectors do.
    """
    k = np.arange(1.0, _NODES)
    low, high = a - 1, b - 1
    both = 2 * k + low + high
    centre = np.append((low - high) / (a + b), (low**2 - high**2) / (both * (both + 2)))
    first = 4 * a * b / ((a + b) ** 2 * (a + b + 1))
    m, both = k[1:], both[1:]
    rest = 4 * m * (m + low) * (m + high) * (m + low + high) / (both**2 * (both + 1) * (both - 1))
    nodes, vectors = eigh_tridiagonal(centre, np.sqrt(np.append(first, rest)))
    return np.clip((nodes + 1) / 2, 1e-15, 1.0), vectors[0] ** 2
