"""What a run of visits says of the phase behind each: forward and backward over a chain in continuous time.

A customer has a lasting taste o (shares of topics) and goes through phases f; phase 0 is no phase at all. A wish for
topic t in phase f has the chance (1 - r_f) o_t + r_f p_ft, with pull r_f and topics p_f of the phase. A phase is left
at rate l_f per day for another one drawn from m_f, so that over a gap of g days (first order in moves)

    P(f' | f, g) = e^(-l_f g) [f' = f] + (1 - e^(-l_f g)) m_ff'.

Filtered and smoothed chances follow by the scaled forward-backward recursions (Rabiner 1989, A Tutorial on Hidden
Markov Models, equations 19-27). C customers, V visits, W wishes, F phases, T topics.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]

_TINY = np.float32(1e-30)
LEAST_GAP = 0.02
"""Days: two visits of one hour may still be about different things."""
MINUTES_A_DAY = 1440.0


class Journey(NamedTuple):
    """The wishes of one customer in order of time."""

    topics: tuple[int, ...]
    visits: tuple[int, ...]
    """The visit of each wish, from 0."""
    minutes: tuple[int, ...]


class Journeys(NamedTuple):
    """Those of many customers, longest first."""

    who: Ints
    """[W]"""
    visit: Ints
    """[W]"""
    topic: Ints
    """[W]"""
    gap: Floats
    """[C, V] days since the visit before."""
    visits: Ints
    """[C] how many each one has, descending."""


class Chain(NamedTuple):
    """The phases of a shop's customers."""

    topics: Floats
    """[F, T] shares of topics, rows summing to one."""
    pull: Floats
    """[F] share of wishes that the phase makes; 0 for phase 0."""
    rate: Floats
    """[F] chance per day to leave."""
    moves: Floats
    """[F, F] where one goes from there, rows summing to one."""
    first: Floats
    """[F] where one begins."""


class Reading(NamedTuple):
    """What the wishes say."""

    filtered: Floats
    """[C, V, F] chance of each phase at a visit, by what was seen until then."""
    smoothed: Floats
    """[C, V, F] the same by all that was seen."""
    moved: Floats
    """[F, F] expected number of moves."""
    pulled: Floats
    """[W, F] chance that a wish in this phase was made by it rather than by lasting taste."""


def journeys(of: Sequence[Journey]) -> Journeys:
    """Lay them out side by side; ValueError unless the longest come first and none is empty."""
    count = np.array([journey.visits[-1] + 1 for journey in of], dtype=np.int64)
    if (np.diff(count) > 0).any():
        raise ValueError("journeys come longest first")
    sizes = [len(journey.topics) for journey in of]
    who = np.repeat(np.arange(len(of)), sizes)
    visit = np.fromiter((v for journey in of for v in journey.visits), np.int64, len(who))
    topic = np.fromiter((t for journey in of for t in journey.topics), np.int64, len(who))
    minute = np.fromiter((m for journey in of for m in journey.minutes), np.float64, len(who))
    start = np.zeros((len(of), int(count[0])))
    start[who[::-1], visit[::-1]] = minute[::-1]
    gap = np.diff(start, axis=1, prepend=start[:, :1]) / MINUTES_A_DAY
    return Journeys(who, visit, topic, np.maximum(gap, LEAST_GAP).astype(np.float32), count)


def read(of: Journeys, chain: Chain, taste: Floats) -> Reading:
    """Chances of the phases at every visit of everybody; `taste` is [C, T]."""
    by_phase = (chain.pull[:, None] * chain.topics).T[of.topic]
    chance = (1 - chain.pull) * taste[of.who, of.topic][:, None] + by_phase
    evidence = _evidence(of, np.log(chance))
    stay = np.exp(-of.gap[:, :, None] * chain.rate)
    active = [int(np.searchsorted(-of.visits, -v, side="left")) for v in range(evidence.shape[1])]
    filtered = _forward(evidence, stay, chain, active)
    smoothed, moved = _backward(evidence, stay, chain, active, filtered)
    return Reading(filtered, smoothed, moved, np.asarray(by_phase / chance, dtype=np.float32))


def moved(filtered: Floats, smoothed: Floats, gap: Floats, chain: Chain) -> Floats:
    """[V, F, F] chance of each move since the visit before, by all that was seen of one customer.

    With p the chances predicted from the visit before,  xi_ab(v) = f_a(v-1) (1 - e^(-l_a g)) m_ab s_b(v) / p_b(v),
    which is Rabiner's equation 37 in filtered (f) and smoothed (s) chances. Nothing moved before the first visit.
    """
    found = np.zeros((*filtered.shape, filtered.shape[1]))
    stay = np.exp(-gap[1:, None] * chain.rate)
    left = filtered[:-1] * (1 - stay)
    predicted = filtered[:-1] * stay + left @ chain.moves
    found[1:] = left[:, :, None] * chain.moves * (smoothed[1:] / (predicted + _TINY))[:, None, :]
    return found


def nothing(chain: Chain) -> Reading:
    """The reading of a customer without wishes."""
    none = np.zeros((1, 0, len(chain.rate)))
    return Reading(none, none, np.zeros_like(chain.moves), np.zeros((0, len(chain.rate))))


def _evidence(of: Journeys, logs: Floats) -> Floats:
    """[C, V, F] chance of each visit's wishes, the largest scaled to one."""
    shape = (*of.gap.shape, logs.shape[1])
    summed = np.zeros((shape[0] * shape[1], shape[2]), dtype=np.float32)
    cell = of.who * shape[1] + of.visit
    begins = np.flatnonzero(np.diff(cell, prepend=-1))
    summed[cell[begins]] = np.add.reduceat(logs, begins, axis=0)
    summed -= summed.max(axis=1, keepdims=True)
    return np.asarray(np.exp(summed).reshape(shape))


def _forward(evidence: Floats, stay: Floats, chain: Chain, active: Sequence[int]) -> Floats:
    filtered = np.zeros_like(evidence)
    for v, n in enumerate(active):
        if v:
            before = filtered[:n, v - 1]
            kept = before * stay[:n, v]
            now = (kept + (before - kept) @ chain.moves) * evidence[:n, v]
        else:
            now = chain.first * evidence[:n, 0]
        filtered[:n, v] = now / (now.sum(axis=1, keepdims=True) + _TINY)
    return filtered


def _backward(
    evidence: Floats, stay: Floats, chain: Chain, active: Sequence[int], filtered: Floats
) -> tuple[Floats, Floats]:
    ahead, moved = np.ones((len(evidence), len(chain.rate)), dtype=np.float32), np.zeros_like(chain.moves)
    smoothed = np.zeros_like(evidence)
    for v in range(len(active) - 1, -1, -1):
        n = active[v]
        now = filtered[:n, v] * ahead[:n]
        smoothed[:n, v] = now / (now.sum(axis=1, keepdims=True) + _TINY)
        if v:
            after = evidence[:n, v] * ahead[:n]
            before = filtered[:n, v - 1]
            left = before * (1 - stay[:n, v])
            reached = after @ chain.moves.T
            total = ((before * stay[:n, v]) * after + left * reached).sum(axis=1, keepdims=True) + _TINY
            moved += (left / total).T @ after
            ahead[:n] = stay[:n, v] * after + (1 - stay[:n, v]) * reached
            ahead[:n] /= ahead[:n].max(axis=1, keepdims=True) + _TINY
    return smoothed, moved * chain.moves
