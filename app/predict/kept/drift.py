"""Is the shop that a model is asked about still like the one it was fitted on?

Two questions, each with the noise that it would show if nothing had changed, so that an alarm means something.

The population (`shape`, `shifts`): buyers of the last `window_days`, in classes of how long ago, how often and for how
much they bought, and how many of them are new. Population stability index PSI = sum (p - q) ln(p / q) over the classes
(Lewis 1994; Siddiqi 2006, who also gives the thresholds .1 and .25). Two samples of n and m from one population have
PSI / (1/n + 1/m) ~ chi2 with classes - 1 degrees (Yurdakul & Naranjo 2020), so an index within that noise is no shift.

The forecasts (`since`): what was forecast at the fit for the days that have passed since, against what came. Days that
have passed are a part of the horizon; BG/NBD says which part of value and chance falls into them.

A model holds classes and shares, never a customer.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
from scipy.stats import chi2, norm

from app.predict.inputs.purchases import Floats, PurchaseDays, rfm, spend_between
from app.predict.kept.measuring import Forecast
from app.predict.value import bg_nbd
from app.schema import Frozen

WATCH, SHIFTED = 0.1, 0.25
"""Siddiqi's thresholds of the index."""
FALSE_ALARMS = 0.001
"""How often one check may call noise a shift, over all features."""
CLASSES = 10
LEAST_BUYERS = 100
"""Buyers in the window that a comparison needs on either side."""
LEAST_DAYS = 14
"""Days that must have passed before forecasts are judged."""
LEAST_EXPECTED = 20.0
"""Buyers that must have been expected in those days."""
BUYERS_BAND, SPEND_BAND = (0.8, 1.25), (0.67, 1.5)
"""Predicted over actual: within the band no alarm is raised, however sure the figure. Seasons alone reach its edges."""

Verdict = Literal["stable", "watch", "shifted", "unknown"]


class FeatureShape(msgspec.Struct, frozen=True):
    """How customers are spread over the classes of one feature."""

    name: str
    edges: tuple[float, ...]
    """Upper ends of all classes but the last."""
    shares: tuple[float, ...]


class Shape(msgspec.Struct, frozen=True):
    """The buyers of a window at the time of the fit."""

    window_days: int
    buyers: int
    features: tuple[FeatureShape, ...]


class Shift(Frozen):
    """How far one feature has moved since the fit."""

    feature: str
    psi: float | None
    """None with too few buyers."""
    noise: float | None
    """The index that sampling alone would exceed with a chance of `FALSE_ALARMS`."""
    verdict: Verdict


class Ratio(Frozen):
    """Predicted over actual, with the 99.9% interval that an alarm is judged by; None where nothing came."""

    value: float | None
    low: float | None
    high: float | None
    verdict: Verdict


class Since(Frozen):
    """Forecasts made at the fit against the days that have passed since."""

    days: int
    customers: int
    buyers: Ratio
    """How many customers buy at all."""
    spend: Ratio
    """What they spend together."""
    brier: float
    """Mean squared error of the chance to buy nothing in these days."""
    brier_expected: float
    """What it would be if every chance were exact: mean p (1 - p)."""


class DriftCheck(Frozen):
    """Both answers, and the word to act on."""

    verdict: Verdict
    """`shifted`: fit anew before trusting the numbers. `watch`: fit soon. `unknown`: too few buyers or days to tell."""
    shifts: tuple[Shift, ...]
    since: Since | None
    """None before enough days have passed."""


def shape(purchases: PurchaseDays, *, day: int, window_days: int) -> Shape:
    """The buyers of the last `window_days` up to `day`, to be kept with a model fitted then."""
    columns = _columns(purchases, day, window_days)
    features = tuple(_spread(name, column) for name, column in columns.items())
    return Shape(window_days, next(iter(columns.values())).size, features)


def shifts(kept: Shape, purchases: PurchaseDays, *, day: int) -> tuple[Shift, ...]:
    """How far each feature has moved from the kept shape to the buyers of the window that ends on `day`."""
    columns = _columns(purchases, day, kept.window_days)
    level = FALSE_ALARMS / len(kept.features)
    return tuple(_shift(feature, columns[feature.name], kept.buyers, level) for feature in kept.features)


def since(purchases: PurchaseDays, forecast: Forecast, *, fitted_day: int, horizon_days: int, day: int) -> Since | None:
    """Judge `forecast`, made at the end of `fitted_day` for `horizon_days`, by the days up to `day`.

    None when fewer than `LEAST_DAYS` have passed or too few buyers were expected. Days beyond the horizon are not
    looked at.
    """
    days = min(day - fitted_day, horizon_days)
    if days < LEAST_DAYS or forecast.customer.size < LEAST_BUYERS:
        return None
    value, chance = _part(purchases, forecast, fitted_day, horizon_days, days)
    if chance.sum() < LEAST_EXPECTED:
        return None
    spent, bought_on = spend_between(purchases, forecast.customer, fitted_day, fitted_day + days)
    bought = (bought_on > 0).astype(np.float64)
    return Since(
        days=days,
        customers=chance.size,
        buyers=_ratio(chance, bought, BUYERS_BAND),
        spend=_ratio(value, spent, SPEND_BAND),
        brier=round(float(((chance - bought) ** 2).mean()), 6),
        brier_expected=round(float((chance * (1 - chance)).mean()), 6),
    )


