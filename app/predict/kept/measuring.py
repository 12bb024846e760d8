"""How a fit does out of time: the same procedure fitted a horizon earlier, against what then happened.

Nothing after `as_of_day` is read, and the earlier fit reads nothing after its own cut. So the figures are of the whole
procedure (models, blend, corrections and intervals together) on customers and days that it had not seen. They are of
one stretch of the past: a season that it did not hold is not in them.

Intervals are 95% percentile bootstrap intervals over customers (Efron 1979); all figures of a draw share their weights.
Shares of small groups have Wilson's (1927), which is honest when nobody, or everybody, is among them.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.predict import scores
from app.predict.inputs.purchases import Floats, Ints, PurchaseDays, spend_between
from app.schema import Frozen

LEAST_HORIZON_DAYS = 28
"""Over fewer days nothing is measured."""
MOST_CUSTOMERS = 20_000
"""Customers that are measured, drawn by lot when there are more: their interval is narrow enough."""
ROUNDS = 400
LEVELS = 10
_EPOCH = date(1970, 1, 1)
_Z = 1.959963984540054
"""97.5% point of the normal distribution."""


class Forecast(NamedTuple):
    """What a fit says of the customers whom it can estimate, shape [n] each; amounts in minor units."""

    customer: Ints
    """Index into the `customer_ids` of the purchases that it was fitted on."""
    value: Floats
    median: Floats
    q10: Floats
    q90: Floats
    p_no_purchase: Floats

    def of(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "Forecast":
        """The same of some customers."""
        customer, value, median, q10, q90, chance = self
        return Forecast(customer[which], value[which], median[which], q10[which], q90[which], chance[which])

    def over(self, unit: int) -> "Forecast":
        """Amounts divided by `unit`."""
        customer, value, median, q10, q90, chance = self
        return Forecast(customer, value / unit, median / unit, q10 / unit, q90 / unit, chance)


Learner = Callable[[int, int], Forecast | None]
"""(cut day, horizon) -> the forecast as of that day from what was known by its end; None: too little to fit."""


class Figure(Frozen):
    """One measured figure with its 95% interval; None where it is undefined."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    """Customers behind it."""


class LevelRow(Frozen):
    """Customers of about the same predicted value, lowest first: are they told the truth?"""

    n: int
    predicted: float
    """Mean predicted value, major units."""
    actual: Figure
    """Mean of what they spent, major units."""
    above_q90: Figure
    """Share above their own predicted 90% quantile, randomised PIT; the ideal is .10."""
    predicted_no_purchase: float
    no_purchase: Figure
    """Share that bought nothing."""


class Measured(Frozen):
    """One look back."""

    cut: date
    """The earlier fit read nothing after this day."""
    horizon_days: int
    """Shorter than the model's where the history is short."""
    customers: int
    """Customers who could be forecast then."""
    figures: dict[str, Figure]
    """By name; amounts in major units. Definitions: `scores`."""
    levels: tuple[LevelRow, ...]


class _Outcome(NamedTuple):
    """Forecasts in major units, beside what happened."""

    forecast: Forecast
    actual: Floats
    nothing: Floats
    """1 for who bought nothing, else 0."""
    floor: float


