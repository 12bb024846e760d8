"""The oracle: a Bayes filter that knows the simulator's parameters and sees only the events up to the cut.

For one customer the hidden life is own interests k (of K) and a path q (of Q, `lives.py`); over visits v = 1..V

    ln P(k, q | events) = ln P(k) + ln P(q | joined) + sum_v ln P(wishes_v, manner_v | k, phase_q(v))
                          + ln P(visit days | q) + ln P(order days | q) + const.

It is an approximation: K x Q drawn lives stand for all; texts, refunds, consents and answers to campaigns are not read;
of the quiet stretches it knows how much they slow a customer down on average, not when; it does not ask for the months
in which a topic is wanted more, nor for what somebody kept before. So more could be known than it
knows, but not much more.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from scipy.sparse import csr_array

from app.demo.calendar import Calendar
from app.demo.parameters import Parameters
from app.demo.shop import DemoShop
from evals.ceilings.cases import WINDOW, Answer, Case
from evals.ceilings.evidence import Emissions, emissions, visit_evidence
from evals.ceilings.lives import PATH_DRAWS, Own, Paths, draw_own, draw_paths, joining_likelihood, phases
from evals.ceilings.paces import Counts, Pace, Paces
from evals.ceilings.visits import Visits
from evals.ceilings.watching import Floats, Ints

ORACLE_PLACE = 77


class Belief(NamedTuple):
    """What the filter believes of one customer at one cut."""

    topic: int
    shifted: float
    """P(they want something else most than WINDOW days before)."""
    leaving: float
    """P(gone within HORIZON days), given that they are not gone yet."""


class Posterior(NamedTuple):
    """How likely each drawn life is, given one customer's events up to a cut."""

    weight: Floats
    """[Q, K] float32, summing to one."""
    bounds: Ints
    """[Q, S + 1] days on which the phases of each path begin."""
    pace: Pace


