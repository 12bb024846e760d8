"""A million buyers who live as BG/NBD and Gamma-Gamma say, and the papers' formulas written down plainly.

The formulas are the gates of the `ltv` bench: one row per customer, nothing compressed, looked up or shared with the
product's estimators. Time is in whole days, several purchases on one day are one.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1

from app.predict.inputs.purchases import Histories, PurchaseDays
from app.predict.value.bg_nbd import BgNbd
from app.predict.value.gamma_gamma import GammaGamma

Floats = NDArray[np.float64]

RHYTHM = BgNbd(r=0.8, alpha=70.0, a=0.8, b=2.5)
MONEY = GammaGamma(p=6.0, q=4.0, gamma=1500.0)
YOUNGEST, OLDEST = 182, 546
"""Days since the first purchase: customers came evenly over a year that ended half a year ago."""


class Buyers(NamedTuple):
    """One row per customer: when they bought, and the mean amount of their repeat purchases (0 without any)."""

    histories: Histories
    spend: Floats


def simulate(customers: int, *, seed: int) -> Buyers:
    """Customers of `RHYTHM` and `MONEY`."""
    dice = np.random.default_rng(seed)
    age = dice.integers(YOUNGEST, OLDEST + 1, customers)
    rate, leaves = dice.gamma(RHYTHM.r, 1 / RHYTHM.alpha, customers), dice.beta(RHYTHM.a, RHYTHM.b, customers)
    at, times, last = np.zeros(customers), np.zeros_like(age), np.zeros_like(age)
    here = np.arange(customers)
    while here.size:
        at[here] += dice.exponential(1 / rate[here])
        here = here[at[here] < age[here] + 1]
        day = at[here].astype(np.int64)
        times[here] += day > last[here]
        last[here] = day
        here = here[dice.random(here.size) >= leaves[here]]
    worth = dice.gamma(MONEY.q, 1 / MONEY.gamma, customers)
    total = dice.gamma(MONEY.p * np.maximum(times, 1)) / worth
    return Buyers(Histories(times, last, age), np.where(times > 0, total / np.maximum(times, 1), 0.0))


def purchase_days(buyers: Buyers, *, until: int, seed: int) -> PurchaseDays:
    """Days and amounts that give these histories as of day `until`; those between first and last are drawn evenly."""
    dice = np.random.default_rng(seed)
    x, recency, age = buyers.histories
    who = np.repeat(np.arange(x.size, dtype=np.int32), np.maximum(x - 1, 0))
    between = 1 + (dice.random(who.size) * (recency[who] - 1)).astype(np.int64)
    everybody = np.arange(x.size, dtype=np.int32)
    again = everybody[x > 0]
    customer = np.concatenate([everybody, again, who])
    after = np.concatenate([np.zeros_like(x), recency[again], between])
    amount = np.where(x > 0, buyers.spend, MONEY.p * MONEY.gamma / (MONEY.q - 1))[customer].astype(np.int64)
    names = tuple(f"c{i:07}" for i in range(x.size))
    return PurchaseDays.add_up(names, customer, until - age[customer] + after, amount)


def log_likelihood(model: BgNbd, histories: Histories) -> float:
    """Eq. 6 of Fader, Hardie & Lee (2005), summed over customers."""
    r, alpha, a, b = model
    x, recency, age = histories
    counts = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    counts += gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    alive = -(r + x) * np.log(alpha + age)
    gone = np.log(a / np.maximum(b + x - 1, 1e-300)) - (r + x) * np.log(alpha + recency)
    return float((counts + np.where(x > 0, np.logaddexp(alive, gone), alive)).sum())


def most_likely(histories: Histories) -> BgNbd:
    """The exact maximum, found from the truth without a gradient."""
    found = minimize(
        lambda theta: -log_likelihood(BgNbd(*np.exp(theta)), histories) / histories.T.size,
        np.log(RHYTHM),
        method="L-BFGS-B",
        options={"ftol": 1e-12, "gtol": 1e-6},
    )
    return BgNbd(*(float(value) for value in np.exp(found.x)))


def expected_spend(rhythm: BgNbd, money: GammaGamma, buyers: Buyers, days: int) -> Floats:
    """Eq. 10 of Fader, Hardie & Lee (2005) times eq. 5 of Fader & Hardie (2013); a must not be 1."""
    r, alpha, a, b = rhythm
    x, recency, age = buyers.histories
    then = alpha + age + days
    left = 1 - ((alpha + age) / then) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, days / then)
    odds_gone = (x > 0) * a / np.maximum(b + x - 1, 1e-300) * ((alpha + age) / (alpha + recency)) ** (r + x)
    purchases = (a + b + x - 1) / (a - 1) * left / (1 + odds_gone)
    worth = money.p * (money.gamma + x * buyers.spend) / (money.p * x + money.q - 1)
    found: Floats = purchases * worth
    return found
