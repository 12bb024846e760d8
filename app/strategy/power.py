"""How success is measured, and how many customers a test of it needs."""

import math
from statistics import NormalDist
from typing import NamedTuple

from app.strategy.gate.policy import Policy

_NORMAL = NormalDist()
_HALVINGS = 40


class Measurement(NamedTuple):
    """A test of the purchase rate."""

    baseline: float
    """Purchase rate without contact."""
    effect: float
    """Smallest absolute change worth finding."""
    sample_size: int
    """Customers per group."""
    wanted: int | None = None
    """Customers per group that the declared effect would need, when the audience is too small for it."""

    def fits(self, audience_size: int) -> bool:
        """Whether an audience can be split into two such groups."""
        return 2 * self.sample_size <= audience_size


def plan_measurement(purchase_rate: float | None, policy: Policy, audience_size: int | None = None) -> Measurement:
    """The audience's purchase rate, kept off 0 and 1, and the declared relative effect on it.

    Without an estimate the policy's default rate stands in. An audience too small for that effect is split in two,
    and the effect is what such halves can find; when they can find none at all, the declared one stays.
    """
    rate = policy.first_test.default_baseline if purchase_rate is None else purchase_rate
    baseline = min(max(rate, 0.005), 0.995)
    effect = min(policy.first_test.relative_effect * baseline, (1.0 - baseline) / 2)
    declared = Measurement(baseline, effect, sample_size(baseline, effect))
    if audience_size is None or declared.fits(audience_size):
        return declared
    half, found = audience_size // 2, detectable_effect(baseline, audience_size // 2)
    if found is None:
        return declared._replace(wanted=declared.sample_size)
    return Measurement(baseline, found, half, wanted=declared.sample_size)


def detectable_effect(baseline: float, n: int) -> float | None:
    """The smallest rise of a share of `baseline` that n customers per arm show; None when they show none.

    `sample_size` inverted by bisection: it falls as the effect grows.
    """
    low, high = 0.0, (1.0 - baseline) * (1 - 1e-6)
    if n < 1 or sample_size(baseline, high) > n:
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if sample_size(baseline, middle) > n else (low, middle)
    return high


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


def power_of(baseline: float, effect: float, n: int, *, alpha: float = 0.05) -> float:
    """Chance that n customers per group show a change of `effect` in a share of `baseline`, two-sided.

    `sample_size` solved for the power, significant results in either direction counted: never below alpha, which is
    what chance alone gives. 0 without groups.
    """
    p1, p2 = baseline, baseline + effect
    middle = (p1 + p2) / 2
    under_null = _NORMAL.inv_cdf(1 - alpha / 2) * math.sqrt(2 * middle * (1 - middle))
    spread = math.sqrt(p1 * (1 - p1) + p2 * (1 - p2))
    tails = ((side * abs(effect) * math.sqrt(n) - under_null) / spread for side in (1, -1))
    return max(alpha, sum(_NORMAL.cdf(tail) for tail in tails)) if n > 0 else 0.0
