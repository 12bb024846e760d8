"""How success is measured, and how many customers a test of it needs."""

import math
from statistics import NormalDist
from typing import NamedTuple

from app.strategy.policy import Policy

_NORMAL = NormalDist()


class Measurement(NamedTuple):
    """A test of the purchase rate."""

    baseline: float
    """Purchase rate without contact."""
    effect: float
    """Smallest absolute change worth finding."""
    sample_size: int
    """Customers per group."""


def plan_measurement(purchase_rate: float | None, policy: Policy) -> Measurement:
    """The audience's purchase rate, kept off 0 and 1, and the declared relative effect on it.

    Without an estimate the policy's default rate stands in.
    """
    rate = policy.first_test.default_baseline if purchase_rate is None else purchase_rate
    baseline = min(max(rate, 0.005), 0.995)
    effect = min(policy.first_test.relative_effect * baseline, (1.0 - baseline) / 2)
    return Measurement(baseline, effect, sample_size(baseline, effect))


def sample_size(baseline: float, effect: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Customers per arm that show a change of `effect` in a share of `baseline`, two-sided.

    n = (z_{1-alpha/2} sqrt(2 p (1-p)) + z_{power} sqrt(p1 (1-p1) + p2 (1-p2)))^2 / (p2 - p1)^2, p = (p1 +
    p2) / 2: Fleiss, J. L., Levin, B., Paik, M. C. (2003). Statistical Methods for Rates and Proportions,
    3rd ed., ch. 4 (without continuity correction). Shares lie in (0, 1), the effect is not 0.
    """
    p1, p2 = baseline, baseline + effect
    if not (0.0 < p1 < 1.0 and 0.0 < p2 < 1.0) or effect == 0.0:
        raise ValueError(f"shares {p1} and {p2} must differ and lie between 0 and 1")
    middle = (p1 + p2) / 2
    under_null = _NORMAL.inv_cdf(1 - alpha / 2) * math.sqrt(2 * middle * (1 - middle))
    under_effect = _NORMAL.inv_cdf(power) * math.sqrt(p1 * (1 - p1) + p2 * (1 - p2))
    return math.ceil(((under_null + under_effect) / effect) ** 2)
