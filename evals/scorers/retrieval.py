"""Are the right past arms first, and are campaigns about a topic found in the other language?

Järvelin, K., Kekäläinen, J. (2002). Cumulated gain-based evaluation of IR techniques. ACM Trans. Inf. Syst. 20(4),
422-446, with the gain itself over log2(rank + 1).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evals.intervals import Floats, interval, weights
from evals.scorers.paired import OURS
from evals.task import Metric

NDCG, NDCG_GAIN, GAP, GAP_GAIN = "ndcg5", "ndcg5_gain", "gap_closed", "gap_closed_gain"
DEPTH = 5
Order = Sequence[int]
"""Documents, best first."""


def ranks(uplift: Floats) -> Floats:
    """Relevance of each document: the share of the others that do the persona less good; 0 to 1."""
    below = np.searchsorted(np.sort(uplift), uplift, side="left")
    return below / max(len(uplift) - 1, 1)


def gains(uplift: Floats) -> Floats:
    """Relevance by amount: the uplift as a share of the best one, 0 for whatever does harm."""
    return np.clip(uplift, 0.0, None) / max(float(uplift.max(initial=0.0)), 1e-9)


def ndcg(order: Order, relevance: Floats, depth: int = DEPTH) -> float:
    """Discounted relevance of the first `depth`, over that of the best order; places that stay empty earn nothing."""
    best = _discounted(np.sort(relevance)[::-1][:depth])
    return _discounted(relevance[list(order[:depth])]) / best if best > 0.0 else 0.0


def recall(found: Sequence[str], relevant: Collection[str], depth: int = 10) -> float:
    """Share of the relevant, or of `depth` where there are more, among the first `depth` found."""
    return len(set(found[:depth]) & set(relevant)) / min(depth, len(relevant))


class Scored(NamedTuple):
    """Scores of all rankers on the same questions, shape [n] each, by ranker."""

    ndcg: Mapping[str, Floats]
    gain: Mapping[str, Floats]


class Found(NamedTuple):
    """Figures by ranker, ours minus each of them, and the shares of the gap."""

    figures: dict[str, dict[str, Metric]]
    differences: dict[str, dict[str, Metric]]
    closed: dict[str, Metric]


def figures(scored: Scored, *, seed: int, rounds: int) -> Found:
    """Everything from the same redraws of customers, so that differences and shares are paired."""
    n = len(scored.ndcg[OURS])
    drawn = np.array([*weights(n, rounds=rounds, seed=seed)], dtype=np.float64) / n
    means = {
        metric: {who: drawn @ values for who, values in by_who.items()}
        for metric, by_who in ((NDCG, scored.ndcg), (NDCG_GAIN, scored.gain))
    }
    whos = list(scored.ndcg)
    return Found(
        {who: {metric: interval(of[who], n) for metric, of in means.items()} for who in whos},
        {who: {m: interval(of[OURS] - of[who], n) for m, of in means.items()} for who in whos if who != OURS},
        {GAP: interval(_closed(means[NDCG]), n), GAP_GAIN: interval(_closed(means[NDCG_GAIN]), n)},
    )


def _closed(of: Mapping[str, NDArray[np.float64]]) -> Floats:
    """The way from naive to oracle that is gone, in each redraw."""
    return (of[OURS] - of["naive"]) / (of["oracle"] - of["naive"])


def _discounted(relevance: Floats) -> float:
    return float(relevance @ (1.0 / np.log2(np.arange(2, len(relevance) + 2))))
