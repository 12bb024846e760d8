"""Does the profile know what customers want, when that changes, and who is about to leave? On the demo shop's truth.

The log goes through the product's own pipeline; profiles are folded from it and read at the end of a day. Asked are
customers with at least 10 events by the reading.

- `top_interest_accuracy`: at days 120, 180, 225 and the last one, of those with a view in the last 30 days, the first
  interest of the profile is what they want most; the mean over these days.
- `shift_recall_10d`: every change of what is wanted most, from one stage of a life to the next, after which they came
  at least once. Found when a reported shift (`shift` or `seasonal`), read at the log's end or on the day they left, has
  the right from and to and began at most 10 local days off; each report finds one change. Who tells two stories of the
  same days tells none: of the reports of one customer that lie at most 10 days apart only the surest counts, for ours,
  the oracle and counting alike (counting is sure of nothing: the earliest).
- `false_shifts_per_customer_quarter`: such reports about customers who lived no arc, per 91 days from joining to the
  reading.
- `top_interest_gap_closed`, `shift_gap_closed`: (ours - naive) / (oracle - naive), all on the same questions.
- `drift_signals_14d`: of those who drifted off, read 14 days before they were gone, the share with at least two signals
  of different names that stand and were raised within 60 days. `drift_false_alarms`: the same of customers who never
  left, each the nearest to a leaver in tenure and number of events, read on the same day.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from pydantic import Field

from app.demo.calendar import DAY_MS, Calendar
from app.demo.shop import DEFAULT_CUSTOMERS, DEFAULT_SEED, DemoShop
from app.demo.synonyms import Vocabulary
from app.profile.schemas import InterestShift, ShiftKind
from app.schema import Frozen
from evals import shop as shops
from evals.ceilings.asked import Asked, ask
from evals.ceilings.changes import naive_changes
from evals.ceilings.naive import naive_answer
from evals.ceilings.oracle import Oracle
from evals.ceilings.queries import queries
from evals.ceilings.shift_oracle import guesses, reports
from evals.ceilings.visits import visits
from evals.ceilings.watching import Ints, Log, watch
from evals.readings import Reading, Readings
from evals.scorers.drift import counted
from evals.scorers.profile import Figures, TopAnswers, drift_figures, middle, shift_figures, top_figures
from evals.scorers.shifts import Change, matches, one_story, tally
from evals.task import Metric, Sample, Say, Score, TaskResult

MOST_CUSTOMERS = 20_000
"""The ceilings look at the whole log at once, some 35 kB per customer."""
WHY = (
    "oracle: a Bayes filter over drawn lives, with the simulator's parameters and the events only; "
    "naive: most viewed topic of 30 days, and its change against the 30 days before, looked at once a week"
)


class ProfileOptions(Frozen):
    """Options of `run profile`."""

    seed: int = Field(default=DEFAULT_SEED, ge=0)
    """seed of the demo shop"""
    customers: int = Field(default=DEFAULT_CUSTOMERS, ge=10, le=MOST_CUSTOMERS)
    """customers of the demo shop, at most 20,000"""
    wording: Vocabulary = "A"
    """words that its customers use: A, or the held-out B"""


class ProfileTask:
    """The task."""

    name = "profile"
    purpose = "What customers want now, when that changed, and who is about to leave, against the demo shop's truth."
    options = ProfileOptions

    def run(self, options: ProfileOptions, say: Say) -> TaskResult:
        """Ask the product, somebody who counts, and the oracle the same questions."""
        shop = DemoShop(options.seed, options.customers, options.wording)
        log = watch(shop)
        asked = ask(shop, log)
        ours = _ours(options, shop, log, asked, say)
        say(f"asking the oracle about {options.customers:,} customers")
        oracle = _oracle(shop, log, asked, say)
        naive = _naive(log, asked)
        figures = _figures(ours, naive, oracle, asked, seed=options.seed)
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=options.customers,
            metrics=figures["ours"] | _noticed(ours, asked, options.seed) | drift_figures(ours.drift),
            baselines={"unshrunk": figures["unshrunk"]},
            ceilings={"oracle": figures["oracle"], "naive": figures["naive"]},
            counts=_signals(ours.drift),
            provenance={
                "data": f"demo shop, seed {options.seed}, {options.customers} customers, wording {options.wording}",
                "ceilings": WHY,
            },
            samples=[_sample(asked, index, ours.said, oracle) for index in range(options.customers)],
        )


class _Said(NamedTuple):
    """What somebody answers: the topic wanted most at each cut, and each customer's changes."""

    topics: list[Ints]
    changes: list[list[Change]]


class _Ours(NamedTuple):
    """What the product answers."""

    said: _Said
    unshrunk: list[Ints]
    """The topic of which own behaviour alone speaks most."""
    noticed: list[list[int]]
    """Per customer, the day on which each of the changes was noticed."""
    drift: list[tuple[frozenset[str], frozenset[str]]]
    """Signals of each leaver and of their double."""


def _ours(options: ProfileOptions, shop: DemoShop, log: Log, asked: Asked, say: Say) -> _Ours:
    cuts = [case.cut for case in asked.interests]
    book = _Book(asked, log.topics)
    with shops.demo(seed=options.seed, customers=options.customers, say=say, wording=options.wording) as opened:
        readings = Readings(opened, shop.calendar, compared=cuts)
        for reading in readings.read(asked.truths, book.days, say):
            book.enter(reading, shop.calendar)
    return book.answers()


