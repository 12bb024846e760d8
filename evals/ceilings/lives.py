"""The simulator's prior over lives, as tables that a filter can weigh: own interests, and paths through the phases.

A life is own interests (K drawn tables, the same number for each persona) times a path (Q drawn runs of phases).
Phases are all that a stretch of life can be like: calm, each way to have no arc, each phase of each arc.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from app.demo.parameters import Arc, Noise, Parameters, PhaseSpec
from app.demo.personas import NO_ARC
from evals.ceilings.watching import Flags, Floats, Ints

OWN_DRAWS = 100
"""Tables of own interests per persona."""
PATH_DRAWS = 30
"""Paths per arc; an arc with a choice of topics gets twice as many."""
FOREVER = 10**5
"""Days of a phase that lasts until the log ends."""


class Phase(NamedTuple):
    """What a stretch of life is like."""

    spec: PhaseSpec
    topics: dict[str, float]
    """Interests blended in with the spec's strength, summing to one; empty for none."""
    wander: float
    gifts: float
    arc: str


class Paths(NamedTuple):
    """Q possible runs through at most S phases; they begin as `phase[q, 0]` and are calm again at the end."""

    arc: tuple[str, ...]
    noise: tuple[Noise | None, ...]
    log_share: Floats
    """Prior of each path before the day of joining is known."""
    start: Ints
    """First day of the arc, from joining or from the shop's first day."""
    relative: Flags
    """`start` counts from joining."""
    length: Ints
    """[Q, S - 2] days of each phase of the arc."""
    phase: Ints
    """[Q, S] positions in the list of phases."""

    def bounds(self, joined: int) -> Ints:
        """[Q, S + 1] days on which the phases begin, for somebody who joined then; the last ends them all."""
        begin = np.where(self.relative, joined + self.start, np.maximum(joined, self.start))[:, None]
        steps = begin + np.cumsum(self.length, axis=1)
        zero, end = np.zeros_like(begin), np.full_like(begin, 4 * FOREVER)
        return np.concatenate([zero, begin, steps, end], axis=1)


class Own(NamedTuple):
    """K tables of own interests."""

    persona: tuple[str, ...]
    interests: Floats
    """[K, T], rows summing to one."""
    log_share: Floats


def draw_own(parameters: Parameters, topics: Sequence[str], random: Generator) -> Own:
    """Log-normal spread around each persona's interests, as the simulator draws them."""
    names = [name for name in parameters.personas for _ in range(OWN_DRAWS)]
    centre = np.array([[parameters.personas[name].topics.get(topic, 0.0) for topic in topics] for name in names])
    drawn = centre * np.exp(parameters.customer.interest_sigma * random.standard_normal(centre.shape))
    share = np.array([parameters.personas[name].share for name in names]) / OWN_DRAWS
    return Own(tuple(names), drawn / drawn.sum(axis=1, keepdims=True), np.log(share).astype(np.float32))


def phases(parameters: Parameters) -> tuple[Phase, ...]:
    """Every phase that there is: those without an arc first, then arc by arc, one per topic where there is a choice."""
    found = [_quiet(parameters, None), *(_quiet(parameters, noise) for noise in parameters.noise.values())]
    for name, arc in parameters.arcs.items():
        for spec in arc.phases:
            found += [_phase(parameters, name, spec, topics) for topics in _choices(spec)]
    return tuple(found)


def _quiet(parameters: Parameters, noise: Noise | None) -> Phase:
    usual = parameters.customer
    wander = usual.wander if noise is None or noise.wander is None else noise.wander
    gifts = usual.gift_share if noise is None or noise.gift_share is None else noise.gift_share
    return Phase(PhaseSpec(), {}, wander, gifts, NO_ARC)


def _phase(parameters: Parameters, arc: str, spec: PhaseSpec, topics: dict[str, float]) -> Phase:
    total = sum(topics.values())
    shares = {topic: weight / total for topic, weight in topics.items()}
    return Phase(spec, shares, parameters.customer.wander, parameters.customer.gift_share, arc)


def _choices(spec: PhaseSpec) -> list[dict[str, float]]:
    return [{topic: 1.0} for topic in spec.one_of] or [dict(spec.topics)]


def draw_paths(
    parameters: Parameters, known: Sequence[Phase], random: Generator, path_draws: int = PATH_DRAWS
) -> Paths:
    """Paths from the prior: one for each way to have no arc, `path_draws` for each arc."""
    rows = [*_without_arc(parameters), *_with_arc(parameters, known, random, path_draws)]
    longest = max(len(row.length) for row in rows)
    return Paths(
        arc=tuple(row.arc for row in rows),
        noise=tuple(row.noise for row in rows),
        log_share=np.log([row.share for row in rows]),
        start=np.array([row.start for row in rows]),
        relative=np.array([row.relative for row in rows]),
        length=np.array([row.length + [0] * (longest - len(row.length)) for row in rows]),
        phase=np.array([[row.calm, *row.phase, *[row.calm] * (longest + 1 - len(row.phase))] for row in rows]),
    )


class _Row(NamedTuple):
    arc: str
    noise: Noise | None
    share: float
    start: int
    relative: bool
    calm: int
    phase: list[int]
    length: list[int]


def _without_arc(parameters: Parameters) -> Iterator[_Row]:
    share = parameters.arcs[NO_ARC].share
    for position, noise in enumerate(parameters.noise.values(), start=1):
        yield _Row(NO_ARC, noise, share * noise.share, FOREVER, True, position, [], [])


def _with_arc(parameters: Parameters, known: Sequence[Phase], random: Generator, path_draws: int) -> Iterator[_Row]:
    for name, arc in parameters.arcs.items():
        draws = path_draws * (2 if any(spec.one_of for spec in arc.phases) else 1)
        for _ in range(draws if arc.phases else 0):
            start, relative = _draw_start(arc, parameters, random)
            chosen = [_one(known, name, spec, random) for spec in arc.phases]
            lengths = [
                FOREVER if s.days is None else int(random.integers(s.days[0], s.days[1] + 1)) for s in arc.phases
            ]
            yield _Row(name, None, arc.share / draws, start, relative, 0, chosen, lengths)


def _draw_start(arc: Arc, parameters: Parameters, random: Generator) -> tuple[int, bool]:
    if arc.starts_after:
        return int(random.integers(arc.starts_after[0], arc.starts_after[1] + 1)), True
    if not arc.starts_between:
        return FOREVER, True
    first, last = arc.starts_between[int(random.integers(len(arc.starts_between)))]
    opening = (first - parameters.first_day).days
    return int(random.integers(opening, opening + (last - first).days + 1)), False


def _one(known: Sequence[Phase], arc: str, spec: PhaseSpec, random: Generator) -> int:
    """A phase made from this spec; which one is chance."""
    fitting = [n for n, phase in enumerate(known) if phase.arc == arc and phase.spec is spec]
    return fitting[int(random.integers(len(fitting)))]


def joining_likelihood(arc: Arc, parameters: Parameters, joined: int) -> float:
    """P(joined on this day | arc)."""
    joining = parameters.joining
    if arc.joins_within is not None:
        return 1 / (arc.joins_within + 1) if joined <= arc.joins_within else 0.0
    early = joining.early_share / (joining.early_days + 1) if joined <= joining.early_days else 0.0
    late_days = joining.latest_day - joining.early_days + 1
    late = (1 - joining.early_share) / late_days if joining.early_days <= joined <= joining.latest_day else 0.0
    return early + late
