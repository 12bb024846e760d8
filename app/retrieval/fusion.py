"""Several orders of the same things made into one, by rank alone: scores of different kinds need no common scale.

Cormack, G. V., Clarke, C. L. A., Buettcher, S. (2009). Reciprocal rank fusion outperforms Condorcet and individual
rank learning methods. SIGIR '09, 758-759.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

K = 60
"""Softens the lead of the first ranks, as in the paper."""

Floats = NDArray[np.float64]


def fused(orders: Sequence[NDArray[np.floating]]) -> Floats:
    """Sum over orders of 1 / (K + rank), as a share of what first place in all of them gives; 0 to 1.

    Each order holds one score a thing, higher is better; a thing with a score of 0 or less is not in that order, and
    equal scores share the best of their ranks. At least one order; all of the same length.
    """
    total = sum((_reciprocal(order) for order in orders), np.zeros(len(orders[0])))
    return total * (K + 1) / len(orders)


def _reciprocal(scores: NDArray[np.floating]) -> Floats:
    found, placed = np.zeros(len(scores)), scores > 0.0
    mine = scores[placed]
    better = len(mine) - np.searchsorted(np.sort(mine), mine, side="right")
    found[placed] = 1.0 / (K + 1.0 + better)
    return found
