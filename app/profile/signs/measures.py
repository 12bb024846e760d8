"""The comparison of recent days with one's own past, as arithmetic: what each measure is and how large a change is.

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
from app.profile.signs.days import column
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


class Side(NamedTuple):
    """[measures, records] observations and what they sum up to."""

    per: Floats
    amount: Floats


class Compared(NamedTuple):
    """[measures, records] what is the same however steady a customer is."""

    change: Floats
    """Towards leaving."""
    enough: NDArray[np.bool_]
    variance: Floats
    """Of one observation ..."""
    error: Floats
    """... and of the change, where days differ no more than that lets expect."""


def sizes(found: Compared, unsteady: Floats | float) -> Floats:
    """[measures, records] standard errors towards leaving; 0 where too little was seen."""
    size = np.where(found.enough, found.change / np.sqrt(found.error * unsteady), 0.0)
    return np.where(found.change < _LEAST_CHANGE, np.minimum(size, DROPPED), size)


def compared(now: Ints, usual: Ints) -> Compared:
    """Recent sums beside those before them, each [records, columns of Totals]."""
    recent, before = side(now), side(usual)
    n, k = np.maximum(recent.per, 1.0), np.maximum(before.per, 1.0) + _PRIOR_PER
    mean_now, mean_usual = recent.amount / n, (before.amount + _PRIOR_AMOUNT) / k
    variance = _variance(n, k, mean_now, mean_usual, (now + usual)[:, _LOG_SQ] / 1000)
    mean_now[_LENGTH], mean_usual[_LENGTH] = np.log1p(mean_now[_LENGTH]), np.log1p(mean_usual[_LENGTH])
    return Compared(
        change=_SIGNS * (mean_now - mean_usual),
        enough=(recent.per >= _LEAST_NOW) & (before.per >= _LEAST_USUAL),
        variance=variance,
        error=variance * (1 / n + 1 / k),
    )


def side(sums: Ints) -> Side:
    """The measures' own columns of [records, columns of Totals]."""
    per, amount = sums[:, _PER].T.astype(np.float64), sums[:, _AMOUNTS].T * _UNITS
    amount[_IGNORED] = np.maximum(per[_IGNORED] - amount[_IGNORED], 0.0)
    return Side(per, amount)


def plain(sums: Ints) -> Side:
    """What is summed up, in plain units: seconds on pages and no logarithms of them."""
    found = side(sums)
    found.amount[_DWELL] = sums[:, _DWELL_MS] / 1000
    return found


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


def strangeness(daily: Side, earlier: Side, variance: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """How far each day lies from the mean of all before it, (x - n m)^2 / (n v (1 + n / k)), where that is known."""
    n, k = np.maximum(daily.per, 1.0), np.maximum(earlier.per, 1.0) + _PRIOR_PER
    mean = (earlier.amount + _PRIOR_AMOUNT) / k
    known = (daily.per > 0) & (earlier.per >= _LEAST_USUAL)
    return np.where(known, (daily.amount - n * mean) ** 2 / (n * variance * (1 + n / k)), 0.0), known


def unsteadiness(strange: Floats, known: Floats | Ints) -> Floats:
    """How much more days differ among themselves than single observations let expect; at least 1.

    Quasi-likelihood dispersion: the mean strangeness of the days so far, given their running sums, leaning on 1.
    """
    spread = (STEADY_DAYS + strange) / (STEADY_DAYS + known)
    spread[_LENGTH] = 1.0
    return np.asarray(np.maximum(spread, 1.0))
