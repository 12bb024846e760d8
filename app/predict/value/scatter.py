"""How far what customers spend lies from what is expected of them: the interval, calibrated per predicted level.

With chance P0 of no purchase and mean m of those who buy, spend is 0 or m e, where e is drawn from what the look back
saw of customers of about the same m. The level of everything (a season, a wave of customers) is uncertain too: with z
normal, both the chance to buy and the spend move by exp(doubt z) together,

    P(S <= q) = E_z[ P0^exp(doubt z) + (1 - P0^exp(doubt z)) G(q / m_z) ],  m_z = m exp(doubt z) (1 - P0) / (1 - P0_z)

so that an unseen autumn widens the interval. Quantiles q / m are solved on a grid of P0 and m, and then read off for
each customer by interpolation. They are never negative and rise with the share.
"""

from typing import NamedTuple

import msgspec
import numpy as np
from numpy.polynomial.hermite_e import hermegauss

from app.predict.inputs.purchases import Floats

SHARES = (0.1, 0.5, 0.9)
_LEVELS = 10
"""Levels of m at most ..."""
_LEAST_BUYERS = 80
"""... with so many buyers each at least."""
_STEPS = np.concatenate((np.linspace(0.01, 0.95, 60), (0.96, 0.97, 0.98, 0.99, 0.995)))
"""Shares at which G is kept."""
_P_ZERO = np.append(np.linspace(0.0, 0.98, 99), (0.985, 0.99, 0.995, 0.999))
_NODES, _WEIGHTS = hermegauss(7)
_HALVINGS = 45


class Scatter(msgspec.Struct, frozen=True):
    """What e was, by level of m."""

    levels: list[float]
    """ln m at the middle of each level, ascending."""
    distances: list[list[float]]
    """[levels, shares of _STEPS]: quantiles of e; its mean over all levels together is 1."""


class Spread(NamedTuple):
    """In the unit of the mean, shape [n] each."""

    q10: Floats
    median: Floats
    q90: Floats
    error: Floats
    """E|S - mean|: by how much the mean is off, on average."""


def learn(mean_if_bought: Floats, spend: Floats) -> Scatter:
    """From customers who bought: what was expected of them if they buy, and what they spent; shape [n], n >= 1."""
    ratio = spend / mean_if_bought
    ratio = ratio / ratio.mean()
    count = int(np.clip(ratio.size // _LEAST_BUYERS, 1, _LEVELS))
    parts = np.array_split(np.argsort(mean_if_bought, kind="stable"), count)
    return Scatter(
        [float(np.log(np.median(mean_if_bought[part]))) for part in parts],
        [np.quantile(ratio[part], _STEPS).tolist() for part in parts],
    )


def spread(scatter: Scatter, p_zero: Floats, mean_if_bought: Floats, *, doubt: float) -> Spread:
    """Quantiles and expected error of spend where the level is uncertain by `doubt` (in logarithms)."""
    distances = np.array(scatter.distances)
    tables = [*(_solve(share, distances, doubt) for share in SHARES), _error(distances)]
    return Spread(*(_read(table, scatter.levels, p_zero, mean_if_bought) for table in tables))


def _solve(share: float, distances: Floats, doubt: float) -> Floats:
    """Q / m with P(S <= q) = share, shape [levels, P0]; 0 where P(0) is enough."""
    low = np.zeros((len(distances), _P_ZERO.size))
    high = np.full_like(low, 8 * distances[:, -1:].max() + 1)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        short = _below(middle, distances, doubt) < share
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.where(_below(np.zeros_like(low), distances, doubt) >= share, 0.0, (low + high) / 2)


def _error(distances: Floats) -> Floats:
    """E|S - E[S]| / m where the level is certain, shape [levels, P0]."""
    weight = np.diff(_STEPS, prepend=0.0)
    weight[-1] += 1 - _STEPS[-1]
    mean = 1 - _P_ZERO
    off = np.abs(distances[:, :, None] - mean) * weight[:, None]
    found: Floats = _P_ZERO * mean + (1 - _P_ZERO) * off.sum(axis=1)
    return found


def _below(q: Floats, distances: Floats, doubt: float) -> Floats:
    """P(S <= q), shape [levels, P0]."""
    total = np.zeros_like(q)
    for node, weight in zip(_NODES, _WEIGHTS / _WEIGHTS.sum(), strict=True):
        moved = np.exp(doubt * node)
        zero = _P_ZERO**moved
        mean = moved * (1 - _P_ZERO) / np.maximum(1 - zero, 1e-12)
        total += weight * (zero + (1 - zero) * _shares(q / mean, distances))
    return total


def _shares(distance: Floats, distances: Floats) -> Floats:
    """G of each level; beyond the last step it closes in on 1 like a Pareto tail of index 1."""
    found = np.array([np.interp(row, own, _STEPS) for row, own in zip(distance, distances, strict=True)])
    first, last = distances[:, :1], distances[:, -1:]
    beyond = 1 - (1 - _STEPS[-1]) * last / np.maximum(distance, 1e-300)
    inside = np.where(distance < first, _STEPS[0] * distance / np.maximum(first, 1e-300), found)
    return np.where(distance > last, beyond, inside)


def _read(known: Floats, levels: list[float], p_zero: Floats, mean: Floats) -> Floats:
    level, between = _place(np.array(levels), np.log(np.maximum(mean, 1e-300)))
    column, beyond = _place(_P_ZERO, p_zero)
    above = np.minimum(level + 1, len(levels) - 1)
    lower = known[level, column] * (1 - beyond) + known[level, column + 1] * beyond
    upper = known[above, column] * (1 - beyond) + known[above, column + 1] * beyond
    found: Floats = mean * (lower * (1 - between) + upper * between)
    return found


def _place(grid: Floats, value: Floats) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], Floats]:
    """The grid step that holds each value, and how far into it; values beyond the grid stay at its ends."""
    step = np.clip(np.searchsorted(grid, value, side="right") - 1, 0, max(grid.size - 2, 0))
    if grid.size == 1:
        return step, np.zeros(value.size)
    return step, np.clip((value - grid[step]) / (grid[step + 1] - grid[step]), 0, 1)
