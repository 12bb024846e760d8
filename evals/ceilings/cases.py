"""What is to be found out at each cut: present interest, a shift of it, and leaving, from the true lives.

Days count from the shop's first; a cut is the last day that may be seen. Arrays have one row per customer.
"""

from typing import NamedTuple

import numpy as np

from app.demo.plans import Plan
from app.demo.shop import DemoShop
from app.events.schemas import EventKind
from evals.ceilings.watching import Flags, Floats, Ints, Log

WINDOW = 30
"""Days whose views speak of the present; as many before them speak of what was."""
HORIZON = 45
"""Days after a cut within which leaving counts."""
CUTS = (120, 180, 225)
"""Days from which somebody looks back; interests are also asked about on the last day of the log."""
NEVER = 10**6
"""Days since something that did not happen."""


class Case(NamedTuple):
    """The questions at one cut. What does not apply to a customer is not asked."""

    cut: int
    asked_interest: Flags
    """Viewed a product within the last WINDOW days."""
    topic: Ints
    """What they want most."""
    asked_shift: Flags
    """Viewed products in both windows."""
    shifted: Flags
    """They want something else most than WINDOW days before."""
    asked_leaving: Flags
    """Visited within the last WINDOW days and not gone; nobody when the horizon runs past the log."""
    leaves: Flags
    """Gone for good within HORIZON days."""


class Answer(NamedTuple):
    """What a rule or a filter says at one cut."""

    topic: Ints
    shifted: Flags
    """As likely as not."""
    flagged: Flags
    """Reported as a shift, with an eye to F1."""
    leaving: Floats
    """Higher for those more likely to leave; the scale is free."""


def cases(shop: DemoShop, log: Log) -> list[Case]:
    """One case per cut that lies within the log."""
    plans = [shop.plan_of(index) for index in range(shop.customers)]
    last = shop.calendar.days - 1
    left_on = np.array([_left_on(shop, plan) for plan in plans])
    return [_case(plans, left_on, log, cut, last) for cut in sorted({*CUTS, last}) if cut <= last]


def _left_on(shop: DemoShop, plan: Plan) -> int:
    """The day of the last order by themselves; NEVER for those who stay or were won back."""
    gone = plan.leaving is not None and shop.won_back_on(plan.customer.index) is None
    return plan.leaving.day if plan.leaving is not None and gone else NEVER


def _case(plans: list[Plan], left_on: Ints, log: Log, cut: int, last: int) -> Case:
    viewed, before = (views(log, day).sum(axis=1) > 0 for day in (cut, cut - WINDOW))
    now, then = _wanted(plans, log, cut), _wanted(plans, log, cut - WINDOW)
    return Case(
        cut=cut,
        asked_interest=viewed,
        topic=now,
        asked_shift=viewed & before,
        shifted=now != then,
        asked_leaving=(days_since_visit(log, cut) < WINDOW) & (left_on > cut) & (cut + HORIZON <= last),
        leaves=left_on <= cut + HORIZON,
    )


def _wanted(plans: list[Plan], log: Log, day: int) -> Ints:
    numbers = {topic: number for number, topic in enumerate(log.topics)}
    return np.array([numbers[plan.customer.stage_at(day).top] for plan in plans], dtype=np.int64)


def views(log: Log, cut: int) -> Ints:
    """Product views in the WINDOW days that end with `cut`, [customers, topics]."""
    rows = log.of(EventKind.VIEW) & (log.day <= cut) & (log.day > cut - WINDOW)
    found = np.zeros((log.customers, len(log.topics)), dtype=np.int64)
    np.add.at(found, (log.customer[rows], log.topic[rows]), 1)
    return found


def days_since_visit(log: Log, cut: int) -> Ints:
    """Days from the last visit to the cut; NEVER without one."""
    rows = (log.session >= 0) & (log.day <= cut)
    last = np.full(log.customers, cut - NEVER, dtype=np.int64)
    np.maximum.at(last, log.customer[rows], log.day[rows])
    return cut - last
