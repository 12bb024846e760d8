"""Lifts as more buyers and dearer orders: less noisy than the difference in means, because few orders are huge.

With shares of buyers p and mean orders b, S_t/n_t - S_c/n_c = (p_t - p_c) b + p (b_t - b_c) (Kitagawa, E. M. (1955).
Components of a difference between two rates. J. Am. Stat. Assoc. 50, 1168-1194), b and p being those of both groups.
The first part is counted well; the second hangs on a few large orders, so it is shrunk as far as all arms together say:
where messages change who buys and not how much, it vanishes. Amounts are minor units per treated customer.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.retrieval.outcomes import PRIOR_DOF, Measured, moderated_lift, typical_variance
from app.retrieval.schemas import Outcome

_LEAST = 1e-9
"""Keeps a variance of exactly 0 from dividing."""

Floats = NDArray[np.float64]


class _Sums(NamedTuple):
    """One group of each outcome: customers, buyers, and sum and sum of squares of what they spent, shape [k]."""

    n: Floats
    buyers: Floats
    total: Floats
    squares: Floats

    def plus(self, other: "_Sums") -> "_Sums":
        return _Sums(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def order(self) -> Floats:
        """Mean spend of a buyer; 0 without any."""
        return self.total / np.maximum(self.buyers, 1.0)

    @property
    def scatter(self) -> Floats:
        """Sum of squared deviations among buyers."""
        return np.maximum(self.squares - self.total * self.order, 0.0)


def lifts(outcomes: Sequence[Outcome]) -> list[Measured]:
    """The lift of each outcome with its sampling variance, all learned together; at least one.

    Where the sums are not those of the buyers that were counted (money without a buyer, or less spread than so few
    buyers can have), it is the moderated difference in means.
    """
    prior = typical_variance(outcomes)
    plain = [moderated_lift(outcome, prior) for outcome in outcomes]
    counted = [place for place, outcome in enumerate(outcomes) if _counts_buyers(outcome)]
    if not counted:
        return plain
    for place, lift in zip(counted, _two_part([outcomes[place] for place in counted]), strict=True):
        plain[place] = lift
    return plain


def _counts_buyers(outcome: Outcome) -> bool:
    o = outcome
    groups = (
        (o.treated_conversions, o.treated_sum, o.treated_sumsq),
        (o.control_conversions, o.control_sum, o.control_sumsq),
    )
    # By Cauchy-Schwarz buyers * sum(x^2) >= (sum x)^2; a millionth of slack for sums kept in floating point.
    fits = (buyers * squares >= total * total * (1 - 1e-6) for buyers, total, squares in groups)
    return all(fits) and o.treated_conversions + o.control_conversions > 0


def _two_part(outcomes: Sequence[Outcome]) -> list[Measured]:
    treated, control = (_sums(outcomes, name) for name in ("treated", "control"))
    both = treated.plus(control)
    share = _pulled(both.buyers, both.n)
    order = _pulled(both.total, both.buyers)
    more = treated.buyers / treated.n - control.buyers / control.n
    more_variance = share * (1.0 - share) * (1.0 / treated.n + 1.0 / control.n)
    dearer = _dearer(treated, control)
    mean = more * order + share * dearer.mean
    variance = order**2 * more_variance + share**2 * dearer.variance
    return [Measured(float(m), float(v)) for m, v in zip(mean, variance, strict=True)]


class _Differences(NamedTuple):
    """Treated minus control, shape [k]."""

    mean: Floats
    variance: Floats


def _dearer(treated: _Sums, control: _Sums) -> _Differences:
    """How much dearer orders of the treated are, each shrunk to nothing as far as all arms together say so.

    With d = b_t - b_c ~ N(theta, v), v = s^2 (1/c_t + 1/c_c) and theta ~ N(0, w2): w2 = max(0, (sum d^2/v - k) /
    sum 1/v) by the method of moments, theta^ = B d and variance B v, B = w2 / (w2 + v).
    """
    freedom = np.maximum(treated.buyers - 1.0, 0.0) + np.maximum(control.buyers - 1.0, 0.0)
    scatter = treated.scatter + control.scatter
    spread = (PRIOR_DOF * scatter.sum() / max(freedom.sum(), 1.0) + scatter) / (PRIOR_DOF + freedom)
    known = (treated.buyers > 0) & (control.buyers > 0)
    variance = spread / np.maximum(treated.buyers, 1.0) + spread / np.maximum(control.buyers, 1.0)
    weight = np.where(known, 1.0 / np.maximum(variance, _LEAST), 0.0)
    difference = treated.order - control.order
    excess = float(weight @ difference**2) - int(known.sum())
    between = max(0.0, excess) / max(float(weight.sum()), _LEAST)
    trust = between * weight / (between * weight + 1.0)
    return _Differences(trust * difference, np.where(known, trust * variance, between))


def _sums(outcomes: Sequence[Outcome], group: str) -> _Sums:
    names = (f"{group}_n", f"{group}_conversions", f"{group}_sum", f"{group}_sumsq")
    return _Sums(*(np.array([getattr(o, name) for o in outcomes], dtype=np.float64) for name in names))


def _pulled(part: Floats, whole: Floats) -> Floats:
    """Part / whole, as if PRIOR_DOF more of the whole had been like all arms together."""
    all_together = float(part.sum()) / max(float(whole.sum()), 1.0)
    return (part + PRIOR_DOF * all_together) / (whole + PRIOR_DOF)
