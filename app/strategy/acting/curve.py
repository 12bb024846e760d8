"""From which churn risk a contact pays, for a customer of a given value.

Somebody whose expected margin over the horizon is w = margin * value leaves with chance r. A contact of level L costs
c_L. Of those who would leave it keeps the share s_L; of those who would have stayed it drives away margin by the share
a_L. So it is expected to bring

    U_L(r) = r s_L w - (1 - r) a_L w - c_L                                                                     (1)

A light touch beats nothing where U_light >= 0; a strong one beats a light one where U_strong >= U_light. Both are
steps of one form, with (c, a, s) of the light touch, and with the differences strong - light:

    r >= t(w) = (c / w + a) / (s + a)                                                                          (2)

Costs and annoyance are declared, and so are the thresholds T (60%, 80%) at the median value w0. What nobody knows
beforehand is s: it is solved from t(w0) = T, s = (c / w0 + a) / T - a, which is never negative. Put into (2):

    t(w) = T (1 + f (w0 / w - 1)),   f = c / (c + a w0)                                                        (3)

f is the share of the cost in the burden at the median. t falls as value rises, since a fixed cost weighs less the
more is at stake, and stays above T (1 - f), since annoyance grows with value. At w = w0 it is T exactly. Where the two
steps cross, a light touch pays nowhere on its own, and the strong threshold is the light one. Both are kept within
declared bounds; somebody worth nothing is at the upper one.

What the thresholds assume is thereby open to measurement: `saved` is the share of leaving customers that each level
must keep for the declared thresholds to be right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.strategy.acting.rule import ActingRule, Level

Floats = NDArray[np.float64]

_NOTHING = 0.01
"""Minor units: who is worth less is worth nothing."""
LEVELS = (Level.NONE, Level.LIGHT, Level.STRONG)
"""In the order of the numbers that `Curve.levels` gives."""


class Thresholds(NamedTuple):
    """The churn risks from which each level pays; light <= strong."""

    light: Floats
    strong: Floats


class _Step(NamedTuple):
    """What one level adds to the one below."""

    at_median: float
    cost: float
    annoyance: float

    def threshold(self, ratio: Floats, median_margin: float) -> Floats:
        """Equation (3); `ratio` is w0 / w."""
        fixed = self.cost / (self.cost + self.annoyance * median_margin)
        return np.asarray(self.at_median * (1 + fixed * (ratio - 1)), np.float64)

    def saved(self, median_margin: float) -> float:
        """The share s that makes `at_median` the threshold at the median."""
        return (self.cost / median_margin + self.annoyance) / self.at_median - self.annoyance


@dataclass(frozen=True)
class Curve:
    """The thresholds of one workspace at one moment; values are expected order value in minor units."""

    rule: ActingRule
    margin: float
    """Share of order value that is margin."""
    median_value: float
    """Of the buyers with an estimate; where it is 0 the declared thresholds hold for everybody."""

    def thresholds(self, value: ArrayLike) -> Thresholds:
        """For each value, shape [n]."""
        worth = np.atleast_1d(np.asarray(value, np.float64))
        light, strong = (self._threshold(step, worth) for step in self._steps)
        return Thresholds(light, np.maximum(light, strong))

    def levels(self, value: ArrayLike, risk: ArrayLike) -> NDArray[np.int64]:
        """Which of LEVELS each customer is at, as its number; an unknown risk (NaN) is at none."""
        found, chance = self.thresholds(value), np.atleast_1d(np.asarray(risk, np.float64))
        return np.asarray((chance >= found.light).astype(np.int64) + (chance >= found.strong), np.int64)

    def gains(self, value: ArrayLike, risk: ArrayLike, level: ArrayLike) -> Floats:
        """Expected margin that a contact of this level brings, equation (1), minor units; 0 at `none`."""
        worth = self.margin * np.atleast_1d(np.asarray(value, np.float64))
        chance, chosen = np.asarray(risk, np.float64), np.asarray(level, np.int64)
        light, strong = self.rule.light, self.rule.strong
        saved = np.array([0.0, *self.saved])[chosen]
        annoyed = np.array([0.0, light.annoyance, strong.annoyance])[chosen]
        cost = np.array([0.0, light.cost_minor, strong.cost_minor])[chosen]
        return np.asarray(worth * (chance * saved - (1 - chance) * annoyed) - cost, np.float64)

    @cached_property
    def saved(self) -> tuple[float, float]:
        """Share of leaving customers that a light and a strong contact must keep for these thresholds to be right."""
        if self.median_value <= 0:
            return 0.0, 0.0
        light, more = (step.saved(self.margin * self.median_value) for step in self._steps)
        return light, light + more

    @property
    def _steps(self) -> tuple[_Step, _Step]:
        light, strong = self.rule.light, self.rule.strong
        more = _Step(strong.at_median, strong.cost_minor - light.cost_minor, strong.annoyance - light.annoyance)
        return _Step(light.at_median, light.cost_minor, light.annoyance), more

    def _threshold(self, step: _Step, worth: Floats) -> Floats:
        least, most = self.rule.bounds.least, self.rule.bounds.most
        if self.median_value <= 0:
            return np.full(worth.shape, step.at_median)
        if step.cost == 0:  # then nothing weighs less the more is at stake
            return np.full(worth.shape, step.at_median)
        ratio = np.divide(self.median_value, worth, out=np.full(worth.shape, np.inf), where=worth >= _NOTHING)
        return np.clip(step.threshold(ratio, self.margin * self.median_value), least, most)


def grid(values: Sequence[float] | Floats, points: int = 60) -> Floats:
    """Values at which to draw the curve: evenly spread in ratio from the least to the largest positive one."""
    known = np.asarray(values, np.float64)
    known = known[known > 0]
    if not known.size:
        return np.empty(0)
    return np.geomspace(known.min(), known.max(), points)
