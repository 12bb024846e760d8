"""Written to against left in peace: lift and share of buyers with intervals, and the lift with less noise.

Intention to treat: everybody counts in the group that they were drawn into, whatever reached them.

Sources:
[1] Deng, A., Xu, Y., Kohavi, R., Walker, T. (2013). Improving the sensitivity of online controlled experiments by
    utilizing pre-experiment data. WSDM '13, 123-132.
[2] Agresti, A., Caffo, B. (2000). Simple and effective confidence intervals for proportions and differences of
    proportions result from adding two successes and two failures. Am. Stat. 54, 280-288.
[3] Fabijan, A. et al. (2019). Diagnosing sample ratio mismatch in online controlled experiments. KDD '19, 2156-2164.

Intervals are for a fixed horizon: they hold for one look, when the window has closed. Amounts are minor units.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from app.retrieval.outcomes import Z90
from app.retrieval.schemas import Lift
from app.strategy.running.schemas import Adjusted, Balance, Difference

MISMATCH_P = 0.001
"""Below it the groups are not what the draw makes, and their difference is not the campaign's doing [3]."""
_ADDED = 1.0
"""Buyers, and as many others, added to each group [2]."""

Floats = NDArray[np.float64]


class Group(NamedTuple):
    """One side of a comparison, one entry per customer."""

    values: Floats
    """Order value in the window, shape [n]."""
    before: Floats
    """Order value in the stretch before the campaign, shape [n]."""
    orders: NDArray[np.int64]
    """Orders in the window, shape [n]."""

    @property
    def n(self) -> int:
        """Customers."""
        return int(self.values.size)

    @property
    def buyers(self) -> int:
        """Customers with an order in the window."""
        return int((self.orders > 0).sum())


def share_difference(treated: Group, control: Group) -> Difference | None:
    """Share of buyers on one side minus the other; None where a side is empty.

    The difference is the plain one; its interval is that of shares with one buyer and one other added to each side
    [2], so that a group without buyers is not taken to be sure of it.
    """
    if not treated.n or not control.n:
        return None
    plain = [group.buyers / group.n for group in (treated, control)]
    padded = [(group.buyers + _ADDED, group.n + 2 * _ADDED) for group in (treated, control)]
    shares = [buyers / n for buyers, n in padded]
    margin = Z90 * math.sqrt(sum(p * (1 - p) / n for p, (_, n) in zip(shares, padded, strict=True)))
    mean, middle = plain[0] - plain[1], shares[0] - shares[1]
    low, high = min(mean, middle - margin), max(mean, middle + margin)
    return Difference(treated=plain[0], control=plain[1], mean=mean, low=low, high=high)


def pooled_theta(groups: Sequence[Group]) -> float | None:
    """cov(Y, X) / var(X) [1, eq. 3], within groups and pooled over all of them; None where X does not vary.

    X is what a customer bought before the campaign: the draw cannot have moved it, so the lift stays unbiased.
    """
    varying = [group for group in groups if group.n >= 2]
    spread = sum(float(((g.before - g.before.mean()) ** 2).sum()) for g in varying)
    if not spread:
        return None
    together = sum(float(((g.before - g.before.mean()) * (g.values - g.values.mean())).sum()) for g in varying)
    return together / spread


def adjusted_lift(treated: Group, control: Group, theta: float, *, days_before: int) -> Adjusted | None:
    """The lift of Y - theta X [1, eq. 2] with its interval, and how much smaller its variance is than the plain one's.

    None below two customers a side, and where nothing varies.
    """
    if min(treated.n, control.n) < 2:
        return None
    plain = sum(float(g.values.var(ddof=1)) / g.n for g in (treated, control))
    if not plain:
        return None
    rest = [g.values - theta * g.before for g in (treated, control)]
    variance = sum(float(r.var(ddof=1)) / r.size for r in rest)
    mean, margin = float(rest[0].mean() - rest[1].mean()), Z90 * math.sqrt(variance)
    lift = Lift(mean=mean, low=mean - margin, high=mean + margin, treated_n=treated.n, control_n=control.n)
    return Adjusted(lift=lift, theta=theta, variance_reduction=1.0 - variance / plain, days_before=days_before)


def balance(counted: Mapping[str, int], shares: Mapping[str, float]) -> Balance:
    """Pearson's chi-square of the groups' sizes against their declared shares, k - 1 degrees of freedom [3]."""
    total = sum(counted.values())
    expected = {name: total * share for name, share in shares.items()}
    if not total or len(shares) < 2:
        return Balance(p_value=1.0, expected=expected, counted=dict(counted), ok=True)
    statistic = sum((counted.get(name, 0) - e) ** 2 / e for name, e in expected.items() if e)
    p_value = float(chdtrc(len(shares) - 1, statistic))
    return Balance(p_value=p_value, expected=expected, counted=dict(counted), ok=p_value >= MISMATCH_P)
