"""What customers like this one want: their lasting tastes, and the phases that they go through.

Learned from the visits of a workspace's own customers, with nothing told in advance: H lasting tastes (a mixture of
multinomials; Nigam, McCallum, Thrun and Mitchell 2000, Text Classification from Labeled and Unlabeled Documents using
EM, section 3) and per topic a brief phase and a lasting one, whose pull, further topics, length and successors are
fitted by Baum-Welch (Rabiner 1989, section III.C) with conjugate priors round a phase that is about its topic alone;
phases that nobody goes through are dropped. A customer's own taste is the taste of their kind, moved by their own
wishes outside phases. Seeded and deterministic.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import numpy as np

from app.profile.wants.hidden import Chain, Floats, Ints, Journey, Journeys, Reading, journeys, nothing, read

KINDS: Final = range(2, 11)
"""How many lasting tastes may be told apart."""
FEWEST: Final = 30
"""Customers below which nobody is compared with anybody."""
OWN: Final = 40.0
"""Own wishes that count as much as the taste of one's kind."""
_LEAST_WISHES: Final = 3
"""Wishes from which a customer says something of their kind."""
_EVEN: Final = 0.1
"""Share of wishes that follow no taste."""
_ROUNDS: Final = 20
_AGAIN: Final = 6
"""The round before which tastes are told apart anew, without the wishes that phases made."""
_STARTS: Final = 4
"""Beginnings that are tried, since where fitting ends depends on where it began."""
_SMOOTH: Final = 0.3
"""Wishes per topic by which a kind's taste is drawn towards that of all."""
_SEED: Final = 7
_LEAST_SUM: Final = 1e-30

_PULL: Final = 0.5
"""Share of wishes that a phase makes, before anything is known of it ..."""
_PURE: Final = 0.7
"""... and share of those that are about its topic ..."""
_BRIEF_DAYS: Final = 25.0
"""... and its length: what somebody needs for once takes weeks ..."""
_LASTING_DAYS: Final = 250.0
"""... and what becomes part of their life most of a year."""
_CALM_DAYS: Final = 180.0
"""Days from one phase to the next, before anything is known."""
_CALM: Final = 0.8
"""Share of customers who begin in no phase."""
_RETURN: Final = 0.5
"""Share of phases after which one is oneself again."""
_WORTH_WISHES: Final = 4.0
"""Wishes that the prior of a phase's topics is worth; ..."""
_WORTH_PULL: Final = 20.0
_WORTH_MOVES: Final = 3.0
_WORTH_LEAVES: Final = 2.0
_WORTH_FIRST: Final = 5.0
_TRIED: Final = 5
"""The round after which phases must prove themselves ..."""
_FEWEST_IN: Final = 1.0
"""... by customers expected to enter them."""


class Likeness(msgspec.Struct, frozen=True, eq=False):
    """The tastes and phases of a workspace's customers; H kinds, F phases, T topics."""

    topics: tuple[str, ...]
    size: Floats
    """[H] share of customers."""
    tastes: Floats
    """[H, T] shares of topics, rows summing to one."""
    chain: Chain

    def prior(self, weights: Mapping[str, float]) -> dict[str, float]:
        """The lasting taste of customers with such weights, as shares that sum to one."""
        row = np.array([[weights.get(topic, 0.0) for topic in self.topics]])
        taste = _taste(np.zeros_like(row), _kinds(row, self.size, self.tastes) @ self.tastes)[0]
        return {topic: float(share) for topic, share in zip(self.topics, taste, strict=True)}

    def segment(self, weights: Mapping[str, float]) -> str:
        """A name for the likeliest kind: its two strongest topics."""
        row = np.array([[weights.get(topic, 0.0) for topic in self.topics]])
        best = self.tastes[int(_kinds(row, self.size, self.tastes)[0].argmax())]
        return "+".join(self.topics[place] for place in np.argsort(-best, kind="stable")[:2])

    def read(self, journey: Journey) -> tuple[Floats, Reading]:
        """Own lasting taste [T] and what the wishes say; topics are numbered as in `topics`."""
        if not journey.topics:
            return _taste(np.zeros((1, len(self.topics))), self.size @ self.tastes)[0], nothing(self.chain)
        taste, found = self.read_all(journeys([journey]))
        return taste[0], found

    def read_all(self, of: Journeys) -> tuple[Floats, Reading]:
        """The same of many customers at once, [C, T]."""
        counts = _counts(of, np.ones(len(of.topic)), len(self.topics))
        kind = _kinds(counts, self.size, self.tastes) @ self.tastes
        found = read(of, self.chain, _taste(np.zeros_like(counts), kind))
        counts = _counts(of, _own_part(of, found), len(self.topics))
        taste = _taste(counts, _kinds(counts, self.size, self.tastes) @ self.tastes)
        return taste, read(of, self.chain, taste)