class _Book:
    """Enters readings where they answer a question."""

    def __init__(self, asked: Asked, topics: Sequence[str]) -> None:
        """Work out who is read when."""
        self._asked, self._number = asked, {topic: number for number, topic in enumerate(topics)}
        self._cuts = {case.cut: place for place, case in enumerate(asked.interests)}
        self._drift = {(who, pair.day): frozenset[str]() for pair in asked.pairs for who in (pair.leaver, pair.stayer)}
        nothing = np.full(len(asked.truths), -1)
        self._topics = [nothing.copy() for _ in self._cuts]
        self._unshrunk = [nothing.copy() for _ in self._cuts]
        self._changes: list[list[Change]] = [[] for _ in asked.truths]
        self._noticed: list[list[int]] = [[] for _ in asked.truths]
        self.days: list[list[int]] = [[*self._cuts, int(end)] for end in asked.ends]
        for customer, day in self._drift:
            self.days[customer].append(day)

    def enter(self, reading: Reading, calendar: Calendar) -> None:
        """One reading may answer several questions."""
        customer, day, profile = reading
        if (place := self._cuts.get(day)) is not None and profile.interests:
            own = max(profile.interests, key=lambda interest: interest.weight)
            self._topics[place][customer] = self._number.get(profile.interests[0].topic, -1)
            self._unshrunk[place][customer] = self._number.get(own.topic, -1) if own.weight > 0 else -1
        if day == self._asked.ends[customer]:
            shifts = _counted([shift for shift in profile.shifts if shift.kind in _CHANGES], calendar)
            self._changes[customer] = [_change(shift, calendar) for shift in shifts]
            self._noticed[customer] = [_day(shift.noticed_at, calendar) for shift in shifts]
        if (customer, day) in self._drift:
            self._drift[customer, day] = counted(profile.signals, profile.as_of)

    def answers(self) -> _Ours:
        """All that was entered."""
        drift = [(self._drift[p.leaver, p.day], self._drift[p.stayer, p.day]) for p in self._asked.pairs]
        return _Ours(_Said(self._topics, self._changes), self._unshrunk, self._noticed, drift)


_CHANGES = frozenset({ShiftKind.SHIFT, ShiftKind.SEASONAL})


def _counted(shifts: Sequence[InterestShift], calendar: Calendar) -> list[InterestShift]:
    """Of those that lie close together the surest."""
    days = [_day(shift.since, calendar) for shift in shifts]
    return [shifts[place] for place in one_story(days, [shift.confidence for shift in shifts])]


def _change(shift: InterestShift, calendar: Calendar) -> Change:
    return Change(shift.from_topic or "", shift.to_topic or "", _day(shift.since, calendar))


def _day(moment: datetime, calendar: Calendar) -> int:
    """The local day of a moment, counted from the shop's first."""
    return calendar.moment(moment) // DAY_MS


def _naive(log: Log, asked: Asked) -> _Said:
    """What counting answers: of changes that lie close together the earliest."""
    changes = [
        [of[place] for place in one_story([change.day for change in of], [-change.day for change in of])]
        for of in naive_changes(log, asked.ends)
    ]
    return _Said([naive_answer(log, case).topic for case in asked.interests], changes)


def _oracle(shop: DemoShop, log: Log, asked: Asked, say: Say) -> _Said:
    found = visits(log, *queries(shop))
    topics = [answer.topic for answer in Oracle(shop, log.topics).answer(found, asked.interests)]
    told = guesses(shop, log.topics, found, asked.ends, say)
    return _Said(topics, reports(told, asked.quiet_quarters))


def _figures(ours: _Ours, naive: _Said, oracle: _Said, asked: Asked, *, seed: int) -> Figures:
    said = {"ours": ours.said, "naive": naive, "oracle": oracle}
    topics = {who: of.topics for who, of in said.items()} | {"unshrunk": ours.unshrunk}
    tops = top_figures(TopAnswers(topics, asked.interests, asked.events), seed=seed)
    tallies = {who: tally(asked.changes, of.changes, asked.quiet_quarters) for who, of in said.items()}
    shifts = shift_figures(tallies, seed=seed)
    return {who: of | shifts.get(who, {}) for who, of in tops.items()}


def _noticed(ours: _Ours, asked: Asked, seed: int) -> dict[str, Metric]:
    """How many days after their beginning the changes that were found were noticed, in the middle."""
    late = [
        [float(noticed[report] - true[change].day) for change, report in matches(true, said).items()]
        for true, said, noticed in zip(asked.changes, ours.said.changes, ours.noticed, strict=True)
    ]
    return {"shift_noticed_after_days": middle(late, seed=seed)}


def _signals(drift: Sequence[tuple[frozenset[str], frozenset[str]]]) -> dict[str, dict[str, int]]:
    """Who shows which signal."""
    return {
        side: dict(sorted(Counter(name for signals in of for name in signals).items()))
        for side, of in zip(("leavers", "stayers"), zip(*drift, strict=True), strict=False)
    }


def _sample(asked: Asked, index: int, ours: _Said, oracle: _Said) -> Sample:
    """What was to be found of one customer, and what was."""
    truth, true = asked.truths[index], asked.changes[index]
    found = len(matches(true, ours.changes[index]))
    return Sample(
        id=str(index),
        input={"arc": truth.arc, "noise": truth.noise, "events": int(asked.events[-1][index])},
        target={"changes": _listed(true)},
        output={"changes": _listed(ours.changes[index]), "oracle": _listed(oracle.changes[index])},
        scores={"shifts_found": Score(found / len(true)) if true else Score(None, "nothing to be found")},
    )


def _listed(changes: Iterable[Change]) -> str:
    return ", ".join(f"{c.before}>{c.after}@{c.day}" for c in sorted(changes, key=lambda c: c.day))
