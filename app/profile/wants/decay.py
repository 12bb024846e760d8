"""Half-lives from behaviour: how fast what somebody did stops saying what they turn to next.

A case is a moment at which a customer came back to something they had touched before. With the weights of interests.py,
w_k(t) = sum_i impact_i 2^(-(t - t_i) / h_k), they are taken to choose by Luce's rule (Luce 1959, Individual Choice
Behavior) with a lapse e:   P(k) = (1 - e) w_k / sum_j w_j + e / K,   K options, all touched before.

Two ways of judging a half-life, both over a grid: log-likelihood of the choices (`log_likelihood`, for topics, where
`per_topic` shrinks each towards the one that all share) and the mean reciprocal rank of what was chosen
(`reciprocal_rank`, for ranking). Times and half-lives are in days. Pure; reads no clock and no log.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LAPSE = 0.005
"""Share of choices that follow no interest; keeps one odd choice from deciding everything."""
SPREAD = float(np.log(2.0))
"""Prior standard deviation of a topic's log half-life round the shared one: most lie within a factor of two."""
FEWEST = 30
"""Cases below which no half-life is fitted at all."""
_Z = 1.96


class Touch(NamedTuple):
    """One event as the fit sees it. Touches of one moment do not explain each other."""

    moment: float
    """Days since any fixed start."""
    key: int
    """Number of the topic or item."""
    impact: float
    chosen: bool
    """Whether it shows what the customer turned to."""


class Cases(NamedTuple):
    """Every option of every case, case after case: m rows, G half-lives."""

    start: Ints
    """[cases] first row of each case."""
    key: Ints
    """[m] the option."""
    chosen: NDArray[np.bool_]
    """[m] whether it was turned to; at least one of each case."""
    weight: Floats
    """[m, G] weight of the option just before, under each half-life."""
    half_lives: Floats
    """[G]"""

    def __len__(self) -> int:
        """Number of cases."""
        return len(self.start)


class HalfLife(NamedTuple):
    """A fitted half-life with its 95% interval; `n` is the number of choices behind it."""

    days: float
    low: float
    high: float
    n: int


def grid(shortest: float, longest: float, *, per_doubling: int) -> Floats:
    """Half-lives evenly spaced in their logarithm, both ends included."""
    steps = round(np.log2(longest / shortest) * per_doubling)
    return np.geomspace(shortest, longest, steps + 1)


def cases(
    histories: Iterable[Sequence[Touch]],
    half_lives: Floats,
    *,
    once: bool = False,
    most: int = 1000,
    most_rows: int = 2_000_000,
) -> Cases:
    """The cases of customers whose touches come in time order. `once`: what was chosen is no option any more.

    Of each customer the last `most` are taken, and no further customer once there are `most_rows` options: 8 bytes for
    each half-life.
    """
    found: list[_Case] = []
    rows = 0
    for touches in histories:
        own = list(_of_customer(touches, half_lives, once=once, most=most))
        found += own
        rows += sum(len(case.key) for case in own)
        if rows >= most_rows:
            break
    if not found:
        none = np.zeros(0, dtype=np.int64)
        return Cases(none, none, none.astype(bool), np.zeros((0, len(half_lives))), half_lives)
    sizes = np.array([len(case.key) for case in found])
    return Cases(
        np.concatenate([[0], np.cumsum(sizes)[:-1]]),
        np.concatenate([case.key for case in found]),
        np.concatenate([case.chosen for case in found]),
        np.concatenate([case.weight for case in found]),
        half_lives,
    )


class _Case(NamedTuple):
    key: Ints
    chosen: NDArray[np.bool_]
    weight: Floats


def _of_customer(touches: Sequence[Touch], half_lives: Floats, *, once: bool, most: int) -> Iterable[_Case]:
    """Weights under all half-lives at once, carried from moment to moment."""
    moments = list(_moments(touches))
    late = len(moments) - most
    rows = {key: row for row, key in enumerate(dict.fromkeys(touch.key for touch in touches))}
    weight = np.zeros((len(rows), len(half_lives)))
    before, known, done = 0.0, 0, set[int]()
    for place, (moment, at) in enumerate(moments):
        weight *= np.exp2(-(moment - before) / half_lives)
        before = moment
        turned_to = {touch.key for touch in at if touch.chosen}
        if place >= late and turned_to:
            options = [key for key in list(rows)[:known] if key not in done]
            if len(options) > 1 and not turned_to.isdisjoint(options):
                keys = np.array(options, dtype=np.int64)
                yield _Case(keys, np.isin(keys, list(turned_to)), weight[[rows[key] for key in options]])
        done |= turned_to if once else set()
        for touch in at:
            row = rows[touch.key]
            known = max(known, row + 1)  # rows are numbered in the order of first touches
            weight[row] = np.maximum(weight[row] + touch.impact, 0.0)


def _moments(touches: Sequence[Touch]) -> Iterable[tuple[float, list[Touch]]]:
    together: list[Touch] = []
    for touch in touches:
        if together and touch.moment != together[0].moment:
            yield together[0].moment, together
            together = []
        together.append(touch)
    if together:
        yield together[0].moment, together


def log_likelihood(found: Cases) -> Floats:
    """[G] log-likelihood of all choices if every option had the same half-life."""
    total = _per_case(found, found.weight)[_case_of(found)]
    share = np.divide(found.weight, total, out=np.zeros_like(found.weight), where=total > 0)
    return np.asarray(np.log(_lapsed(share, _options(found)[:, None]))[found.chosen].sum(axis=0))


