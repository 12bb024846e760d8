"""Changes of what a customer wants most: the true ones, and those that counting sees.

Days count from the shop's first. A customer is read at the end of the log, or of the day on which they left.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from app.demo.calendar import Calendar
from app.demo.truth import CustomerTruth, InterestStage
from app.events.schemas import EventKind
from evals.ceilings.cases import WINDOW
from evals.ceilings.watching import Flags, Ints, Log
from evals.scorers.shifts import Change

STEP = 7
"""Days between two looks of somebody who counts."""


def last_days(truths: Sequence[CustomerTruth], calendar: Calendar) -> Ints:
    """[customers] the day at whose end each one is read."""
    first, last = calendar.midnight.date(), calendar.days - 1
    return np.array([last if t.churned_on is None else (t.churned_on - first).days for t in truths])


def true_changes(customer: CustomerTruth, visits: Ints, calendar: Calendar) -> list[Change]:
    """Those after which they came at least once: before it, nobody could know. `visits` are days, up to the reading."""
    first, latest = calendar.midnight.date(), int(visits.max(initial=-1))
    stages = customer.interests_over_time
    changes = [Change(_top(a), _top(b), (b.since - first).days) for a, b in pairwise(stages) if _top(a) != _top(b)]
    return [change for change in changes if change.day <= latest]


def _top(stage: InterestStage) -> str:
    return max(stage.topics, key=lambda topic: stage.topics[topic])


def visit_days(log: Log, ends: Ints) -> list[Ints]:
    """Per customer, the days of the events of their visits up to the reading."""
    return _by_customer(log, (log.session >= 0) & (log.day <= ends[log.customer]))


def _by_customer(log: Log, rows: Flags) -> list[Ints]:
    edges = np.searchsorted(log.customer[rows], np.arange(log.customers + 1))
    days = log.day[rows]
    return [days[start:stop] for start, stop in pairwise(edges)]


def naive_changes(log: Log, ends: Ints) -> list[list[Change]]:
    """What counting reports of each customer: another topic is viewed most in 30 days than in the 30 before.

    Looked at once a week. A change is said to begin where the 30 days of the first look that shows it begin (with any
    later day fewer true ones are met), and is not reported again while it lasts. Ties go to the first topic of the
    catalogue.
    """
    rows = log.of(EventKind.VIEW)
    edges = np.searchsorted(log.customer[rows], np.arange(log.customers + 1))
    days, topics = log.day[rows], log.topic[rows]
    return [
        _seen_by_counting(_daily(days[start:stop], topics[start:stop], len(log.topics), int(end)), log.topics)
        for (start, stop), end in zip(pairwise(edges), ends, strict=True)
    ]


def _daily(days: Ints, topics: Ints, kinds: int, end: int) -> Ints:
    """[end + 2, kinds] views of each topic before each day."""
    found = np.zeros((end + 2, kinds), dtype=np.int64)
    early = days <= end
    np.add.at(found, (days[early] + 1, topics[early]), 1)
    return np.asarray(np.cumsum(found, axis=0))


def _seen_by_counting(before: Ints, topics: Sequence[str]) -> list[Change]:
    found: list[Change] = []
    last: tuple[int, int] | None = None
    for day in range(2 * WINDOW, len(before) - 1, STEP):
        pair = _tops(before, day)
        if pair is not None and pair != last:
            found.append(Change(topics[pair[0]], topics[pair[1]], day - WINDOW + 1))
        last = pair
    return found


def _tops(before: Ints, day: int) -> tuple[int, int] | None:
    """(then, now) where both windows have views and differ in what was viewed most; the later one ends with `day`."""
    now, then = before[day + 1] - before[day + 1 - WINDOW], before[day + 1 - WINDOW] - before[day + 1 - 2 * WINDOW]
    if not now.any() or not then.any() or now.argmax() == then.argmax():
        return None
    return int(then.argmax()), int(now.argmax())
