"""What a shop's past says of its categories: how popular, what follows what, and how soon it is bought again.

The rhythm of a category is a gamma distribution of the days between two purchases of it by one customer: mean
`every` and shape `steadiness` k. k = 1 has no rhythm (exponential gaps); tea that lasts a month has a large k.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc

from app.predict.inputs.purchases import Floats, Ints
from app.predict.intent.baskets import Baskets

POPULARITY_DAYS = 60.0
"""Half-life of a basket's say in popularity."""
SOON_DAYS = 30.0
"""A purchase is due when the rhythm expects it within these days."""
STEADIEST = 12.0
_SMOOTH = 0.5
"""Baskets that every category is given beforehand."""
_FOLLOWS = 20.0
"""Baskets that popularity is worth beside what followed a category."""
_GAPS = 20.0
"""Gaps that the whole shop is worth beside those of a category ..."""
_OWN_GAPS = 1.0
"""... and that the shop's rhythm is worth beside a customer's own."""
_OVER = 2.0
"""Own gaps of silence after which nothing more is learned from the rhythm."""


@dataclass(frozen=True, eq=False)
class Habits:
    """C categories and, as the last one, all others."""

    names: tuple[str, ...]
    popularity: Floats
    """[C + 1] share of baskets by main category; positive, sums to 1."""
    follows: Floats
    """[C + 1, C + 1] share of next baskets by main category, after a basket of the row's."""
    every: Floats
    """[C + 1] mean days between two purchases of the category by one customer."""
    steadiness: Floats
    """[C + 1] shape k of those gaps relative to each customer's own mean, at least 1."""


def learn(baskets: Baskets, day: int) -> Habits:
    """From baskets up to `day`; reads nothing later."""
    known, size = baskets.until(day), baskets.other + 1
    mains = known.mains()
    weight = 0.5 ** ((day - mains.day) / POPULARITY_DAYS)
    counts = np.bincount(mains.category, weight, size) + _SMOOTH
    popularity = counts / counts.sum()
    every, steadiness = _rhythms(known, size)
    return Habits(known.names, popularity, _follows(mains.customer, mains.category, popularity), every, steadiness)


def due(elapsed: Floats, every: Floats, steadiness: Floats, days: float = SOON_DAYS) -> Floats:
    """How much likelier a purchase within `days` is than without a rhythm, as a logarithm, in [-3, 3].

    Gaps are gamma of mean `every` and shape k: P(gap <= e + d | gap > e) against 1 - exp(-d / every). Where the
    silence is far too long for the rhythm, the rhythm is over: it says no more than at twice its mean.
    """
    mean = np.maximum(every, 1.0)
    rate, seen = steadiness / mean, np.minimum(elapsed, _OVER * mean)
    still, later = gammaincc(steadiness, rate * seen), gammaincc(steadiness, rate * (seen + days))
    chance = 1 - later / np.maximum(still, 1e-300)
    even = -np.expm1(-days / mean)
    ratio: Floats = np.log(np.maximum(chance, 1e-6) / even).clip(-3, 3)
    return ratio


def own_every(first: Ints, last: Ints, times: Ints, shop: Floats) -> Floats:
    """A customer's own days between purchases of a category, shrunk to the shop's."""
    own: Floats = (last - first + _OWN_GAPS * shop) / (np.maximum(times - 1, 0) + _OWN_GAPS)
    return own


def _follows(customer: Ints, category: Ints, popularity: Floats) -> Floats:
    same = customer[1:] == customer[:-1]
    size = popularity.size
    counts = np.zeros((size, size))
    np.add.at(counts, (category[:-1][same], category[1:][same]), 1.0)
    found: Floats = (counts + _FOLLOWS * popularity) / (counts.sum(axis=1, keepdims=True) + _FOLLOWS)
    return found


def _rhythms(known: Baskets, size: int) -> tuple[Floats, Floats]:
    """Mean gap and shape per category, each shrunk to the whole shop's."""
    category, gap, relative = _gaps(known)
    n = np.bincount(category, minlength=size)
    whole = float(gap.mean()) if gap.size else 365.0
    every = (np.bincount(category, gap, size) + _GAPS * whole) / (n + _GAPS)
    spread = np.bincount(category, (relative - 1) ** 2, size)
    variance = (spread + _GAPS) / (n + _GAPS)  # the squared coefficient of variation; 1 for exponential gaps
    return every, np.clip(1 / np.maximum(variance, 1e-9), 1.0, STEADIEST)


def _gaps(known: Baskets) -> tuple[Ints, Floats, Floats]:
    """Category, gap in days, and gap over the customer's own mean gap of the category (of three purchases or more).

    The spread of n gaps round their own mean is too small by (n - 1) / n; it is stretched back.
    """
    order = np.lexsort((known.day, known.category, known.customer))
    who, what, day = known.customer[order], known.category[order], known.day[order]
    same = (who[1:] == who[:-1]) & (what[1:] == what[:-1])
    gap = (day[1:] - day[:-1])[same].astype(np.float64)
    category = what[1:][same]
    pair = np.cumsum(~same)[same] if same.size else category
    _, place, times = np.unique(pair, return_inverse=True, return_counts=True)
    mean = np.bincount(place, gap) / np.maximum(times, 1) if gap.size else gap
    n = times[place] if gap.size else gap
    relative = np.where(n > 1, 1 + (gap / np.maximum(mean[place], 1) - 1) * np.sqrt(n / np.maximum(n - 1, 1)), 2.0)
    return category, gap, relative
