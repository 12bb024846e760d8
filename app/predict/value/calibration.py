"""What a stretch of the past that the forecasts had not seen says of them, and what is done about it.

The forecasts are fitted as of an earlier day, asked for the days that follow, and compared with what happened up to
`day`; nothing later is read. That teaches how much each forecast counts (`blend`), how far spend lies from what is
expected (`scatter`) and which widths of the interval went with which errors. What is shown as measured is measured on
customers other than those that taught: one half teaches the other's interval.
"""

from collections.abc import Mapping
from datetime import date, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.predict.inputs.purchases import Floats, PurchaseDays, spend_between
from app.predict.schemas import Calibration, ChurnCalibration
from app.predict.scores import brier, pit_above_q90
from app.predict.value import blend, ensemble, scatter
from app.predict.value.ensemble import Ensemble
from app.predict.value.features import Beside
from app.predict.value.lessons import LEAST_HORIZON_DAYS, horizon_of, lesson
from app.predict.value.scatter import Scatter, Spread
from app.predict.value.season import Calendar, Season, season

YEAR = 364
"""Whole weeks, so that a weekend meets a weekend."""
MOST_YEARS = 3
LEAST_OUTCOMES = 30
"""Customers who bought after the cut, and who did not, that it takes to measure anything."""
_LEVEL_DOUBT = 0.15
"""By how much the level of one stretch of days differs from the next (standard deviation of the logarithm)."""
_LEAST_CHANCE = 1e-3
_HIGH_ERROR, _MEDIUM_ERROR = 0.5, 1.0
"""Mean error over mean value up to which customers are told with high and with medium confidence."""
_GROUPS = 12


class LookBack(msgspec.Struct, frozen=True):
    """One look back."""

    cut_day: int
    horizon_days: int
    n: int
    weights: dict[str, float]
    """By forecast, summing to 1."""
    raised: dict[str, float]
    """By forecast: the part of its measured level that is taken over."""
    tail: float
    """Share of customers, lowest first, who could not be told apart (`blend.tail`)."""
    scatter: Scatter
    high_error: float
    """Expected error over value up to which customers are told with high confidence ..."""
    medium_error: float
    """... and with medium: as far as the errors of the look back stayed below their limits."""
    level: float
    """Sum predicted over sum spent."""
    above_q90: float
    """Randomised PIT of the half that did not teach; the ideal is .10."""
    brier: float
    predicted: float
    """Mean chance of no purchase."""
    observed: float
    """Share that did not buy."""

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
        return ChurnCalibration(
            set=self.label,
            n=self.n,
            brier=round(self.brier, 4),
            predicted=round(self.predicted, 4),
            observed=round(self.observed, 4),
        )


class Blended(msgspec.Struct, frozen=True):
    """Forecasts put together, shape [n] each; spend in the ensemble's units."""

    mean: Floats
    p_zero: Floats

    @property
    def if_bought(self) -> Floats:
        """Mean spend of those who buy."""
        found: Floats = self.mean / np.maximum(1 - self.p_zero, _LEAST_CHANCE)
        return found