def conclude(moved: Sequence[Shift], passed: Since | None) -> DriftCheck:
    """Put both answers together: the worst of them speaks."""
    verdicts = [shift.verdict for shift in moved]
    if passed:
        verdicts += [passed.buyers.verdict, passed.spend.verdict]
    order: tuple[Verdict, ...] = ("shifted", "watch", "stable")
    worst = next((verdict for verdict in order if verdict in verdicts), "unknown")
    return DriftCheck(verdict=worst, shifts=tuple(moved), since=passed)


def _columns(purchases: PurchaseDays, day: int, window_days: int) -> dict[str, Floats]:
    """The features of everyone who bought in the window, one value per customer.

    All look at the window alone. Ages and totals since the first purchase grow with the shop even when nothing
    changes; these do not.
    """
    table = rfm(purchases, day)
    recent = table.last_day > day - window_days
    who = table.customer[recent]
    spent, days = spend_between(purchases, who, day - window_days, day)
    return {
        "days_since_last": (day - table.last_day[recent]).astype(np.float64),
        "purchase_days": days.astype(np.float64),
        "spend_per_day": spent / np.maximum(days, 1),
        "new": (table.first_day[recent] > day - window_days).astype(np.float64),
    }


def _spread(name: str, column: Floats) -> FeatureShape:
    """Classes of about one size; equal values stay in one class, so there may be fewer than `CLASSES`."""
    edges = np.unique(np.quantile(column, np.arange(1, CLASSES) / CLASSES)) if column.size else np.zeros(0)
    edges = edges[edges < column.max(initial=0)]
    return FeatureShape(name, tuple(edges.tolist()), tuple(_shares(column, edges).tolist()))


def _shares(column: Floats, edges: Floats) -> Floats:
    """Share of the customers in each class; half a customer is added to each, so that none is empty."""
    counts = np.bincount(np.searchsorted(edges, column, side="left"), minlength=edges.size + 1) + 0.5
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def _shift(kept: FeatureShape, column: Floats, buyers: int, level: float) -> Shift:
    if min(buyers, column.size) < LEAST_BUYERS:
        return Shift(feature=kept.name, psi=None, noise=None, verdict="unknown")
    then, now = np.array(kept.shares), _shares(column, np.array(kept.edges))
    psi = float(((now - then) * np.log(now / then)).sum())
    noise = float(chi2.ppf(1 - level, max(then.size - 1, 1)) * (1 / buyers + 1 / column.size))
    verdict: Verdict = "stable" if psi <= max(WATCH, noise) else "watch" if psi <= max(SHIFTED, noise) else "shifted"
    return Shift(feature=kept.name, psi=round(psi, 6), noise=round(noise, 6), verdict=verdict)


def _part(
    purchases: PurchaseDays, forecast: Forecast, fitted_day: int, horizon_days: int, days: int
) -> tuple[Floats, Floats]:
    """Value and chance to buy of the first `days` of the horizon, shape [n] each.

    BG/NBD's expected purchases and chance over `days` beside those over the horizon say which part; the chance is
    scaled as -ln(1 - p), the expected number of purchases of a Poisson process with that chance.
    """
    chance = 1 - forecast.p_no_purchase
    if days == horizon_days:
        return forecast.value, chance
    table = rfm(purchases, fitted_day)
    rows = np.searchsorted(table.customer, forecast.customer)
    histories = type(table.histories)(*(column[rows] for column in table.histories))
    model = bg_nbd.fit(table.histories)
    of_value = bg_nbd.expected_purchases(model, histories, days) / bg_nbd.expected_purchases(
        model, histories, horizon_days
    )
    of_chance = bg_nbd.p_purchase(model, histories, days) / bg_nbd.p_purchase(model, histories, horizon_days)
    return forecast.value * of_value, chance * of_chance


def _ratio(predicted: Floats, actual: Floats, band: tuple[float, float]) -> Ratio:
    """Sum predicted over sum actual; the delta method over customers on the logarithm gives its interval."""
    total, came = float(predicted.sum()), float(actual.sum())
    if came <= 0:
        return Ratio(value=None, low=None, high=None, verdict="shifted")
    ratio = total / came
    error = float(np.sqrt(((predicted - ratio * actual) ** 2).sum())) / total
    reach = float(np.exp(norm.ppf(1 - FALSE_ALARMS / 2) * error))
    low, high = ratio / reach, ratio * reach
    surely_out, out = low > band[1] or high < band[0], (low > 1 or high < 1) and not band[0] <= ratio <= band[1]
    verdict: Verdict = "shifted" if surely_out else "watch" if out else "stable"
    return Ratio(value=round(ratio, 6), low=round(low, 6), high=round(high, 6), verdict=verdict)
