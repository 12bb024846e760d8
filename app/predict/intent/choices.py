"""Which category comes next: a conditional logit over the shop's categories, learned on its own past.

McFadden (1974), Conditional Logit Analysis of Qualitative Choice Behavior, eq. 18:
P(c) = exp(b . x_c) / sum over d of exp(b . x_d). The x_c are
log-ratios to the category's popularity, so that whoever is not known is given the popular ones. The penalised
likelihood pulls b to popularity alone (1, 0, ..., 0).
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from app.predict.inputs.purchases import Floats, Ints
from app.predict.intent.baskets import Baskets, Touches
from app.predict.intent.habits import Habits, due, own_every

FEATURES = ("popular", "own", "own_lately", "last", "follows", "due", "wanted", "wanted_lately", "cart")
"""What speaks for a category: the order of the coefficients."""
_LONG, _SHORT = 365.0, 45.0
"""Half-lives in days of own purchases."""
_WANT_LONG, _WANT_SHORT = 45.0, 7.0
"""Half-lives in days of touches."""
_WORTH = 1.0
"""Purchases, or weight of touches, that popularity is worth beside the customer's own."""
CART_DAYS = 30
"""How long something in the cart is news."""
_PENALTY = 5.0
"""1 / prior variance of every coefficient."""


class Choices(NamedTuple):
    """Learned coefficients, in the order of FEATURES."""

    weights: tuple[float, ...] = (1.0, *(0.0 for _ in FEATURES[1:]))

    def shares(self, features: Floats) -> Floats:
        """P(category | purchase), shape [n, C + 1]; rows sum to 1."""
        found: Floats = softmax(features @ np.array(self.weights), axis=1)
        return found


POPULARITY = Choices()


def features(habits: Habits, baskets: Baskets, touches: Touches, customers: Ints, day: int) -> Floats:
    """[n, C + 1, K] of `customers` as they stood at the end of `day`; reads nothing later."""
    mine = _Mine(baskets.until(day).of(customers), touches.until(day).of(customers), customers, day)
    popularity = habits.popularity
    slow, fast = mine.bought(_LONG), mine.bought(_SHORT)
    last, since = mine.last_main(), mine.rhythm(habits)
    size = popularity.size
    columns = (
        np.broadcast_to(np.log(popularity), slow.shape),
        _beside(slow, popularity),
        _beside(fast, popularity),
        last[:, None] == np.arange(size),
        _followed(habits, last, popularity),
        since,
        _beside(mine.wanted(_WANT_LONG), popularity),
        _beside(mine.wanted(_WANT_SHORT), popularity),
        np.log1p(mine.cart()),
    )
    return np.stack(columns, axis=2).astype(np.float64)


def learn(x: Floats, chosen: Ints, near: Choices = POPULARITY) -> Choices:
    """The penalised maximum of the likelihood of what was chosen; x [n, C + 1, K]. `near` only saves time."""
    prior = np.array(POPULARITY.weights)

    def loss(weights: Floats) -> tuple[float, Floats]:
        log_shares = log_softmax(x @ weights, axis=1)
        moved = weights - prior
        hit = x[np.arange(chosen.size), chosen]
        expected = np.einsum("nc,nck->nk", np.exp(log_shares), x)
        value = -log_shares[np.arange(chosen.size), chosen].sum() + _PENALTY * (moved**2).sum() / 2
        return float(value) / chosen.size, ((expected - hit).sum(axis=0) + _PENALTY * moved) / chosen.size

    bounds = [(0, None) if name != "last" and name != "follows" else (None, None) for name in FEATURES]
    found = minimize(loss, near.weights, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300})
    return Choices(tuple(float(w) for w in found.x))


class _Mine:
    """The customers' own rows, numbered 0..n-1."""

    def __init__(self, baskets: Baskets, touches: Touches, customers: Ints, day: int) -> None:
        self.n, self.size, self.day = customers.size, baskets.other + 1, day
        self.order = np.argsort(customers)
        self.sorted = customers[self.order]
        self.baskets, self.touches = baskets, touches
        self.row, self.touch_row = self._rows(baskets.customer), self._rows(touches.customer)

    def _rows(self, customer: Ints) -> Ints:
        return self.order[np.searchsorted(self.sorted, customer)] if customer.size else customer

    def _table(self, row: Ints, category: Ints, weight: Floats) -> Floats:
        flat = np.bincount(row * self.size + category, weight, self.n * self.size)
        return flat.astype(np.float64).reshape(self.n, self.size)  # integers where there is no row at all

    def bought(self, half_life: float) -> Floats:
        b = self.baskets
        return self._table(self.row, b.category, b.share * 0.5 ** ((self.day - b.day) / half_life))

    def wanted(self, half_life: float) -> Floats:
        t = self.touches
        found = self._table(self.touch_row, t.category, t.weight * 0.5 ** ((self.day - t.day) / half_life))
        found[:, -1] = 0  # a touch without a known category says nothing of what is wanted
        return np.maximum(found, 0)

    def last_main(self) -> Ints:
        mains = self.baskets.mains()
        last = np.full(self.n, -1)
        last[self._rows(mains.customer)] = mains.category  # rows are in order of time: the last one stays
        return last

    def cart(self) -> Floats:
        """Things put into the cart lately and since the category was last bought, less those taken out."""
        t, last = self.touches, self._last_days()
        news = (t.cart != 0) & (t.day > self.day - CART_DAYS) & (t.day > last[self.touch_row, t.category])
        found = self._table(self.touch_row[news], t.category[news], t.cart[news].astype(np.float64))
        found[:, -1] = 0
        return np.maximum(found, 0)

    def rhythm(self, habits: Habits) -> Floats:
        last, first = self._last_days(), np.full((self.n, self.size), np.iinfo(np.int64).max)
        np.minimum.at(first, (self.row, self.baskets.category), self.baskets.day)
        times = self._table(self.row, self.baskets.category, np.ones(self.row.size)).astype(np.int64)
        every = own_every(np.where(times > 0, first, 0), np.where(times > 0, last, 0), times, habits.every)
        found = due(np.maximum(self.day - last, 0).astype(np.float64), every, habits.steadiness)
        found[times == 0] = 0
        found[:, -1] = 0
        return found

    def _last_days(self) -> Ints:
        last = np.full((self.n, self.size), -(10**6))
        np.maximum.at(last, (self.row, self.baskets.category), self.baskets.day)
        return last


def _beside(own: Floats, popularity: Floats) -> Floats:
    """Logarithm of the share of the customer's own, shrunk to popularity, over popularity; 0 for whoever has none."""
    total = own.sum(axis=1, keepdims=True)
    found: Floats = np.log((own + _WORTH * popularity) / (total + _WORTH) / popularity)
    return found


def _followed(habits: Habits, last: Ints, popularity: Floats) -> Floats:
    ratio = np.log(habits.follows / popularity)
    found: Floats = np.where((last >= 0)[:, None], ratio[last], 0.0)
    return found