def look_back(
    purchases: PurchaseDays, day: int, *, horizon_days: int, unit: float, calendar: Calendar, beside: Beside | None
) -> LookBack | None:
    """Fit at an earlier cut and compare; None when what lies before or after the cut is too little."""
    horizon = horizon_of(purchases, day, horizon_days)
    cut = day - horizon
    if horizon < LEAST_HORIZON_DAYS or lesson(purchases, cut, horizon_days=horizon, unit=unit, beside=beside) is None:
        return None
    fitted = ensemble.fit(purchases, cut, horizon_days=horizon, unit=unit, calendar=calendar, beside=beside)
    means = ensemble.forecast(fitted, purchases, cut, horizon_days=horizon, beside=beside)
    minor, orders = spend_between(purchases, means.table.customer, cut, day)
    spend, bought = minor / unit, orders > 0
    if min(int((bought & (spend > 0)).sum()), int((~bought).sum())) < LEAST_OUTCOMES:
        return None
    seen = years_seen(purchases, cut, fitted, unit=unit, beside=beside)
    expected = {name: seasonal(fitted, calendar, cut, horizon, name, seen) for name in means.spend}
    spends = {name: column * expected[name].factor for name, column in means.spend.items()}
    weights = blend.weights(spends, spend)
    levels = {name: blend.level(column, spend) for name, column in spends.items()}
    raised = blend.raised(levels, weights, borrowing=ensemble.BORROWING)
    apart = together(spends, means.p_zero, weights, raised, expected)
    tail = blend.tail(apart.mean, spend)
    told = Blended(floor_of(apart, tail).over(apart.mean), apart.p_zero)
    return _measured(told, spend, bought, expected, LookBackBase(cut, horizon, weights, raised, tail))


class LookBackBase(msgspec.Struct, frozen=True):
    """What a look back has learned before it measures."""

    cut_day: int
    horizon_days: int
    weights: dict[str, float]
    raised: dict[str, float]
    tail: float


class Floor(msgspec.Struct, frozen=True):
    """Below `limit` customers are told their common mean; in units."""

    limit: float
    common: float

    def over(self, mean: Floats) -> Floats:
        """The forecasts with this floor."""
        return blend.pooled(mean, self.limit, self.common)


def floor_of(told: "Blended", tail: float) -> Floor:
    """The floor under the lowest share `tail` of these customers."""
    limit = float(np.quantile(told.mean, tail))
    return Floor(limit, blend.mean_below(told.mean, limit))


def together(
    spends: Mapping[str, Floats],
    p_zero: Floats,
    weights: Mapping[str, float],
    raised: Mapping[str, float],
    expected: Mapping[str, Season],
) -> Blended:
    """One forecast of several. In a season of factor f a chance of no purchase P becomes P^f, as of a rate times f."""
    whole = sum(weights[name] for name in spends)
    mean = sum(weights[name] / whole * raised[name] * column for name, column in spends.items())
    taught = expected.get("line", expected["bg_nbd"]).factor
    return Blended(np.asarray(mean, np.float64), p_zero**taught)


def seasonal(fitted: Ensemble, calendar: Calendar, day: int, horizon: int, member: str, seen: list[float]) -> Season:
    """What the days after `day` bring beside those that a member of the ensemble learned from."""
    if member == "bg_nbd" or fitted.learned is None:
        learned_on = calendar.index(fitted.first_day, fitted.day)
    else:
        learned_on = fitted.learned.index
    return season(calendar, after=day, until=day + horizon, learned_on=learned_on, seen=seen)


def years_seen(
    purchases: PurchaseDays, day: int, fitted: Ensemble, *, unit: float, beside: Beside | None
) -> list[float]:
    """What was bought in the same stretch of earlier years, beside what is usual for the forecast of BG/NBD."""
    learned = fitted.learned
    if learned is None or learned.usual_level <= 0 or learned.horizon_days > YEAR:
        return []  # the stretch of a year ago must be over
    found = []
    for years in range(1, MOST_YEARS + 1):
        then = lesson(purchases, day - years * YEAR, horizon_days=learned.horizon_days, unit=unit, beside=beside)
        if then is None or then.spend.sum() <= 0:
            break
        found.append(float(then.spend.sum() / then.features.expected.sum() / learned.usual_level))
    return found


def doubt_of(expected: Mapping[str, Season]) -> float:
    """How uncertain the level of the days ahead is (standard deviation of its logarithm)."""
    return float(np.hypot(_LEVEL_DOUBT, max(one.doubt for one in expected.values())))


def interval(told: Blended, learned: Scatter, expected: Mapping[str, Season]) -> Spread:
    """Quantiles and expected error of spend; wider where the season ahead was never seen."""
    return scatter.spread(learned, told.p_zero, told.if_bought, doubt=doubt_of(expected))


