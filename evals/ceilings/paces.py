"""How likely the days of visits and orders are on each path, and who will be gone soon.

A customer's own rate is unknown; it is integrated out. With a Gamma(a, b) prior (moments of the simulator's
log-normal), n events and exposure E = sum over days of season x phase factor,

    ln P = sum_v ln factor(v) + a ln b - ln Gamma(a) + ln Gamma(a + n) - (a + n) ln(b + E).

Q paths, P personas.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from app.demo.calendar import Calendar
from app.demo.parameters import Custom, CustomerSpread, Noise, Parameters
from evals.ceilings.cases import HORIZON, NEVER
from evals.ceilings.lives import Paths, Phase
from evals.ceilings.watching import Floats, Ints

_MONTH = 30.0
_LEAST = 1e-3
_GRID = 25
_IMPOSSIBLE = -30.0
_USUAL = Noise(share=1.0)


class Counts(NamedTuple):
    """Days of one customer's own visits and of their orders, up to the cut."""

    visits: Ints
    orders: Ints


class Rates(NamedTuple):
    """Gamma priors of a daily rate, [Q, P], and the factor on it in each phase, [F]."""

    shape: Floats
    rate: Floats
    factor: Floats


class Pace(NamedTuple):
    """What the days say; [Q, P]."""

    log_likelihood: Floats
    hazard: Floats
    """P(leaving silently within the horizon)."""

    def leaving(self, silence: Ints, cut: int) -> Floats:
        """P(gone within the horizon): drifted off by then, or left after an order."""
        drifts = (cut < silence) & (silence <= cut + HORIZON)
        return np.asarray(np.where(drifts[:, None], 1.0, self.hazard))


class Paces:
    """The priors of one shop, ready to weigh days."""

    def __init__(self, parameters: Parameters, calendar: Calendar, known: Sequence[Phase], paths: Paths) -> None:
        """Lay out rates, phase factors and the calendar."""
        self._parameters, self._paths = parameters, paths
        self._visits = _visit_rates(parameters, known, paths)
        self._orders = _order_rates(parameters, known, paths)
        self._season = np.log(calendar.rates)
        self._power = np.array([1.0 if noise is None else noise.season_power for noise in paths.noise])
        pace = calendar.rates[None, :] ** self._power[:, None]
        self._elapsed = np.concatenate([np.zeros((len(self._power), 1)), np.cumsum(pace, axis=1)], axis=1)
        self._single = np.array([noise is not None and noise.single for noise in paths.noise])
        self._final = np.array([p.spec.orders == 0 and p.spec.mood == "cool" for p in known])[paths.phase]
        self._gap = _usual_gaps(parameters, paths)
        self._quits = _quits(parameters, paths)

    def silence(self, bounds: Ints) -> Ints:
        """[Q] the day on which the path goes silent for good; NEVER if it does not."""
        return np.asarray(np.where(self._final, bounds[:, :-1], NEVER).min(axis=1))

    def weigh(self, counts: Counts, bounds: Ints, joined: int, cut: int) -> Pace:
        """Likelihood of the days up to the cut, and the chance to leave after one of the orders to come."""
        seen = np.clip(bounds, joined + 1, cut + 1)
        ahead = np.clip(bounds, cut + 1, cut + 1 + HORIZON)
        visits = self._log_likelihood(self._visits, counts.visits[counts.visits > joined], seen)
        # Orders of the first days are what somebody came for: they say nothing of the pace.
        later = counts.orders[counts.orders > joined + self._parameters.customer.at_once_days]
        orders = self._log_likelihood(self._orders, later, seen)
        once = len(counts.orders) <= 1 and not len(later)
        orders[self._single] = 0.0 if once else _IMPOSSIBLE
        rate = (self._orders.shape + len(later)) / (self._orders.rate + self._exposure(self._orders, seen))
        expected = rate * self._exposure(self._orders, ahead)
        quits = self._chance_to_quit(len(counts.orders), rate)
        return Pace(visits + orders, np.where(self._single[:, None], 1.0, 1 - np.exp(-quits * expected)))

    def _log_likelihood(self, rates: Rates, days: Ints, bounds: Ints) -> Floats:
        n, exposure = len(days), self._exposure(rates, bounds)
        within = np.diff(np.searchsorted(days, bounds), axis=1)
        changed = (within * np.log(rates.factor)[self._paths.phase]).sum(axis=1)
        season = self._power * self._season[days].sum()
        a, b = rates.shape, rates.rate
        marginal = a * np.log(b) - gammaln(a) + gammaln(a + n) - (a + n) * np.log(b + exposure)
        return np.asarray(marginal + (changed + season)[:, None])

    def _exposure(self, rates: Rates, bounds: Ints) -> Floats:
        """[Q, 1] days within the bounds, by season and phase."""
        days = np.minimum(bounds, self._elapsed.shape[1] - 1)
        spent = np.diff(np.take_along_axis(self._elapsed, days, axis=1), axis=1)
        return np.asarray((spent * rates.factor[self._paths.phase]).sum(axis=1, keepdims=True))

    def _chance_to_quit(self, orders: int, rate: Floats) -> Floats:
        """[Q, P] chance to leave after the next order of those who stayed after n: E[q (1-q)^n] / E[(1-q)^n].

        Who buys often forgives more: q falls with the customer's rate, for which the posterior mean stands.
        """
        spread = self._parameters.customer
        patience = np.maximum(rate * self._gap, _LEAST) ** spread.forgives
        q = np.minimum(self._quits / patience[:, :, None], spread.quits_at_most)
        stays = (1 - q) ** orders
        return np.asarray((q * stays).sum(axis=2) / stays.sum(axis=2))


