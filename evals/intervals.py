"""How sure a figure is: Wilson intervals for shares, the percentile bootstrap for the rest. All seeded."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from evals.task import Metric

Floats = NDArray[np.float64]
Key = TypeVar("Key")

_Z = 1.959963984540054
"""97.5% point of the normal distribution."""


def wilson(successes: int, n: int) -> Metric:
    """A share with Wilson's 95% interval (Wilson 1927): honest at 0, at n and for small n."""
    if n == 0:
        return Metric(None, None, None, 0)
    share = successes / n
    centre = share + _Z**2 / (2 * n)
    reach = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    scale = 1 + _Z**2 / n
    low = 0.0 if successes == 0 else float((centre - reach) / scale)
    high = 1.0 if successes == n else float((centre + reach) / scale)
    return Metric(share, low, high, n)


def count(found: int, n: int) -> Metric:
    """How many of `n` cases were found, with Wilson's interval of the share times n."""
    share = wilson(found, n)
    if share.low is None or share.high is None:
        return Metric(0.0, None, None, 0)
    return Metric(float(found), share.low * n, share.high * n, n)


def draw(statistic: Callable[[Floats], Mapping[Key, float]], n: int, *, rounds: int, seed: int) -> dict[Key, Floats]:
    """Evaluate `statistic` on bootstrap weights of `n` cases.

    Weights are how often each case was drawn: an array [n] of non-negative counts that sums to n. The answer holds, per
    figure, an array [1 + rounds]: first the value with all weights one, then the draws. All figures of a draw
    share their weights, so differences between them are paired.
    """
    return over(weights(n, rounds=rounds, seed=seed), statistic)


def over(drawn: Iterable[NDArray[np.integer]], statistic: Callable[[Floats], Mapping[Key, float]]) -> dict[Key, Floats]:
    """A statistic of each draw's weights: per figure an array [draws]."""
    seen = [statistic(weight.astype(np.float64)) for weight in drawn]
    return {key: np.array([values[key] for values in seen]) for key in seen[0]}


def weights(n: int, *, rounds: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Bootstrap weights of `n` cases: first all ones, then how often each case was drawn in each round."""
    random = np.random.default_rng(seed)
    yield np.ones(n, dtype=np.int64)
    for _ in range(rounds):
        yield np.bincount(random.integers(0, n, n), minlength=n)


def interval(drawn: Floats, n: int) -> Metric:
    """The metric of one figure's draws; undefined (NaN) draws are left out, an undefined value stays None."""
    if not np.isfinite(drawn[0]):
        return Metric(None, None, None, 0)
    rest = drawn[1:][np.isfinite(drawn[1:])]
    if len(rest) == 0:
        return Metric(float(drawn[0]), None, None, n)
    low, high = np.percentile(rest, [2.5, 97.5])
    return Metric(float(drawn[0]), float(low), float(high), n)


def mean(values: Sequence[float], *, seed: int, rounds: int = 1000) -> Metric:
    """The mean of scores with its bootstrap interval."""
    if not values:
        return Metric(None, None, None, 0)
    scores = np.asarray(values, dtype=np.float64)
    drawn = draw(lambda weight: {"mean": float(weight @ scores) / len(scores)}, len(scores), rounds=rounds, seed=seed)
    return interval(drawn["mean"], len(scores))