def confidence(past: LookBack, told: Blended, found: Spread) -> NDArray[np.str_]:
    """`high`, `medium` or `low` by the error that the interval implies, beside the errors that the look back measured.

    Low as well when the value lies above its own q90: a rare large purchase carries it.
    """
    relative = found.error / np.maximum(told.mean, 1e-12)
    usual = told.mean <= found.q90
    named = np.where(usual & (relative <= past.medium_error), "medium", "low")
    return np.where(usual & (relative <= past.high_error), "high", named)


def _measured(
    told: Blended, spend: Floats, bought: NDArray[np.bool_], expected: Mapping[str, Season], base: LookBackBase
) -> LookBack:
    every = np.ones(spend.size)
    half = _half(spend > 0)
    learned = _scatter(told, spend, np.ones(spend.size, np.bool_))
    limits = _limits(interval(told, learned, expected).error, told.mean, spend)
    return LookBack(
        **msgspec.structs.asdict(base),
        n=spend.size,
        scatter=learned,
        high_error=limits[0],
        medium_error=limits[1],
        level=blend.level(told.mean, spend),
        above_q90=(_above(told, spend, half, expected) + _above(told, spend, ~half, expected)) / 2,
        brier=brier((~bought).astype(np.float64), told.p_zero, every),
        predicted=float(told.p_zero.mean()),
        observed=float((~bought).mean()),
    )


def _half(paid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Every other one of those who paid, and of those who did not: each half can teach, whatever the order of ids."""
    half = np.zeros(paid.size, np.bool_)
    half[np.argsort(paid, kind="stable")[::2]] = True
    return half


def _scatter(told: Blended, spend: Floats, teach: NDArray[np.bool_]) -> Scatter:
    used = teach & (spend > 0)
    return scatter.learn(told.if_bought[used], spend[used])


def _above(told: Blended, spend: Floats, teach: NDArray[np.bool_], expected: Mapping[str, Season]) -> float:
    """Share above q90 of those who did not teach."""
    rest = Blended(told.mean[~teach], told.p_zero[~teach])
    found = interval(rest, _scatter(told, spend, teach), expected)
    return pit_above_q90(spend[~teach], found.q90, rest.p_zero, np.ones(rest.mean.size))


def _limits(expected: Floats, mean: Floats, spend: Floats) -> tuple[float, float]:
    """Up to which expected error (over the value) the error stayed small: for high, and for medium confidence.

    Customers are put in order of it; errors over values are made monotone in it (pool adjacent violators), so that who
    is expected to be farther off never counts as the surer one.
    """
    relative = expected / np.maximum(mean, 1e-12)
    groups = np.array_split(np.argsort(relative, kind="stable"), min(_GROUPS, relative.size))
    error = _rising([(float(np.abs(spend - mean)[g].sum()), float(mean[g].sum())) for g in groups])
    limits = [float(relative[group].max()) for group in groups]
    return _last(limits, error, _HIGH_ERROR), _last(limits, error, _MEDIUM_ERROR)


def _rising(parts: list[tuple[float, float]]) -> list[float]:
    """Ratios of neighbouring groups, pooled until none falls."""
    blocks: list[tuple[float, float, int]] = []
    for error, value in parts:
        blocks.append((error, value, 1))
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] > blocks[-1][0] * blocks[-2][1]:
            last, before = blocks.pop(), blocks.pop()
            blocks.append((before[0] + last[0], before[1] + last[1], before[2] + last[2]))
    return [error / max(value, 1e-12) for error, value, count in blocks for _ in range(count)]


def _last(limits: list[float], error: list[float], most: float) -> float:
    """The widest group whose error is small enough; 0 where none is."""
    return max((limit for limit, one in zip(limits, error, strict=True) if one <= most), default=0.0)
