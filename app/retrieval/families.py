"""Families of past arms: what arms of one kind bring on average, learned from all arms together.

A random-effects meta-regression. For arm i with measured lift y_i and sampling variance v_i

    y_i = b0 + b1 t_i + u_channel(i) + u_offer(i) + u_channel,any(i) + a_i + e_i
    u_g ~ N(0, s_g^2),  a_i ~ N(0, tau^2),  e_i ~ N(0, v_i)

with t_i = 1 for an arm that spoke to people of its topic, 0 for one that spoke to everybody; `any` is whether there was
an offer at all, which does more on one channel than on another. The family's mean is all but a_i and e_i: so forty
small e-mails together say what one of them cannot. Effects are the best linear unbiased
predictions (Henderson 1975, Biometrics 31, 423-447); the variances come by EM (Laird, Ware 1982, Biometrics 38,
963-974), 40 rounds from equal shares, which is deterministic. All amounts are minor units per treated customer.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.retrieval.outcomes import Family, Measured

_ROUNDS = 40
_LEAST_VARIANCE = 1e-6
_FLAT = 1e-12
"""Precision of what has no prior: the mean and the effect of speaking to people of a topic."""
_FIXED = 2

Floats = NDArray[np.float64]


def expected_of(case: Measured, own: Family, kind: Family, kept: float) -> Measured:
    """What to expect of an arm here, as one of `kind`, of which a share `kept` of what sets it apart still holds.

    With B = tau2 / (tau2 + v) the arm differs from its own family by d = B (y - mu_own), and
    mean = mu_kind + kept d; variance = (1 - kept B)^2 var(mu_kind) + kept^2 B v + (1 - kept)^2 tau2. For its own
    kind and kept = 1 that is the empirical Bayes estimate (Morris 1983, J. Am. Stat. Assoc. 78, 47-55).
    """
    trust = own.tau2 / (own.tau2 + case.variance)
    mean = kind.mu + kept * trust * (case.mean - own.mu)
    known = (1.0 - kept * trust) ** 2 * kind.mu_variance
    return Measured(mean, known + kept**2 * trust * case.variance + (1.0 - kept) ** 2 * kind.tau2)


class Traits(NamedTuple):
    """What makes an arm the kind of arm that it is."""

    channel: str
    offer: str
    """Type of the offer; empty without one."""
    targeted: bool
    """Whether it speaks to people about a topic of theirs."""

    @property
    def levels(self) -> tuple[str, str, str]:
        """What has an effect with a prior: the channel, the offer, and the channel with or without any."""
        return self.channel, self.offer, f"{self.channel} with an offer" if self.offer else self.channel


class Families:
    """The mean lift of every kind of arm, also of kinds that were never tried."""

    def __init__(self, lifts: Sequence[Measured], traits: Sequence[Traits]) -> None:
        """Learn from at least one arm; `lifts` and `traits` are aligned."""
        groups = zip(*(kind.levels for kind in traits), strict=True)
        self._places = [{level: place for place, level in enumerate(sorted(set(group)))} for group in groups]
        self._sizes = [len(places) for places in self._places]
        self._untargeted_too = len({kind.targeted for kind in traits}) > 1
        self._learn(
            np.array([lift.mean for lift in lifts]),
            np.array([max(lift.variance, _LEAST_VARIANCE) for lift in lifts]),
            np.array([self._row(kind) for kind in traits]),
        )

    def of(self, kind: Traits) -> Family:
        """Mean, its variance, and the variance of true lifts within the family."""
        row = self._row(kind)
        unknown = sum(
            float(variance)
            for places, level, variance in zip(self._places, kind.levels, self._variances, strict=True)
            if level not in places
        )
        return Family(float(row @ self._effects), float(row @ self._covariance @ row) + unknown, self._tau2)

    def together(self, kinds: Sequence[Traits]) -> tuple[Floats, Floats]:
        """Mean lifts of kinds, shape [k], and how their errors hang together, shape [k, k]."""
        rows = np.array([self._row(kind) for kind in kinds])
        covariance = rows @ self._covariance @ rows.T
        for group, (places, variance) in enumerate(zip(self._places, self._variances, strict=True)):
            levels = np.array([kind.levels[group] for kind in kinds])
            for level in set(levels.tolist()) - set(places):
                covariance += variance * np.outer(levels == level, levels == level)
        return rows @ self._effects, covariance

    def _row(self, kind: Traits) -> Floats:
        """One row of the design; a level that was never tried has no effect known, only its variance."""
        row = np.zeros(_FIXED + sum(self._sizes))
        row[0], row[1] = 1.0, float(kind.targeted and self._untargeted_too)
        start = _FIXED
        for level, places, size in zip(kind.levels, self._places, self._sizes, strict=True):
            if (place := places.get(level)) is not None:
                row[start + place] = 1.0
            start += size
        return row

    def _learn(self, y: Floats, v: Floats, design: Floats) -> None:
        excess = max(float(np.average((y - np.average(y, weights=1 / v)) ** 2 - v, weights=1 / v)), _LEAST_VARIANCE)
        share = max(excess, float(np.median(v)) / 100.0) / (len(self._sizes) + 1)
        self._tau2, self._variances = share, np.full(len(self._sizes), share)
        for _ in range(_ROUNDS):
            self._expect(y, v, design)
            self._maximise(y, v, design)
        self._expect(y, v, design)

    def _expect(self, y: Floats, v: Floats, design: Floats) -> None:
        """Effects and their covariance, given the variances: Henderson's equations."""
        weighted = design / (v + self._tau2)[:, None]
        prior = np.concatenate([[_FLAT] * _FIXED, np.repeat(1.0 / self._variances, self._sizes)])
        self._covariance = np.linalg.inv(design.T @ weighted + np.diag(prior))
        self._effects = self._covariance @ (weighted.T @ y)

    def _maximise(self, y: Floats, v: Floats, design: Floats) -> None:
        """Variances, given the effects: expected squares of each group's effects, and of the arms' own."""
        square, start = self._effects**2 + np.diag(self._covariance), _FIXED
        for place, size in enumerate(self._sizes):
            self._variances[place] = max(float(square[start : start + size].mean()), _LEAST_VARIANCE)
            start += size
        kept = self._tau2 / (self._tau2 + v)
        left = y - design @ self._effects
        spread = np.einsum("ij,jk,ik->i", design, self._covariance, design)
        self._tau2 = max(float((kept**2 * (left**2 + spread) + kept * v).mean()), _LEAST_VARIANCE)