def reciprocal_rank(found: Cases) -> Floats:
    """[G] mean reciprocal rank of the best of what was chosen; equal weights share their ranks."""
    case_of = _case_of(found)
    own = np.where(found.chosen[:, None], found.weight, -np.inf)
    best = np.maximum.reduceat(own, found.start, axis=0)[case_of]
    above = _per_case(found, (found.weight > best).astype(np.float64))
    equal = _per_case(found, (found.weight == best).astype(np.float64))
    return np.asarray((1.0 / (1.0 + above + (equal - 1.0) / 2.0)).mean(axis=0))


def shared(found: Cases) -> HalfLife:
    """The one half-life under which all choices are likeliest, with its interval; flat prior on the log scale."""
    return _posterior(log_likelihood(found), found.half_lives, n=int(found.chosen.sum()))


def per_topic(found: Cases) -> dict[int, HalfLife]:
    """Each option's own half-life, shrunk to the shared one: log h_k ~ N(log h, SPREAD^2).

    The joint maximum of likelihood and prior over all log h_k, with intervals from the curvature there (Laplace). The
    fewer cases a topic has, the nearer it stays to the shared value.
    """
    centre = float(np.log(shared(found).days))
    keys, which = np.unique(found.key, return_inverse=True)
    ends = (float(np.log(found.half_lives[0])), float(np.log(found.half_lives[-1])))
    fitted = minimize(
        _surprise,
        np.full(len(keys), centre),
        args=(found, which, centre),
        jac=True,
        method="L-BFGS-B",
        bounds=[ends] * len(keys),
    ).x
    spread = np.sqrt(np.diag(np.linalg.inv(_curvature(fitted, found, which, centre))))
    low, high = (np.exp(np.clip(fitted + z * spread, *ends)) for z in (-_Z, _Z))
    n = np.bincount(which, weights=found.chosen, minlength=len(keys))
    return {
        int(key): HalfLife(float(np.exp(fitted[k])), float(low[k]), float(high[k]), int(n[k]))
        for k, key in enumerate(keys)
    }


def _surprise(logs: Floats, found: Cases, which: Ints, centre: float) -> tuple[float, Floats]:
    """Minus log posterior of the topics' log half-lives [K], and its gradient [K]. `which`: [m] topic of each row."""
    weight, slope = _at(found, logs[which])
    case_of, chosen = _case_of(found), found.chosen
    total = np.maximum(_per_case(found, weight), np.finfo(np.float64).tiny)[case_of]
    share = _lapsed(weight / total, _options(found))
    pull = np.where(chosen, (1 - LAPSE) / share, 0.0)
    push = _per_case(found, pull * weight / total)[case_of]
    gradient = np.bincount(which, weights=(pull - push) / total * slope, minlength=len(logs))
    off = logs - centre
    value = np.log(share[chosen]).sum() - 0.5 * float(off @ off) / SPREAD**2
    return -float(value), np.asarray(off / SPREAD**2 - gradient)


def _curvature(logs: Floats, found: Cases, which: Ints, centre: float) -> Floats:
    """[K, K] second derivatives of `_surprise`, by differences over one step of the grid; kept above the prior's."""
    step = float(np.log(found.half_lives[1] / found.half_lives[0]))
    rows = []
    for k in range(len(logs)):
        ahead, behind = logs.copy(), logs.copy()
        ahead[k] += step
        behind[k] -= step
        rows.append(
            (_surprise(ahead, found, which, centre)[1] - _surprise(behind, found, which, centre)[1]) / (2 * step)
        )
    values, vectors = np.linalg.eigh((np.array(rows) + np.array(rows).T) / 2)
    return np.asarray((vectors * np.maximum(values, SPREAD**-2)) @ vectors.T)


def _at(found: Cases, logs: Floats) -> tuple[Floats, Floats]:
    """[m] weights at log half-lives [m] between the grid's, linear in the logarithm, and their slopes."""
    known = np.log(found.half_lives)
    place = np.interp(logs, known, np.arange(len(known)))
    low = np.minimum(place.astype(np.int64), len(known) - 2)
    rows = np.arange(len(found.key))
    below, above = found.weight[rows, low], found.weight[rows, low + 1]
    return below + (place - low) * (above - below), (above - below) / (known[1] - known[0])


def _posterior(logs: Floats, half_lives: Floats, *, n: int) -> HalfLife:
    """Mean and central 95% of a density over the grid, on the log scale."""
    density = np.exp(logs - logs.max())
    density /= density.sum()
    at = np.log(half_lives)
    reached = np.cumsum(density) - density / 2
    low, high = np.interp([0.025, 0.975], reached, at)
    return HalfLife(float(np.exp(density @ at)), float(np.exp(low)), float(np.exp(high)), n)


def _lapsed(share: Floats, options: Floats) -> Floats:
    return np.asarray((1 - LAPSE) * share + LAPSE / options)


def _case_of(found: Cases) -> Ints:
    """[m] the case of each row."""
    return np.repeat(np.arange(len(found.start)), _sizes(found))


def _sizes(found: Cases) -> Ints:
    return np.diff(np.append(found.start, len(found.key)))


def _options(found: Cases) -> Floats:
    """[m] number of options in each row's case."""
    return np.repeat(_sizes(found), _sizes(found)).astype(np.float64)


def _per_case(found: Cases, values: Floats) -> Floats:
    return np.asarray(np.add.reduceat(values, found.start, axis=0))