def fit(of: Iterable[Journey], topics: Iterable[str]) -> Likeness | None:
    """Tastes and phases behind the wishes of many customers, whose topics are numbered as in `topics`.

    None with too few customers to compare.
    """
    names = tuple(topics)
    found = [journey for journey in of if len(journey.topics) >= _LEAST_WISHES]
    if len(found) < FEWEST:
        return None
    size, tastes, chain = _fitted(journeys(sorted(found, key=lambda journey: -journey.visits[-1])), len(names))
    return Likeness(names, size, tastes, chain)


def unlearned(topics: int) -> Chain:
    """Phases before anything is known: none, and per topic a brief and a lasting one; no topic is likelier."""
    phases = 2 * topics
    moves = np.full((phases + 1, phases + 1), (1 - _RETURN) / (phases - 1))
    moves[:, 0] = _RETURN
    moves[0] = 1 / phases
    np.fill_diagonal(moves, 0.0)
    about = np.eye(topics) * _PURE + (1 - _PURE) / topics
    return Chain(
        topics=np.vstack([np.full(topics, 1 / topics), about, about]),
        pull=np.r_[0.0, np.full(phases, _PULL)],
        rate=1 / np.r_[_CALM_DAYS, np.full(topics, _BRIEF_DAYS), np.full(topics, _LASTING_DAYS)],
        moves=_rows(moves),
        first=np.r_[_CALM, np.full(phases, (1 - _CALM) / phases)],
    )


def _fitted(of: Journeys, topics: int) -> tuple[Floats, Floats, Chain]:
    counts = _counts(of, np.ones(len(of.topic)), topics)
    start = chain = unlearned(topics)
    size, tastes = _mixture(counts)
    for number in range(_ROUNDS):
        if number == _AGAIN:
            size, tastes = _mixture(counts)
        taste = _taste(counts, _kinds(counts, size, tastes) @ tastes)
        found = read(of, _narrow(chain), taste.astype(np.float32))
        counts = _counts(of, _own_part(of, found), topics)
        chain = _maximised(of, found, start)
        if number >= _TRIED:
            lived = np.flatnonzero(_entered(found) >= _FEWEST_IN)
            start, chain = _only(start, lived), _only(chain, lived)
        size, tastes = _tastes(counts, _kinds(counts, size, tastes))
    return size, tastes, _narrow(chain)


def _entered(found: Reading) -> Floats:
    """[F] customers expected to enter each phase; no phase is always open."""
    entered = found.moved.sum(axis=0) + found.smoothed[:, 0].sum(axis=0)
    entered[0] = np.inf
    return np.asarray(entered)


def _only(chain: Chain, phases: Ints) -> Chain:
    """The chain of some of its phases."""
    moves = chain.moves[np.ix_(phases, phases)]
    first = chain.first[phases]
    return Chain(
        chain.topics[phases],
        chain.pull[phases],
        chain.rate[phases],
        _rows(moves),
        first / first.sum(),
    )


def _rows(moves: Floats) -> Floats:
    """Rows that sum to one; where there is nowhere to go they stay zero."""
    return np.asarray(moves / np.maximum(moves.sum(axis=1, keepdims=True), _LEAST_SUM))


def _narrow(chain: Chain) -> Chain:
    return Chain(*(part.astype(np.float32) for part in chain))


def _mixture(counts: Floats) -> tuple[Floats, Floats]:
    """[H], [H, T] kinds of customers: as many as the data ask for, the likeliest of some beginnings at customers drawn.

    Their number is that of the highest Bayesian information criterion (Schwarz 1978): ln L - H T ln(n) / 2.
    """
    random = np.random.default_rng(_SEED)
    tried = [_one_mixture(counts, kinds, random) for kinds in KINDS for _ in range(_STARTS)]
    cost = counts.shape[1] * np.log(len(counts)) / 2
    return max(tried, key=lambda found: _fit_of(counts, *found) - len(found[0]) * cost)


