"""When the next purchase comes: a hazard per stretch of days, learned on the shop's own past.

The horizon is cut into stretches (0, 7], (7, 14], (14, 30] ... For customer i in stretch k, without a purchase before,

    logit h_ik = a_k + b logit h_ik(BG/NBD) + c . z_ik

(discrete-time survival; Cox 1972, section 6; Singer & Willett 1993), z the customer's own rhythm and what they did
lately. A quadratic penalty pulls it to BG/NBD's hazard. P(purchase within t) = 1 - prod over k <= t of (1 - h_ik)
never falls with t. `agree` scales the curve so that the chance over the whole horizon is the estimator's.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from app.predict.inputs.purchases import Floats, Histories, Ints
from app.predict.intent.baskets import Baskets, Touches
from app.predict.intent.habits import due
from app.predict.value import bg_nbd
from app.predict.value.bg_nbd import BgNbd

WINDOWS = (7, 14, 30, 90)
"""Days within which a purchase is forecast, as far as the horizon reaches."""
_EDGES = (7, 14, 30, 60, 90, 180, 365)
_PENALTY = 5.0
"""1 / prior variance of a coefficient ..."""
_PENALTY_STRETCH = 20.0
"""... and of what sets one stretch apart: cuts are few, and each has its own calendar of sales behind it."""
_SURE = 1e-6
_STEADY = 4.0
"""Gaps without a rhythm that everybody is given beside their own."""
_QUIET_DAYS = 90.0
"""Longer silences than that are alike."""
_CART_DAYS = 30


class Pace(NamedTuple):
    """Purchase days of n customers as they stood at the end of a day, and what they did lately."""

    histories: Histories
    steadiness: Floats
    """Shape of their gaps, shrunk to 1."""
    quiet: Floats
    """Days since the last touch, at most _QUIET_DAYS."""
    cart: Floats
    """Things put into the cart in the last days and since the last purchase, less those taken out."""


class Hazards(NamedTuple):
    """What was learned; `edges` are the ends of the stretches in days."""

    edges: tuple[int, ...]
    counts: BgNbd
    gap: float
    """Mean days between two purchases of one customer in the shop."""
    weights: tuple[float, ...]


def edges_of(horizon_days: int) -> tuple[int, ...]:
    """Ends of the stretches; the last one is the horizon."""
    return (*(edge for edge in _EDGES if edge < horizon_days), horizon_days)


def pace(baskets: Baskets, touches: Touches, customers: Ints, day: int) -> Pace:
    """Of customers who have bought by `day`, in the order given (ascending); reads nothing later."""
    mains, mine = baskets.until(day).of(customers).mains(), touches.until(day).of(customers)
    row = np.searchsorted(customers, mains.customer)
    n = customers.size
    first, last = np.full(n, day), np.full(n, 0)
    np.minimum.at(first, row, mains.day)
    np.maximum.at(last, row, mains.day)
    histories = Histories(np.bincount(row, minlength=n) - 1, last - first, day - first)
    return Pace(histories, _steadiness(row, mains.day, n), *_lately(mine, customers, last, day))


class Seen(NamedTuple):
    """One cut: how things stood, and how long customers then took to buy."""

    start: Hazards
    """BG/NBD as it stood at the cut."""
    pace: Pace
    wait: Floats
    """Days until the next purchase; inf where none was seen."""
    days: int
    """How many days after the cut are known; a stretch that ends later teaches nothing."""


def learn(near: Hazards, cuts: Sequence[Seen]) -> Hazards:
    """Fit the hazards to what followed each cut; `near` only saves time."""
    cases = [_at_risk(cut) for cut in cuts]
    x, y = np.concatenate([c[0] for c in cases]), np.concatenate([c[1] for c in cases])
    prior = np.array(untaught(near.edges, near.counts, near.gap).weights)
    return near._replace(weights=tuple(float(w) for w in _fit(x, y, prior, np.array(near.weights))))


def untaught(edges: tuple[int, ...], counts: BgNbd, gap: float) -> Hazards:
    """BG/NBD's own hazards."""
    none = np.zeros(len(edges) + _FEATURES)
    none[len(edges)] = 1.0
    return Hazards(edges, counts, gap, tuple(none.tolist()))


def within(hazards: Hazards, pace: Pace) -> Floats:
    """P(purchase within each edge), shape [n, edges]; rises from left to right."""
    log_stays = np.log(expit(-(_design(hazards, pace) @ np.array(hazards.weights))).clip(_SURE, 1))
    chances: Floats = -np.expm1(np.cumsum(log_stays, axis=1))
    return chances


def agree(chances: Floats, p_no_purchase: Floats) -> Floats:
    """The same curves scaled so that they end in 1 - p_no_purchase: when it comes if it comes stays what was learned.

    To scale the hazards instead was worse wherever it was tried: what the estimator knows better is who has left.
    """
    whole = 1 - p_no_purchase[:, None]
    scaled: Floats = np.minimum(chances / chances[:, -1:].clip(1e-12), 1.0) * whole
    scaled[:, -1:] = whole
    return scaled


