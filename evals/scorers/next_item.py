"""Which item does a customer buy next? Four ways of ranking the whole catalogue, and the rank of what was bought.

Target: the items at the customer's last purchase time. History: strictly before it. Items already bought are left out.
Ties, and all items that a ranking says nothing about, go by popularity (purchases by anybody before the target's day),
then by name: the same for every ranking.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from heapq import nsmallest
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from app.database.types import from_micros
from app.profile.wants.decay import FEWEST, Cases, Touch, cases, grid, reciprocal_rank
from app.profile.wants.interests import Decayed, touch
from evals.event_log import DAY, EventLog, Ints

TOP = 10
"""Places of a ranking that are looked at."""
POPULARITY, LAST_TOUCHED, UNDECAYED, DECAYED = "popularity", "last_touched", "undecayed", "decayed"
RANKINGS = (POPULARITY, LAST_TOUCHED, UNDECAYED, DECAYED)
FIT_CUSTOMERS = 20_000
"""Customers whose earlier purchases the half-life is fitted on, at most."""
FIT_MOMENTS, FIT_ROWS = 20, 200_000
"""Of each customer the last moments; options in all, at most."""
FEWEST_PURCHASES = 200
"""Earlier purchases without which the half-life is fitted on all that people came back to."""
HALF_LIVES = grid(1 / 24, 24 * 32, per_doubling=2)
"""Days: an hour to two years."""


class Person(NamedTuple):
    """One customer with a target: rows [first, cut) of the log are history."""

    number: int
    first: int
    cut: int
    at: int
    """Microseconds of the last purchase."""
    targets: frozenset[int]
    bought: frozenset[int]


class Fit(NamedTuple):
    """The half-life under which earlier events were ranked best, and how well each of the grid did."""

    days: float
    origin: str
    """What it was fitted on."""
    reciprocal_ranks: Sequence[float]


def people(log: EventLog, *, history: Sequence[int], target: int) -> list[Person]:
    """Everybody with a target and an earlier event of the history's kinds."""
    edges = np.flatnonzero(np.diff(log.customer, prepend=-1, append=-1))
    found = (_person(log, int(a), int(b), set(history), target) for a, b in pairwise(edges))
    return [person for person in found if person]


def _person(log: EventLog, first: int, end: int, history: set[int], target: int) -> Person | None:
    purchases = np.flatnonzero(log.kind[first:end] == target)
    if len(purchases) == 0:
        return None
    at = int(log.micros[first + purchases[-1]])
    cut = first + int(np.searchsorted(log.micros[first:end], at))
    if not history.intersection(log.kind[first:cut].tolist()):
        return None
    last = purchases[log.micros[first + purchases] == at]
    before = purchases[log.micros[first + purchases] < at]
    targets, bought = (frozenset(log.item[first + rows].tolist()) for rows in (last, before))
    return Person(int(log.customer[first]), first, cut, at, targets, bought)


def fit(
    log: EventLog,
    persons: Sequence[Person],
    *,
    impact: Mapping[int, float],
    target: int,
    repeat: bool,
    seed: int,
    default: float,
) -> Fit:
    """The half-life for ranking, from what lies before the targets.

    From earlier purchases; where there are too few, from whatever people came back to; else `default`.
    """
    bought = earlier(log, persons, impact=impact, chosen={target}, once=not repeat, seed=seed)
    if len(bought) >= FEWEST_PURCHASES:
        return _best(bought, f"{len(bought):,} purchases before the last of each customer")
    acts = earlier(log, persons, impact=impact, chosen=set(impact), once=False, seed=seed)
    few = f"too few purchases before the last, {len(bought):,}"
    if len(acts) >= FEWEST:
        return _best(acts, f"{len(acts):,} times customers came back to an item before the target; {few}")
    return Fit(default, f"the taxonomy's default; {few}", ())


def earlier(
    log: EventLog,
    persons: Sequence[Person],
    *,
    impact: Mapping[int, float],
    chosen: Collection[int],
    once: bool,
    seed: int,
) -> Cases:
    """What customers turned to before their targets, as cases to fit on; nothing of the targets is in them."""
    drawn = np.random.default_rng(seed).permutation(len(persons))[:FIT_CUSTOMERS].tolist()
    histories = (list(_touches(log, persons[i], impact, chosen)) for i in drawn)
    return cases(histories, HALF_LIVES, once=once, most=FIT_MOMENTS, most_rows=FIT_ROWS)