def _one_mixture(counts: Floats, kinds: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    everybody = _everybody(counts)
    drawn = random.choice(len(counts), min(kinds, len(counts) // 4), replace=False)
    tastes = counts[drawn] + _SMOOTH * counts.shape[1] * everybody
    size, tastes = np.full(len(drawn), 1 / len(drawn)), tastes / tastes.sum(axis=1, keepdims=True)
    for _ in range(2 * _ROUNDS):
        size, tastes = _tastes(counts, _kinds(counts, size, tastes))
    return size, tastes


def _fit_of(counts: Floats, size: Floats, tastes: Floats) -> float:
    """Log-likelihood of the mixture."""
    log = counts @ np.log(tastes).T + np.log(size)
    most = log.max(axis=1)
    return float((most + np.log(np.exp(log - most[:, None]).sum(axis=1))).sum())


def _tastes(counts: Floats, kinds: Floats) -> tuple[Floats, Floats]:
    """[H], [H, T] shares from who is of which kind [n, H], smoothed by the shares of all."""
    everybody = _everybody(counts)
    tastes = kinds.T @ counts + _SMOOTH * counts.shape[1] * everybody
    return (kinds.sum(axis=0) + 1) / (len(kinds) + kinds.shape[1]), tastes / tastes.sum(axis=1, keepdims=True)


def _everybody(counts: Floats) -> Floats:
    """[T] shares of all customers together; no topic is impossible."""
    return np.asarray((counts.sum(axis=0) + 1) / (counts.sum() + counts.shape[1]))


def _kinds(counts: Floats, size: Floats, tastes: Floats) -> Floats:
    """[n, H] chance of each kind given wishes [n, T]."""
    log = counts @ np.log(tastes).T + np.log(size)
    likely = np.exp(log - log.max(axis=1, keepdims=True))
    return np.asarray(likely / likely.sum(axis=1, keepdims=True))


def _taste(counts: Floats, kind: Floats) -> Floats:
    """[n, T] own taste: that of one's kind, moved by own wishes outside phases, with a little of everything."""
    own = (counts + OWN * kind) / (counts.sum(axis=1, keepdims=True) + OWN)
    return np.asarray((1 - _EVEN) * own + _EVEN / counts.shape[1])


def _own_part(of: Journeys, found: Reading) -> Floats:
    """[W] chance that a wish was made by lasting taste."""
    return np.asarray((found.smoothed[of.who, of.visit] * (1 - found.pulled)).sum(axis=1))


def _counts(of: Journeys, weight: Floats, topics: int) -> Floats:
    """[C, T] wishes by customer and topic."""
    cells = np.bincount(of.who * topics + of.topic, weights=weight, minlength=len(of.visits) * topics)
    return np.asarray(cells.reshape(len(of.visits), topics))


def _maximised(of: Journeys, found: Reading, start: Chain) -> Chain:
    """The chain that explains the expected counts best, with the prior's counts added."""
    at = found.smoothed[of.who, of.visit].astype(np.float64)
    made = at * found.pulled
    topics = _WORTH_WISHES * start.topics
    for topic in range(topics.shape[1]):
        topics[:, topic] += made[of.topic == topic].sum(axis=0)
    pull = (made.sum(axis=0) + _WORTH_PULL * start.pull) / (at.sum(axis=0) + _WORTH_PULL)
    pull[0] = 0.0
    days = np.einsum("cvf,cv->f", found.smoothed, of.gap).astype(np.float64)
    rate = (found.moved.sum(axis=1) + _WORTH_LEAVES) / (days + _WORTH_LEAVES / start.rate)
    moves = found.moved + _WORTH_MOVES * start.moves
    np.fill_diagonal(moves, 0.0)
    first = found.smoothed[:, 0].sum(axis=0) + _WORTH_FIRST * start.first
    return Chain(
        topics / topics.sum(axis=1, keepdims=True),
        pull,
        rate,
        _rows(moves),
        first / first.sum(),
    )