def chance_at(edges: tuple[int, ...], chances: Floats, days: Floats) -> Floats:
    """P(purchase within `days`) of one customer, the hazard even between two edges; chances [edges]."""
    log_survival = np.log1p(-np.append(0.0, chances).clip(0, 1 - 1e-12))
    found: Floats = -np.expm1(np.interp(days, np.append(0, edges), log_survival))
    return found


_FEATURES = 12


def _design(hazards: Hazards, pace: Pace) -> Floats:
    """[n, edges, edges + _FEATURES]: one intercept per stretch, then what is known of the customer there."""
    h = pace.histories
    edges = np.array(hazards.edges, np.float64)
    starts = np.append(0.0, edges[:-1])
    n, stretches = h.frequency.size, edges.size
    repeat = (h.frequency > 0)[:, None]
    every = ((h.recency + hazards.gap) / (h.frequency + 1))[:, None]
    silence = (h.T - h.recency)[:, None]
    overdue = np.log(np.maximum(silence + (starts + edges) / 2, 0.5) / np.maximum(every, 0.5))
    first = np.arange(stretches) == 0
    quiet, cart = np.log1p(pace.quiet)[:, None], np.log1p(pace.cart)[:, None]
    rhythm = np.column_stack(
        [due(silence[:, 0] + s, every[:, 0], pace.steadiness, e - s) for s, e in zip(starts, edges, strict=True)]
    )
    columns = (
        _of_counts(hazards, h),
        np.ones((n, 1)),
        repeat,
        np.log1p(h.frequency)[:, None],
        repeat * np.maximum(overdue, 0),
        repeat * np.minimum(overdue, 0),
        repeat * rhythm,
        quiet * first,
        quiet * ~first,
        cart * first,
        cart * ~first,
        np.log1p(silence),
    )
    shared = np.stack([np.broadcast_to(c, (n, stretches)) for c in columns], axis=2)
    own = np.broadcast_to(np.eye(stretches), (n, stretches, stretches))
    return np.concatenate([own, shared], axis=2).astype(np.float64)


def _of_counts(hazards: Hazards, histories: Histories) -> Floats:
    chances = [bg_nbd.p_purchase(hazards.counts, histories, edge) for edge in hazards.edges]
    survival = np.column_stack([np.ones(histories.frequency.size), *(1 - c for c in chances)])
    found: Floats = logit((1 - survival[:, 1:] / np.maximum(survival[:, :-1], _SURE)).clip(_SURE, 1 - _SURE))
    return found


def _at_risk(cut: Seen) -> tuple[Floats, Floats]:
    """Rows of the known stretches that a customer entered without a purchase, and whether it came there."""
    ends, wait = np.array(cut.start.edges), cut.wait[:, None]
    entered = (wait > np.append(0, ends[:-1])) & (ends <= cut.days)
    came = entered & (wait <= ends)
    return _design(cut.start, cut.pace)[entered], came[entered].astype(np.float64)


def _fit(x: Floats, y: Floats, prior: Floats, near: Floats) -> Floats:
    penalty = np.where(np.arange(prior.size) < prior.size - _FEATURES, _PENALTY_STRETCH, _PENALTY)

    def loss(weights: Floats) -> tuple[float, Floats]:
        odds, moved = x @ weights, weights - prior
        value = (np.logaddexp(0, odds) - y * odds).sum() + (penalty * moved**2).sum() / 2
        return float(value), x.T @ (expit(odds) - y) + penalty * moved

    def curvature(weights: Floats) -> Floats:
        chance = expit(x @ weights)
        found: Floats = x.T @ (x * (chance * (1 - chance))[:, None]) + np.diag(penalty)
        return found

    weights: Floats = minimize(loss, near, jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-4}).x
    return weights


def _steadiness(row: Ints, day: Ints, n: int) -> Floats:
    same = row[1:] == row[:-1]
    gap, who = (day[1:] - day[:-1])[same].astype(np.float64), row[1:][same]
    times = np.bincount(who, minlength=n)
    mean = np.bincount(who, gap, n) / np.maximum(times, 1)
    spread = np.bincount(who, (gap / np.maximum(mean[who], 1) - 1) ** 2, n)
    freedom = np.maximum(times - 1, 0)
    found: Floats = ((freedom + _STEADY) / (spread + _STEADY)).clip(1, None)
    return found


def _lately(touches: Touches, customers: Ints, last_purchase: Ints, day: int) -> tuple[Floats, Floats]:
    row, n = np.searchsorted(customers, touches.customer), customers.size
    last = last_purchase.copy()
    np.maximum.at(last, row, touches.day)
    news = (touches.day > day - _CART_DAYS) & (touches.day > last_purchase[row])
    cart = np.bincount(row[news], touches.cart[news], n)
    return np.minimum(day - last, _QUIET_DAYS).astype(np.float64), np.maximum(cart, 0)