def look_back(
    purchases: PurchaseDays, learner: Learner, *, as_of_day: int, horizon_days: int, minor_units: int, seed: int = 0
) -> Measured | None:
    """Measure `learner` on the days up to `as_of_day`; None when the history is too short for it.

    The horizon shrinks to half of the history when that is shorter.
    """
    known = purchases.until(as_of_day)
    history = as_of_day - int(known.day.min(initial=as_of_day))
    horizon = min(horizon_days, history // 2)
    cut = as_of_day - horizon
    forecast = learner(cut, horizon) if horizon >= LEAST_HORIZON_DAYS else None
    if forecast is None or not forecast.customer.size:
        return None
    outcome = _outcome(known, _drawn(forecast, seed), cut, as_of_day, minor_units)
    return Measured(
        cut=_EPOCH + timedelta(days=cut),
        horizon_days=horizon,
        customers=forecast.customer.size,
        figures=_bootstrap(_statistic(outcome), outcome.actual.size, seed),
        levels=_levels(outcome, seed),
    )


def _drawn(forecast: Forecast, seed: int) -> Forecast:
    if forecast.customer.size <= MOST_CUSTOMERS:
        return forecast
    picked = np.sort(np.random.default_rng(seed).permutation(forecast.customer.size)[:MOST_CUSTOMERS])
    return forecast.of(picked)


def _outcome(known: PurchaseDays, forecast: Forecast, cut: int, until: int, minor_units: int) -> _Outcome:
    spent, days = spend_between(known, forecast.customer, cut, until)
    before, _ = spend_between(known, forecast.customer, 2 * cut - until, cut)
    floor = max(0.01 * float(before.mean()) / minor_units, 1 / minor_units)
    return _Outcome(forecast.over(minor_units), spent / minor_units, (days == 0).astype(np.float64), floor)


def _statistic(outcome: _Outcome) -> Callable[[Floats], dict[str, float]]:
    forecast, actual, nothing, floor = outcome
    mean = scores.forecast(actual, forecast.value, floor=floor)
    chance = forecast.p_no_purchase
    rank = scores.levels(chance)

    def figures(weight: Floats) -> dict[str, float]:
        return {
            "spearman": scores.spearman(mean, weight),
            "gini": scores.gini(mean, weight),
            "tweedie": scores.tweedie(mean, weight),
            "level": scores.level(mean, weight),
            "rmse": scores.rmse(mean, weight),
            "mae": scores.mae(actual, forecast.median, weight),
            "pit_above_q90": scores.pit_above_q90(actual, forecast.q90, chance, weight),
            "inside_q10_q90": scores.inside(actual, forecast.q10, forecast.q90, weight),
            "auc": scores.auc(nothing, rank, weight),
            "brier": scores.brier(nothing, chance, weight),
            "ece": scores.ece(nothing, chance, weight),
        }

    return figures


def _bootstrap(statistic: Callable[[Floats], dict[str, float]], n: int, seed: int) -> dict[str, Figure]:
    random = np.random.default_rng(seed)
    values = statistic(np.ones(n))
    drawn = [statistic(np.bincount(random.integers(0, n, n), minlength=n).astype(np.float64)) for _ in range(ROUNDS)]
    return {name: _figure(value, np.array([one[name] for one in drawn]), n) for name, value in values.items()}


def _figure(value: float, drawn: Floats, n: int) -> Figure:
    seen = drawn[np.isfinite(drawn)]
    if not np.isfinite(value):
        return Figure(value=None, low=None, high=None, n=n)
    low, high = np.percentile(seen, [2.5, 97.5]) if seen.size else (None, None)
    return Figure(value=round(value, 6), low=_rounded(low), high=_rounded(high), n=n)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)


def _levels(outcome: _Outcome, seed: int) -> tuple[LevelRow, ...]:
    """Up to `LEVELS` groups of about one size; customers with one predicted value stay together."""
    value = outcome.forecast.value
    edges = np.quantile(value, np.arange(1, LEVELS) / LEVELS)
    group = np.searchsorted(np.unique(edges), value, side="right")
    return tuple(_row(outcome, group == g, seed) for g in np.unique(group))


def _row(outcome: _Outcome, which: NDArray[np.bool_], seed: int) -> LevelRow:
    forecast = outcome.forecast.of(which)
    actual, nothing = outcome.actual[which], outcome.nothing[which]

    ones = np.ones(actual.size)
    above = scores.pit_above_q90(actual, forecast.q90, forecast.p_no_purchase, ones)
    spent = _bootstrap(lambda weight: {"actual": scores.average(actual, weight)}, actual.size, seed)
    return LevelRow(
        n=actual.size,
        predicted=round(float(forecast.value.mean()), 6),
        actual=spent["actual"],
        above_q90=_wilson(above, actual.size),
        predicted_no_purchase=round(float(forecast.p_no_purchase.mean()), 6),
        no_purchase=_wilson(scores.average(nothing, ones), actual.size),
    )


def _wilson(share: float, n: int) -> Figure:
    """A share with its 95% interval."""
    centre = share + _Z**2 / (2 * n)
    reach = _Z * float(np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)))
    scale = 1 + _Z**2 / n
    low, high = max((centre - reach) / scale, 0.0), min((centre + reach) / scale, 1.0)
    return Figure(value=round(share, 6), low=round(low, 6), high=round(high, 6), n=n)
