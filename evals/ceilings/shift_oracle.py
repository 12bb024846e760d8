"""The shifts that the oracle would report, of all that happened until the last day of each customer.

For one customer, with w(q, k) the posterior of path q and own interests k (`oracle.py`), and (a, b, d) = "wants b most
instead of a from day d on",

    m(a, b, d) = sum over q, k, stages s with tops a -> b that meet on day d of w(q, k)
    M(a, b, d) = sum over |e - d| <= 10 of m(a, b, e).

Guessed are the (a, b, d) of the largest M, one after the other, each with the days that it covers taken away. Of those
that lie at most 10 days apart the one with the largest M is reported, down to a threshold: the lowest at which the
oracle's own false shifts among customers without an arc stay rare.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from app.demo.shop import DemoShop
from evals.ceilings.oracle import Oracle, Posterior
from evals.ceilings.visits import Visits
from evals.ceilings.watching import Floats, Ints
from evals.scorers.shifts import WITHIN, Change, one_story
from evals.task import Say

PATH_DRAWS = 120
"""Paths per arc: of 30 too few have every phase begin within days of the true one."""
RARE = 0.05
"""False shifts per quarter of a customer without an arc."""
_LEAST = 0.05
"""Mass below which nothing is worth a report, whatever the threshold."""
_NEGLIGIBLE = 1e-6
_TOLD = 500


class Guess(NamedTuple):
    """A change with how likely it is, to within WITHIN days."""

    change: Change
    mass: float


def guesses(shop: DemoShop, topics: tuple[str, ...], found: Visits, ends: Ints, say: Say) -> list[list[Guess]]:
    """Per customer, the changes up to their last day that the oracle holds possible."""
    oracle = Oracle(shop, topics, path_draws=PATH_DRAWS)
    reader = _Reader(oracle, topics)
    edges = np.searchsorted(found.customer, np.arange(len(ends) + 1))
    told = []
    for customer, (first, last) in enumerate(pairwise(edges)):
        told.append(reader.read(Visits._make(column[first:last] for column in found), int(ends[customer])))
        if (customer + 1) % _TOLD == 0:
            say(f"the oracle has looked for shifts of {customer + 1:,} customers")
    return told


class _Reader:
    """Turns posteriors into guesses."""

    def __init__(self, oracle: Oracle, topics: tuple[str, ...]) -> None:
        self._oracle, self._tops, self._topics = oracle, oracle.stage_tops, topics

    def read(self, of: Visits, end: int) -> list[Guess]:
        """The guesses of one customer; none of one who never came."""
        if not len(of.day) or of.day[0] > end:
            return []
        mass = self._mass(self._oracle.posterior(of, end), int(of.day[0]), end)
        return [
            guess
            for pair in np.flatnonzero(mass.sum(axis=1) >= _LEAST)
            for guess in self._peeled(int(pair), mass[pair])
        ]

    def _mass(self, posterior: Posterior, joined: int, end: int) -> Floats:
        """[T * T, end + 1] m(a, b, d); lives of negligible weight are left out."""
        path, own = np.nonzero(posterior.weight > _NEGLIGIBLE)
        weight = posterior.weight[path, own]
        kinds, found = len(self._topics), np.zeros(len(self._topics) ** 2 * (end + 1))
        for stage in range(1, self._tops.shape[1]):
            day = posterior.bounds[path, stage]
            before, after = self._tops[path, stage - 1, own], self._tops[path, stage, own]
            real = (before != after) & (joined < day) & (day <= end)
            cell = (before * kinds + after) * (end + 1) + day
            found += np.bincount(cell[real], weights=weight[real], minlength=len(found))
        return found.reshape(kinds * kinds, end + 1)

    def _peeled(self, pair: int, mass: Floats) -> Iterator[Guess]:
        """The best day, then the best of what it does not cover, and so on."""
        before, after = (self._topics[part] for part in divmod(pair, len(self._topics)))
        left = mass.copy()
        while (near := _windowed(left)).max() >= _LEAST:
            best = np.flatnonzero(near >= near.max() * (1 - 1e-9))
            day = int(best[len(best) // 2])
            yield Guess(Change(before, after, day), float(near[day]))
            left[max(day - WITHIN, 0) : day + WITHIN + 1] = 0


def _windowed(mass: Floats) -> Floats:
    """M: the mass within WITHIN days of each day."""
    return np.convolve(mass, np.ones(2 * WITHIN + 1))[WITHIN : WITHIN + len(mass)]


def reports(told: Sequence[Sequence[Guess]], quiet_quarters: Mapping[int, float]) -> list[list[Change]]:
    """The guesses that tell one story, above the lowest threshold at which false shifts stay RARE."""
    told = [[of[place] for place in one_story(*_days_and_mass(of))] for of in told]
    allowed = int(RARE * sum(quiet_quarters.values()))
    made_up = sorted((guess.mass for customer in quiet_quarters for guess in told[customer]), reverse=True)
    threshold = made_up[allowed] if allowed < len(made_up) else 0.0
    return [[guess.change for guess in of if guess.mass > threshold] for of in told]


def _days_and_mass(of: Sequence[Guess]) -> tuple[list[int], list[float]]:
    return [guess.change.day for guess in of], [guess.mass for guess in of]
