"""What the profile evaluation asks of a demo shop, and of whom: customers with enough events by the moment of reading.

Days count from the shop's first; whatever is asked about a day is read at its end.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from app.demo.personas import NO_ARC
from app.demo.shop import DemoShop
from app.demo.truth import CustomerTruth, truth
from evals.ceilings.cases import Case, cases
from evals.ceilings.changes import last_days, true_changes, visit_days
from evals.ceilings.watching import Ints, Log
from evals.scorers.drift import BEFORE, Pair, Standing, pairs
from evals.scorers.shifts import QUARTER, Change

ENOUGH = 10
"""Events from which somebody is asked about."""


class Asked(NamedTuple):
    """The questions; one entry per customer unless it says otherwise."""

    truths: tuple[CustomerTruth, ...]
    interests: list[Case]
    """One per cut."""
    events: list[Ints]
    """Events up to each cut."""
    ends: Ints
    """The day at whose end shifts are read: the log's last, or that on which they left."""
    changes: list[list[Change]]
    """What is to be found; empty for those with too few events."""
    quiet_quarters: dict[int, float]
    """Customers without an arc, with the quarters from joining to the reading."""
    pairs: list[Pair]
    """Who drifted off, with their doubles."""


def ask(shop: DemoShop, log: Log) -> Asked:
    """All the questions about one shop."""
    truths, interests = truth(shop), cases(shop, log)
    ends, first = last_days(truths, shop.calendar), shop.calendar.midnight.date()
    joined = np.array([(t.joined_on - first).days for t in truths])
    many = _events_until(log, ends) >= ENOUGH
    changes = [true_changes(t, days, shop.calendar) for t, days in zip(truths, visit_days(log, ends), strict=True)]
    return Asked(
        truths=truths,
        interests=interests,
        events=[_events_until(log, np.full(log.customers, case.cut)) for case in interests],
        ends=ends,
        changes=[found if enough else [] for found, enough in zip(changes, many, strict=True)],
        quiet_quarters={
            t.index: (ends[t.index] + 1 - joined[t.index]) / QUARTER
            for t in truths
            if t.arc == NO_ARC and many[t.index]
        },
        pairs=_pairs(truths, log, joined, ends),
    )


def _events_until(log: Log, days: Ints) -> Ints:
    return np.bincount(log.customer[log.day <= days[log.customer]], minlength=log.customers)


def _pairs(truths: tuple[CustomerTruth, ...], log: Log, joined: Ints, ends: Ints) -> list[Pair]:
    def standing(customer: int, day: int) -> Standing | None:
        events = int(np.searchsorted(days[customer], day, side="right"))
        return Standing(day - int(joined[customer]), events) if events >= ENOUGH else None

    edges = np.searchsorted(log.customer, np.arange(log.customers + 1))
    days = [log.day[start:stop] for start, stop in pairwise(edges)]
    leavers = [(t.index, int(ends[t.index]) - BEFORE) for t in truths if t.churn_reason == "drift"]
    return pairs(leavers, [t.index for t in truths if t.churned_on is None], standing)