def _touches(log: EventLog, person: Person, impact: Mapping[int, float], chosen: Collection[int]) -> Iterator[Touch]:
    for row in range(person.first, person.cut):
        kind = int(log.kind[row])
        if kind in impact or kind in chosen:
            moment = float(log.micros[row] - log.micros[person.first]) / DAY
            yield Touch(moment, int(log.item[row]), impact.get(kind, 0.0), chosen=kind in chosen)


def _best(found: Cases, origin: str) -> Fit:
    """The best mean reciprocal rank, the longest half-life of equals."""
    ranks = reciprocal_rank(found)
    best = len(ranks) - 1 - int(np.argmax(ranks[::-1]))
    return Fit(float(found.half_lives[best]), origin, tuple(ranks.tolist()))


def places(
    log: EventLog, persons: Sequence[Person], *, impact: Mapping[int, float], target: int, repeat: bool, days: float
) -> Ints:
    """[persons, rankings] place of the best target in each of RANKINGS, from 1; 0 when not among the first TOP."""
    out = np.zeros((len(persons), len(RANKINGS)), dtype=np.int64)
    by_day = sorted(range(len(persons)), key=lambda i: persons[i].at)
    popularity = _Popularity(log, target)
    for i in by_day:
        person = persons[i]
        popular = popularity.before_day_of(person.at)
        masked = frozenset[int]() if repeat else person.bought
        scores = _scores(log, person, impact, days)
        out[i] = [_place(scores[name], popular, person, masked) for name in RANKINGS]
    return out


class _Always(NamedTuple):
    """Every item fades alike; an endless half-life is no decay at all."""

    days: float

    def half_life_days(self, topic: str, /) -> float:
        return self.days


def _scores(log: EventLog, person: Person, impact: Mapping[int, float], days: float) -> dict[str, dict[int, float]]:
    last: dict[int, float] = {}
    weights: tuple[dict[str, Decayed], dict[str, Decayed]] = ({}, {})
    fading = (_Always(np.inf), _Always(days))
    for row in range(person.first, person.cut):
        adds = impact.get(int(log.kind[row]))
        if adds is not None:
            item, at = int(log.item[row]), from_micros(int(log.micros[row]))
            for held, half_lives in zip(weights, fading, strict=True):
                touch(held, (str(item),), adds, at, half_lives)
            last[item] = float(log.micros[row])
    undecayed, decayed = (_at(held, person.at, of.days) for held, of in zip(weights, fading, strict=True))
    return {POPULARITY: {}, LAST_TOUCHED: last, UNDECAYED: undecayed, DECAYED: decayed}


def _at(weights: Mapping[str, Decayed], micros: int, days: float) -> dict[int, float]:
    at = from_micros(micros)
    return {int(item): weight.at_time(at, days) for item, weight in weights.items()}


class _Popularity:
    """Purchases of each item before a day; days are asked for in order."""

    def __init__(self, log: EventLog, target: int) -> None:
        rows = np.flatnonzero(log.kind == target)
        rows = rows[np.argsort(log.micros[rows], kind="stable")]
        self._day, self._item = log.micros[rows] // DAY, log.item[rows]
        self.counts = np.zeros(len(log.items), dtype=np.int64)
        self._read, self._today = 0, -(10**9)
        self._order, self._sorted = np.zeros(0, dtype=np.int64), 0

    def before_day_of(self, micros: int) -> "_Popularity":
        """Move on to the day of a moment."""
        today = micros // DAY
        if today != self._today:
            upto = int(np.searchsorted(self._day, today))
            self.counts += np.bincount(self._item[self._read : upto], minlength=len(self.counts))
            self._read, self._today, self._sorted = upto, today, 0
        return self

    def first(self, n: int) -> Ints:
        """The `n` most popular items, best first."""
        n = min(n, len(self.counts))
        if self._sorted < n:
            wanted = min(max(2 * n, 100), len(self.counts))
            key = self.counts * len(self.counts) - np.arange(len(self.counts))  # unique: ties go by name
            top = np.argpartition(-key, wanted - 1)[:wanted]
            self._order, self._sorted = top[np.argsort(-key[top])], wanted
        return self._order[:n]


def _place(scores: Mapping[int, float], popular: _Popularity, person: Person, masked: frozenset[int]) -> int:
    open_ = [item for item in scores if item not in masked]
    ranked = nsmallest(TOP, open_, key=lambda item: (-scores[item], -popular.counts[item], item))
    if len(ranked) < TOP:
        skipped = masked.union(scores)
        rest = (int(item) for item in popular.first(TOP + len(skipped)) if int(item) not in skipped)
        ranked += [item for item, _ in zip(rest, range(TOP - len(ranked)), strict=False)]
    return next((place for place, item in enumerate(ranked, start=1) if item in person.targets), 0)