def _visit_rates(parameters: Parameters, known: Sequence[Phase], paths: Paths) -> Rates:
    personas, pace = parameters.personas.values(), _mean_pace(parameters.customer)
    median = [[pace * p.visits * _of(noise).visits * _of(noise).quiet_rate for p in personas] for noise in paths.noise]
    factor = np.array([phase.spec.visits for phase in known])
    return _rates(np.array(median), np.full((1, 1), parameters.customer.visit_rate_sigma), factor)


def _order_rates(parameters: Parameters, known: Sequence[Phase], paths: Paths) -> Rates:
    usual, spread = parameters.personas.values(), parameters.customer
    pace = _mean_pace(spread)
    special = [custom.order_rate for custom in _customs(parameters, paths)]
    median = [
        [pace * (p.orders * _of(noise).quiet_rate if rate is None else rate) for p in usual]
        for rate, noise in zip(special, paths.noise, strict=True)
    ]
    sigma = np.array([[spread.order_rate_sigma if rate is None else spread.arc_rate_sigma] for rate in special])
    return _rates(np.array(median), sigma, np.array([phase.spec.orders for phase in known]))


def _mean_pace(spread: CustomerSpread) -> float:
    """Of a customer who is busy elsewhere for a stretch now and then; when, the filter does not ask."""
    quiet = (spread.quiet_days[0] + spread.quiet_days[1]) / 2
    return (spread.quiet_every + spread.quiet_pace * quiet) / (spread.quiet_every + quiet)


def _usual_gaps(parameters: Parameters, paths: Paths) -> Floats:
    """[Q, P] days between the orders of a persona at its usual rate."""
    orders = np.array([persona.orders for persona in parameters.personas.values()])
    quiet = np.array([_of(noise).quiet_rate for noise in paths.noise])
    return np.asarray(_MONTH / (quiet[:, None] * orders))


def _quits(parameters: Parameters, paths: Paths) -> Floats:
    """[Q, 1, G] chances to leave after an order at the usual rate: a grid over those that are drawn."""
    drawn = np.linspace(*parameters.customer.quits_per_order, _GRID)
    fixed = [custom.quits_per_order for custom in _customs(parameters, paths)]
    return np.array([drawn if one is None else np.full(_GRID, one) for one in fixed])[:, None, :]


def _customs(parameters: Parameters, paths: Paths) -> list[Custom]:
    pairs = zip(paths.arc, paths.noise, strict=True)
    return [parameters.arcs[arc] if noise is None else noise for arc, noise in pairs]


def _of(noise: Noise | None) -> Noise:
    return _USUAL if noise is None else noise


def _rates(median: Floats, sigma: Floats, factor: Floats) -> Rates:
    """Gamma with the mean and variance of a log-normal of this median (per month) and sigma."""
    mean = median / _MONTH * np.exp(sigma**2 / 2)
    shape = np.broadcast_to(1 / (np.exp(sigma**2) - 1), mean.shape)
    return Rates(shape, shape / mean, np.maximum(factor, _LEAST))
