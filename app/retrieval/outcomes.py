"""What a campaign did, from the sums it kept.

Sources:
[1] Welch, B. L. (1947). The generalization of "Student's" problem when several different population variances
    are involved. Biometrika 34, 28-35.
[2] Smyth, G. K. (2004). Linear models and empirical Bayes methods for assessing differential expression in
    microarray experiments. Stat. Appl. Genet. Mol. Biol. 3(1), 3.

All amounts are minor units per treated customer. Arms that share a holdout are treated as independent.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.retrieval.schemas import Lift, Outcome

Z90 = 1.6448536269514722
"""95% point of the standard normal: mean -+ Z90 * sd is a 90% interval."""

HALF_LIFE_DAYS = 365.0
"""Age at which half of what sets a case apart from the others is forgotten."""

PRIOR_DOF = 20.0
"""Weight of the typical variance against a group's own, in customers (d0 in [2])."""


class Measured(NamedTuple):
    """A measured lift: difference in means and its sampling variance (minor units, minor units squared)."""

    mean: float
    variance: float


class Family(NamedTuple):
    """The cases that one case is compared with: y_i ~ N(theta_i, v_i), theta_i ~ N(mu, tau2), see `families.py`."""

    mu: float
    """Their mean."""
    mu_variance: float
    """Variance of that mean."""
    tau2: float
    """Variance of true lifts between cases."""


class _Group(NamedTuple):
    """One side of a comparison, as sums over its customers."""

    n: int
    total: int
    squares: float

    @property
    def mean(self) -> float:
        return self.total / self.n

    @property
    def scatter(self) -> float:
        """Sum of squared deviations Q - S^2/n; never negative, whatever rounding did."""
        return max(0.0, self.squares - self.total * self.total / self.n) if self.n else 0.0

    @property
    def freedom(self) -> int:
        return max(self.n - 1, 0)

    def variance_of_mean(self, prior: float = 0.0, prior_freedom: float = 0.0) -> float:
        return (prior_freedom * prior + self.scatter) / (prior_freedom + self.freedom) / self.n


def is_measured(outcome: Outcome) -> bool:
    """Whether the sums allow a lift: two customers or more on each side, and values for those who bought."""
    counted_only = outcome.treated_conversions > 0 and outcome.treated_sum == 0
    return outcome.treated_n >= 2 and outcome.control_n >= 2 and not counted_only


def measured_lift(outcome: Outcome) -> Lift:
    """Difference in mean order value with its 90% normal interval; needs `is_measured`.

    lift = S_t/n_t - S_c/n_c;  variance = s_t^2/n_t + s_c^2/n_c [1];  s^2 = (Q - S^2/n) / (n - 1), with S
    the sum and Q the sum of squares over n customers.
    """
    treated, control = _groups(outcome)
    variance = treated.variance_of_mean() + control.variance_of_mean()
    return as_lift(Measured(treated.mean - control.mean, variance), outcome)


def moderated_lift(outcome: Outcome, prior: float) -> Measured:
    """The lift with a variance that holds for tiny groups too.

    s~^2 = (d0 * s0^2 + d * s^2) / (d0 + d) with d = n - 1 and s0^2 = `prior` [2]. Without it a group of
    three in which nobody bought would have variance 0 and outweigh every honest case.
    """
    treated, control = _groups(outcome)
    variance = sum(group.variance_of_mean(prior, PRIOR_DOF) for group in (treated, control))
    return Measured(treated.mean - control.mean, variance)


def typical_variance(outcomes: Sequence[Outcome]) -> float:
    """Variance of one customer's order value within a group, pooled over all groups."""
    groups = [group for outcome in outcomes for group in _groups(outcome)]
    freedom = sum(group.freedom for group in groups)
    return sum(group.scatter for group in groups) / freedom if freedom else 0.0


def kept_after(age_days: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of what made an effect that still holds after `age_days`: 2^(-age / half-life)."""
    return np.exp2(-np.maximum(age_days, 0.0) / HALF_LIFE_DAYS)


def _groups(outcome: Outcome) -> tuple[_Group, _Group]:
    return (
        _Group(outcome.treated_n, outcome.treated_sum, outcome.treated_sumsq),
        _Group(outcome.control_n, outcome.control_sum, outcome.control_sumsq),
    )


def as_lift(case: Measured, outcome: Outcome) -> Lift:
    """A lift with its 90% interval, and the groups that it was measured on."""
    margin = Z90 * math.sqrt(case.variance)
    return Lift(
        mean=case.mean,
        low=case.mean - margin,
        high=case.mean + margin,
        treated_n=outcome.treated_n,
        control_n=outcome.control_n,
    )
