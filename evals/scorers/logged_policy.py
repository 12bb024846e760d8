"""What a policy would have earned on logged sends: inverse propensity values, paired over the same redraws.

V(pi) = 1/n sum_i 1{pi(x_i) = a_i} r_i / p_i: Horvitz, Thompson 1952, J. Am. Stat. Assoc. 47, 663-685. Customers are
redrawn, not sends, since a customer's sends hang together. Intervals are 90%, as the differences are judged by.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from app.predict.inputs.purchases import Floats, Ints
from evals.task import Metric

ROUNDS = 1000


class Judged(NamedTuple):
    """The sends that a policy is judged on; n rows."""

    customer: Ints
    action: Ints
    reward: Floats
    propensity: Floats

    def earned(self, chosen: Ints) -> Floats:
        """Each send's part of the value of choosing so, shape [n]."""
        return np.where(self.action == chosen, self.reward / self.propensity, 0.0)

    def of_action(self, action: int) -> Floats:
        """The same of one action for everybody."""
        return self.earned(np.full(len(self.action), action))

    def mean_of(self, action: int) -> float:
        """Mean reward of an action where it was taken, weighted by inverse propensity; -inf where it never was."""
        rows = self.action == action
        return float(np.average(self.reward[rows], weights=1 / self.propensity[rows])) if rows.any() else -np.inf

    def at_random(self, actions: int) -> Floats:
        """The same of an action drawn uniformly."""
        return self.reward / self.propensity / actions


def figures(parts: Mapping[str, Floats], tested: Judged, *, ours: str, seed: int) -> dict[str, dict[str, Metric]]:
    """For each policy its value; for each other one what ours earns more, and that as a share of it."""
    sums = {who: np.bincount(tested.customer, weights=part).astype(np.float64) for who, part in parts.items()}
    sends = np.bincount(tested.customer).astype(np.float64)
    drawn = _drawn(sums, sends, seed)
    n = len(tested.customer)
    found = {who: {"value": _metric(values, n)} for who, values in drawn.items()}
    for who, values in drawn.items():
        if who != ours:
            more = drawn[ours] - values
            found[who] |= {"ours_more": _metric(more, n), "ours_more_share": _metric(_share(more, values), n)}
    return found


def _drawn(sums: Mapping[str, Floats], sends: Floats, seed: int) -> dict[str, Floats]:
    """Per policy [1 + rounds] means per send: first everybody once, then Poisson redraws of customers."""
    random, rows = np.random.default_rng(seed), np.flatnonzero(sends)
    values: dict[str, list[float]] = {who: [] for who in sums}
    for drawing in range(ROUNDS + 1):
        weight = random.poisson(1.0, len(rows)).astype(np.float64) if drawing else np.ones(len(rows))
        total = max(float(weight @ sends[rows]), 1.0)
        for who, part in sums.items():
            values[who].append(float(weight @ part[rows]) / total)
    return {who: np.array(each) for who, each in values.items()}


def _share(more: Floats, of: Floats) -> Floats:
    shares: Floats = np.divide(more, of, out=np.full(len(more), np.nan), where=of > 0)
    return shares


def _metric(drawn: Floats, n: int) -> Metric:
    """The value with its 90% interval; undefined where it is not a number."""
    if not np.isfinite(drawn[0]):
        return Metric(None, None, None, n)
    low, high = np.nanpercentile(drawn[1:], [5.0, 95.0])
    return Metric(float(drawn[0]), float(low), float(high), n)
