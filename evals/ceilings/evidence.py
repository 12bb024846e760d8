"""How likely a visit is in each phase of life: what was wished for, and in what manner.

Wishes are multinomial over topics; manner is what drifting changes: pages per visit (Poisson), seconds per page
(log-normal), broad searches and followed recommendations (Bernoulli). F phases, K own interests, T topics.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from app.demo.parameters import Parameters
from evals.ceilings.lives import Own, Phase
from evals.ceilings.visits import Visits
from evals.ceilings.watching import Floats, Ints

_LEAST = 1e-6


class Emissions(NamedTuple):
    """Likelihood tables; `persona` says which persona each of the K own interests belongs to."""

    topics: int
    persona: Ints
    top: Ints
    """[F, K] the topic wanted most."""
    browse: Floats
    """[F * K, T] ln P(topic) of a visit that looks around, float32."""
    buy: Floats
    """[F * K, T] the same of a visit that buys, perhaps for somebody else."""
    depth: Floats
    """[F, P] mean pages beyond the first."""
    dwell: Floats
    """[F] mean of ln seconds."""
    dwell_sigma: float
    taken: Floats
    """[F] share of recommendations followed."""
    broad: Floats
    """[F] share of broad searches."""


def emissions(parameters: Parameters, known: Sequence[Phase], own: Own, topics: Sequence[str]) -> Emissions:
    """The tables for all phases and own interests."""
    rates, names = parameters.behaviour, list(parameters.personas)
    interests = np.stack([_interests(phase, own, topics) for phase in known])
    wander = np.array([phase.wander for phase in known])[:, None, None]
    browse = (1 - wander) * interests + wander / len(topics)
    gifts = np.array([phase.gifts for phase in known])[:, None, None]
    gift = np.isin(np.array(topics), parameters.gift_topics) / len(parameters.gift_topics)
    cool = np.array([phase.spec.mood == "cool" for phase in known])
    return Emissions(
        topics=len(topics),
        persona=np.array([names.index(name) for name in own.persona]),
        top=interests.argmax(axis=2),
        browse=_flat_log(browse),
        buy=_flat_log((1 - gifts) * browse + gifts * gift),
        depth=np.array([[p.depth * phase.spec.depth for p in parameters.personas.values()] for phase in known]),
        dwell=np.log(rates.dwell_seconds * np.where(cool, rates.patience_cool, 1.0)),
        dwell_sigma=rates.dwell_sigma,
        taken=np.where(cool, rates.impression_taken_cool, rates.impression_taken),
        broad=np.where(cool, rates.broad_cool, rates.broad),
    )


def _interests(phase: Phase, own: Own, topics: Sequence[str]) -> Floats:
    """[K, T] own interests with the phase's blended in."""
    if not phase.topics:
        return own.interests
    other = np.array([phase.topics.get(topic, 0.0) for topic in topics])
    return np.asarray((1 - phase.spec.strength) * own.interests + phase.spec.strength * other)


def _flat_log(chance: Floats) -> Floats:
    return np.log(np.maximum(chance, _LEAST)).reshape(-1, chance.shape[-1]).astype(np.float32)


def visit_evidence(of: Visits, tables: Emissions) -> Floats:
    """[V, F, K] ln P(visit | phase, own interests), up to a constant per visit; float32."""
    shape = (len(of.day), *tables.top.shape)
    own_wish = (~of.invited)[:, None]
    wishes = (of.wishes * own_wish).astype(np.float32)
    bought = of.bought[:, None]
    evidence = (wishes * ~bought) @ tables.browse.T + (wishes * bought) @ tables.buy.T
    return np.asarray(evidence.reshape(shape) + _manner(of, tables)[:, :, tables.persona])


def _manner(of: Visits, tables: Emissions) -> Floats:
    """[V, F, P] ln P(pages, seconds, breadth, trust)."""
    more = np.where(of.bought, 0, np.maximum(of.views - 1, 0))[:, None, None]
    looked = (~of.bought & (of.views > 0))[:, None, None]
    depth = np.maximum(tables.depth, _LEAST)
    pages = looked * (more * np.log(depth) - depth)
    n, total = of.dwells[:, None], of.log_dwell[:, None]
    seconds = (2 * tables.dwell * total - n * tables.dwell**2) / (2 * tables.dwell_sigma**2)
    taken = np.minimum(of.taken, of.shown)[:, None]
    trust = taken * np.log(tables.taken) + (of.shown[:, None] - taken) * np.log(1 - tables.taken)
    breadth = of.broad[:, None] * np.log(tables.broad) + of.narrow[:, None] * np.log(1 - tables.broad)
    breadth = np.where(of.bought[:, None], 0.0, breadth)
    return np.asarray((pages + (seconds + trust + breadth)[:, :, None]).astype(np.float32))
