"""A customer's recent days against their own past: several means at once, at the end of every day with activity.

`now` is the mean over the RECENT_DAYS local days that end with the record, `usual` the mean over everything before
them. For measure m and record i, with sums x over n observations now and y over k before,

    size = sign_m * (x / n - y / k) / sqrt(v_m * (1 / n + 1 / k)),

the difference in standard errors, towards leaving. v is the variance of one observation times how much more a
customer's days differ among themselves than that lets expect. Where the own past is short, variances and shares lean on
broad priors. Seconds and lengths of texts are compared by their logarithms, because both are skewed.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.profile.schemas import SignalName
from app.profile.signs.days import Days, Table, Totals, column, table
from app.profile.signs.varints import Ints

Floats = NDArray[np.float64]

RECENT_DAYS = 45
"""A month and a half: long enough for a handful of visits, short enough to say `now`."""
RAISED = 1.2
"""Standard errors at which a signal is raised: by chance one comparison in nine."""
RAISED_OFTEN = 1.5
"""The same for what is observed on every page and can be asked to be surer: one in fifteen."""
DROPPED = 0.8
"""... below which it is dropped again, so that it does not flap."""
STEADY_DAYS = 10.0
"""As many days without more spread than expected stand behind every own spread."""

_DWELL_VARIANCE, _DWELL_WEIGHT = 0.8, 10.0
"""Of ln(seconds) between pages of one person: seconds vary by a factor of 2.5; it weighs as ten pages."""
_RATING_VARIANCE = 1.0
"""Stars of one person differ by about one."""


class Measure(NamedTuple):
    """What is compared: `amount` per `per`, both columns of Totals."""

    name: SignalName
    unit: str
    sign: int
    """1 where more of it is a sign of leaving, -1 where less of it is."""
    amount: str
    per: str
    least_now: int
    least_usual: int
    least_change: float
    """A smaller difference is not worth a name, however sure; of seconds and characters it is one of logarithms."""
    raised: float = RAISED
    prior: float = 0.0
    """A share that is broadly usual ..."""
    prior_weight: float = 0.0
    """... and as how many observations of the own past it weighs."""


MEASURES = (
    Measure(SignalName.SHORTER_DWELL, "seconds", -1, "log_dwell", "timed", 3, 5, 0.2, RAISED_OFTEN),
    Measure(SignalName.SHALLOWER_VISITS, "pages", -1, "browsed", "browses", 2, 3, 0.3),
    Measure(SignalName.SHORTER_REVIEWS, "characters", -1, "review_chars", "reviews", 1, 2, 0.3),
    Measure(SignalName.POORER_REVIEWS, "rating", -1, "rating", "rated", 2, 2, 0.5),
    Measure(SignalName.BROADER_SEARCHES, "share", 1, "broad", "searches", 2, 1, 0.1, prior=0.25, prior_weight=4.0),
    Measure(
        SignalName.IGNORED_RECOMMENDATIONS, "share", 1, "followed", "shown", 2, 1, 0.1, prior=0.7, prior_weight=2.0
    ),
    Measure(SignalName.HARSHER_SUPPORT, "share", 1, "harsh", "talks", 2, 1, 0.1, prior=0.2, prior_weight=2.0),
)
_DWELL, _DEPTH, _LENGTH, _RATING = range(4)
_SHARES, _IGNORED = slice(4, 7), 5
_PER = np.array([column(measure.per) for measure in MEASURES])
_AMOUNTS = np.array([column(measure.amount) for measure in MEASURES])
_UNITS = np.array([0.001, 1.0, 1.0, 0.01, 1.0, 1.0, 1.0])[:, None]
_SIGNS = np.array([measure.sign for measure in MEASURES])[:, None]
_LEAST_NOW = np.array([measure.least_now for measure in MEASURES])[:, None]
_LEAST_USUAL = np.array([measure.least_usual for measure in MEASURES])[:, None]
_LEAST_CHANGE = np.array([measure.least_change for measure in MEASURES])[:, None]
_PRIOR_PER = np.array([measure.prior_weight for measure in MEASURES])[:, None]
_PRIOR_AMOUNT = np.array([measure.prior * measure.prior_weight for measure in MEASURES])[:, None]
_LOG_SQ, _DWELL_MS = column("log_dwell_sq"), column("dwell_ms")


class Standing(NamedTuple):
    """A measure that stands raised at the newest record."""

    measure: Measure
    now: float
    usual: float
    size: float
    n_now: int
    n_usual: int
    first_day: int
    """Local day with which the recent stretch begins."""
    raised_at: float
    """UTC seconds of the last event on the day at whose end it was raised."""


class _Side(NamedTuple):
    """[measures, records] observations and what they sum up to."""

    per: Floats
    amount: Floats


class _Compared(NamedTuple):
    """[measures, records] what is the same however steady a customer is."""

    change: Floats
    """Towards leaving."""
    enough: NDArray[np.bool_]
    variance: Floats
    """Of one observation ..."""
    error: Floats
    """... and of the change, where days differ no more than that lets expect."""


def standing(days: Days) -> list[Standing]:
    """The measures that stand raised at the end of the newest day, as plain means with their size."""
    found = table(days)
    if not _may_stand(days, found):
        return []
    sums = np.zeros((len(found.day) + 1, len(Totals._fields)), dtype=np.int64)
    sums[0] = days.before or 0
    np.add(found.values.cumsum(axis=0), sums[0], out=sums[1:])
    usual = sums[np.searchsorted(found.day, found.day - RECENT_DAYS + 1)]
    now = sums[1:] - usual
    compared = _compared(now, usual)
    sizes = _sizes(compared, _unsteadiness(_side(found.values), _side(sums[:-1]), compared.variance))
    told = []
    for place in np.flatnonzero(sizes[:, -1:] >= DROPPED).tolist():
        raised = _raised(sizes[place].tolist(), MEASURES[place].raised)
        if raised is not None:
            raised_at = float(found.at[raised])
            told.append(_told(place, now[-1], usual[-1], float(sizes[place, -1]), int(found.day[-1]), raised_at))
    return [one for one in told if (one.now - one.usual) * one.measure.sign > 0]


def _may_stand(days: Days, found: Table) -> bool:
    """Whether any measure would stand at the newest record if no day were unusual: most often none does."""
    if not len(found.day):
        return False
    recent = found.values[np.searchsorted(found.day, found.day[-1] - RECENT_DAYS + 1) :].sum(axis=0, keepdims=True)
    usual = found.values.sum(axis=0, keepdims=True) - recent + np.array(days.before or 0)
    return bool((_sizes(_compared(recent, usual), 1.0) >= DROPPED).any())


def _sizes(compared: _Compared, unsteadiness: Floats | float) -> Floats:
    """[measures, records] standard errors towards leaving; 0 where too little was seen."""
    change = compared.change
    size = np.where(compared.enough, change / np.sqrt(compared.error * unsteadiness), 0.0)
    return np.where(change < _LEAST_CHANGE, np.minimum(size, DROPPED), size)


def _compared(now: Ints, usual: Ints) -> _Compared:
    recent, before = _side(now), _side(usual)
    n, k = np.maximum(recent.per, 1.0), np.maximum(before.per, 1.0) + _PRIOR_PER
    mean_now, mean_usual = recent.amount / n, (before.amount + _PRIOR_AMOUNT) / k
    variance = _variance(n, k, mean_now, mean_usual, (now + usual)[:, _LOG_SQ] / 1000)
    mean_now[_LENGTH], mean_usual[_LENGTH] = np.log1p(mean_now[_LENGTH]), np.log1p(mean_usual[_LENGTH])
    return _Compared(
        change=_SIGNS * (mean_now - mean_usual),
        enough=(recent.per >= _LEAST_NOW) & (before.per >= _LEAST_USUAL),
        variance=variance,
        error=variance * (1 / n + 1 / k),
    )


def _side(sums: Ints) -> _Side:
    per, amount = sums[:, _PER].T.astype(np.float64), sums[:, _AMOUNTS].T * _UNITS
    amount[_IGNORED] = np.maximum(per[_IGNORED] - amount[_IGNORED], 0.0)
    return _Side(per, amount)


def _variance(n: Floats, k: Floats, now: Floats, usual: Floats, dwell_squares: Floats) -> Floats:
    """Of one observation: pooled for seconds, Poisson for pages beyond the first, binomial for shares.

    A length is as long as memoryless ones are, so the logarithm of its mean has variance 1 / n.
    """
    pooled = (n * now + k * usual) / (n + k)
    variance = np.ones_like(pooled)
    within = dwell_squares - n[_DWELL] * now[_DWELL] ** 2 - k[_DWELL] * usual[_DWELL] ** 2
    freedom = _DWELL_WEIGHT + np.maximum(n[_DWELL] + k[_DWELL] - 2, 0.0)
    variance[_DWELL] = (_DWELL_VARIANCE * _DWELL_WEIGHT + np.maximum(within, 0.0)) / freedom
    variance[_DEPTH] = np.maximum(pooled[_DEPTH] - 0.5, 0.5)
    variance[_RATING] = _RATING_VARIANCE
    variance[_SHARES] = np.maximum(pooled[_SHARES] * (1 - pooled[_SHARES]), 0.01)
    return variance


def _unsteadiness(daily: _Side, earlier: _Side, variance: Floats) -> Floats:
    """How much more days differ from the mean of all days before them than single observations let expect; at least 1.

    Quasi-likelihood dispersion: the mean of (x - n m)^2 / (n v (1 + n / k)) over the days so far, leaning on 1.
    """
    n, k = np.maximum(daily.per, 1.0), np.maximum(earlier.per, 1.0) + _PRIOR_PER
    mean = (earlier.amount + _PRIOR_AMOUNT) / k
    known = (daily.per > 0) & (earlier.per >= _LEAST_USUAL)
    strange = np.where(known, (daily.amount - n * mean) ** 2 / (n * variance * (1 + n / k)), 0.0)
    spread = (STEADY_DAYS + strange.cumsum(axis=1)) / (STEADY_DAYS + known.cumsum(axis=1))
    spread[_LENGTH] = 1.0
    return np.asarray(np.maximum(spread, 1.0))


def _raised(sizes: list[float], threshold: float) -> int | None:
    """The record at which it was raised, of a signal that stands at the last one; None of one that does not."""
    raised = None
    for place, size in enumerate(sizes):
        if raised is None and size >= threshold:
            raised = place
        elif raised is not None and size < DROPPED:
            raised = None
    return raised


def _told(place: int, now: Ints, usual: Ints, size: float, newest: int, raised_at: float) -> Standing:
    """The plain means that anybody can compute again."""
    n_now, n_usual = int(now[_PER[place]]), int(usual[_PER[place]])
    return Standing(
        measure=MEASURES[place],
        now=_amount(place, now) / n_now,
        usual=_amount(place, usual) / n_usual,
        size=size,
        n_now=n_now,
        n_usual=n_usual,
        first_day=newest - RECENT_DAYS + 1,
        raised_at=raised_at,
    )


def _amount(place: int, sums: Ints) -> float:
    """What is summed up, in its plain unit."""
    if place == _DWELL:
        return float(sums[_DWELL_MS]) / 1000
    if place == _IGNORED:
        return max(float(sums[_PER[place]] - sums[_AMOUNTS[place]]), 0.0)
    return float(sums[_AMOUNTS[place]] * _UNITS[place, 0])