class Oracle:
    """The filter for one shop's parameters."""

    def __init__(self, shop: DemoShop, topics: tuple[str, ...], *, path_draws: int = PATH_DRAWS) -> None:
        """Draw the lives that are weighed, so many paths per arc, and prepare their likelihoods."""
        random = Generator(PCG64(SeedSequence(shop.seed, spawn_key=(ORACLE_PLACE,))))
        self._parameters: Parameters = shop.parameters
        self._calendar: Calendar = shop.calendar
        known = phases(shop.parameters)
        self._cool = np.array([phase.spec.mood == "cool" for phase in known])
        self._own: Own = draw_own(shop.parameters, topics, random)
        self._paths: Paths = draw_paths(shop.parameters, known, random, path_draws)
        self._emissions: Emissions = emissions(shop.parameters, known, self._own, topics)
        self._of_persona = np.eye(len(shop.parameters.personas), dtype=np.float32)[self._emissions.persona]
        self._paces = Paces(shop.parameters, shop.calendar, known, self._paths)

    def answer(self, found: Visits, cases: list[Case]) -> list[Answer]:
        """What the filter says of every customer at every cut."""
        edges = np.searchsorted(found.customer, np.arange(len(cases[0].topic) + 1))
        beliefs = [
            self._beliefs(Visits._make(column[first:last] for column in found), cases, customer)
            for customer, (first, last) in enumerate(pairwise(edges))
        ]
        return [_answer(list(of_case), case) for of_case, case in zip(zip(*beliefs, strict=True), cases, strict=True)]

    def _beliefs(self, of: Visits, cases: list[Case], customer: int) -> list[Belief]:
        asked = [c.asked_interest[customer] or c.asked_leaving[customer] for c in cases]
        if not any(asked):
            return [_NOTHING] * len(cases)
        joined = int(of.day[0])
        bounds = self._paths.bounds(joined)
        prior = self._prior(joined)
        table = self._running_evidence(of)
        return [
            self._belief(of, table, bounds, prior, case.cut, gone_known=bool(case.asked_leaving[customer]))
            if wanted
            else _NOTHING
            for case, wanted in zip(cases, asked, strict=True)
        ]

    def posterior(self, of: Visits, cut: int) -> Posterior:
        """The drawn lives of one customer, weighed by their visits up to the cut, of which there is at least one."""
        bounds = self._paths.bounds(int(of.day[0]))
        return self._weighed(of, self._running_evidence(of), bounds, self._prior(int(of.day[0])), cut, gone_known=False)

    @property
    def stage_tops(self) -> Ints:
        """[Q, S, K] what is wanted most in each stage of each life, as a position in the topics."""
        return self._emissions.top[self._paths.phase]

    def wanted(self, found: Posterior, cut: int) -> Floats:
        """[topics] P(it is what they want most) on a day."""
        tops = self._emissions.top[self._phase_at(found.bounds, cut)]
        mass = np.bincount(tops.ravel(), weights=found.weight.ravel(), minlength=self._emissions.topics)
        return np.asarray(mass, dtype=np.float64)

    def drifting(self, found: Posterior, cut: int) -> float:
        """P(in a phase of cooling off, or gone after one) on a day."""
        cool = self._cool[self._phase_at(found.bounds, cut)]
        return float(found.weight.sum(axis=1) @ cool)

    def _prior(self, joined: int) -> Floats:
        arcs = self._parameters.arcs
        of_arc = {name: joining_likelihood(arc, self._parameters, joined) for name, arc in arcs.items()}
        likely = np.array([of_arc[name] for name in self._paths.arc])
        return np.asarray(self._paths.log_share + np.log(np.maximum(likely, 1e-12)))

    def _running_evidence(self, of: Visits) -> Floats:
        """[(V + 1) * F, K]: evidence of the first v visits had they all happened in phase f."""
        evidence = visit_evidence(of, self._emissions)
        table = np.zeros((len(of.day) + 1, *evidence.shape[1:]), dtype=np.float32)
        np.cumsum(evidence, axis=0, out=table[1:])
        return table.reshape(-1, table.shape[-1])

    def _belief(self, of: Visits, table: Floats, bounds: Ints, prior: Floats, cut: int, *, gone_known: bool) -> Belief:
        found = self._weighed(of, table, bounds, prior, cut, gone_known=gone_known)
        return self._judged(found.weight, bounds, cut, found.pace.leaving(self._paces.silence(bounds), cut))

    def _weighed(
        self, of: Visits, table: Floats, bounds: Ints, prior: Floats, cut: int, *, gone_known: bool
    ) -> Posterior:
        seen = of.day <= cut
        counts = Counts(of.day[seen & ~of.invited], of.day[seen & of.bought])
        pace = self._paces.weigh(counts, bounds, int(of.day[0]), cut)
        of_path = prior if not gone_known else np.where(self._paces.silence(bounds) <= cut, -np.inf, prior)
        of_persona = (of_path[:, None] + pace.log_likelihood).astype(np.float32)
        log_weight = self._fit(of, table, bounds, cut)
        log_weight += of_persona[:, self._emissions.persona]
        log_weight += self._own.log_share
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        return Posterior(weight, bounds, pace)

    def _fit(self, of: Visits, table: Floats, bounds: Ints, cut: int) -> Floats:
        """[Q, K] evidence of the visits up to the cut: what ran up within each phase of the path."""
        at, phase = np.searchsorted(of.day, np.minimum(bounds, cut + 1)), self._paths.phase
        lasting = at[:, 1:] > at[:, :-1]
        path, kinds = np.nonzero(lasting)[0], len(self._emissions.top)
        ends, begins = (at[:, 1:] * kinds + phase)[lasting], (at[:, :-1] * kinds + phase)[lasting]
        sign = np.repeat(np.array([1, -1], dtype=np.float32), len(path))
        where = (np.tile(path, 2), np.concatenate([ends, begins]))
        return np.asarray(csr_array((sign, where), shape=(len(phase), len(table))) @ table)

    def _judged(self, weight: Floats, bounds: Ints, cut: int, leaving: Floats) -> Belief:
        """Sum the weights up by what is true in the life that they stand for."""
        both = self._phase_at(bounds, cut) * len(self._emissions.top) + self._phase_at(bounds, cut - WINDOW)
        pairs, of_pair = np.unique(both, return_inverse=True)
        mass = (of_pair == np.arange(len(pairs))[:, None]).astype(np.float32) @ weight
        now, before = (self._emissions.top[part] for part in divmod(pairs, len(self._emissions.top)))
        wanted = np.bincount(now.ravel(), weights=mass.ravel(), minlength=self._emissions.topics)
        return Belief(
            topic=int(wanted.argmax()),
            shifted=float(mass[now != before].sum()),
            leaving=float(((weight @ self._of_persona) * leaving).sum()),
        )

    def _phase_at(self, bounds: Ints, day: int) -> Ints:
        stage = (bounds[:, 1:] <= max(day, 0)).sum(axis=1)
        return np.asarray(np.take_along_axis(self._paths.phase, stage[:, None], axis=1)[:, 0])


_EVEN = 0.5
_NOTHING = Belief(-1, 0.0, 0.0)


def _answer(beliefs: list[Belief], case: Case) -> Answer:
    shifted = np.array([belief.shifted for belief in beliefs])
    return Answer(
        topic=np.array([belief.topic for belief in beliefs]),
        shifted=shifted >= _EVEN,
        flagged=shifted >= _best_threshold(shifted[case.asked_shift]),
        leaving=np.array([belief.leaving for belief in beliefs]),
    )


def _best_threshold(chance: Floats) -> float:
    """Where the expected F1 is largest by the filter's own belief: 2 sum(p flagged) / (flagged + sum p)."""
    if chance.size == 0:
        return _EVEN
    ranked = -np.sort(-chance)
    expected = 2 * np.cumsum(ranked) / (np.arange(1, len(ranked) + 1) + ranked.sum())
    return float(ranked[expected.argmax()])
