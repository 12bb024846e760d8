"""What somebody who knew the simulator's parameters could tell of each customer at the end of the log.

The oracle is `oracle.py`'s filter, which sees events only. It can tell what is true and what it is sure of: what is
wanted most now, the latest change of that to within days (`shift_oracle.py`), and whether they are drifting away: gone
for good, or in a stretch of life that ends so. Only who has bought can leave, and it is not asked of those who came for
one purchase and were never to come again.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from app.demo.shop import DemoShop
from app.demo.truth import CustomerTruth
from app.events.schemas import EventKind
from evals.ceilings.asked import Asked, ask
from evals.ceilings.oracle import Oracle
from evals.ceilings.queries import queries
from evals.ceilings.shift_oracle import Guess, guesses
from evals.ceilings.visits import Visits, visits
from evals.ceilings.watching import Log, watch
from evals.scorers.shifts import WITHIN, Change
from evals.task import Say

SURE = 0.8
"""What the oracle holds less likely than this it could only guess."""
_LEAVING = "drifting_away"
_ONCE = "one_off"
"""Why somebody is gone who came for one purchase and never meant to stay: nothing of theirs drifts."""


class Tellable(NamedTuple):
    """The truth of one customer, where the oracle could tell it; None where it could not, or nothing is asked."""

    interest: str | None
    """What they want most; asked of who viewed a product within 30 days."""
    shift: tuple[str, str] | None
    """The latest change of what they want most, after which they came at least once."""
    drifting: bool | None


class Life(NamedTuple):
    """One customer of the demo shop: the truth, and as much of it as could be told."""

    truth: CustomerTruth
    tellable: Tellable


def lives(shop: DemoShop, say: Say) -> list[Life]:
    """Every customer of the shop's log, by their number."""
    log = watch(shop)
    asked, found = ask(shop, log), visits(log, *queries(shop))
    say(f"asking the oracle about {shop.customers:,} customers")
    changes = guesses(shop, log.topics, found, asked.ends, say)
    return [
        Life(of, Tellable(interest, _latest(asked.changes[of.index], changes[of.index]), drifting))
        for of, (interest, drifting) in zip(asked.truths, _today(shop, log, asked, found), strict=True)
    ]


def _latest(true: Sequence[Change], told: Sequence[Guess]) -> tuple[str, str] | None:
    """The last of the true changes, if the oracle is sure of it, to within some days."""
    latest = max(true, key=lambda change: change.day, default=None)
    if latest is None:
        return None
    near = (g.mass for g in told if g.change[:2] == latest[:2] and abs(g.change.day - latest.day) <= WITHIN)
    return latest[:2] if max(near, default=0.0) >= SURE else None


def _today(shop: DemoShop, log: Log, asked: Asked, found: Visits) -> Iterator[tuple[str | None, bool | None]]:
    """What each customer wants on the last day and whether they drift, where it is asked and the oracle is sure."""
    oracle, last, case = Oracle(shop, log.topics), shop.calendar.days - 1, asked.interests[-1]
    buyers = set(log.customer[log.of(EventKind.ORDER)].tolist())
    edges = np.searchsorted(found.customer, np.arange(len(asked.truths) + 1))
    for of, (first, until) in zip(asked.truths, pairwise(edges), strict=True):
        if first == until:
            yield None, None
            continue
        posterior = oracle.posterior(Visits._make(column[first:until] for column in found), last)
        topic = int(case.topic[of.index])
        sure = case.asked_interest[of.index] and oracle.wanted(posterior, last)[topic] >= SURE
        leaves = of.index in buyers and of.churn_reason != _ONCE
        yield log.topics[topic] if sure else None, _drifts(of, oracle.drifting(posterior, last)) if leaves else None


def _drifts(of: CustomerTruth, chance: float) -> bool | None:
    """Whether they are drifting away, where the oracle is sure of the truth."""
    true = is_drifting(of)
    return true if (chance if true else 1 - chance) >= SURE else None


def is_drifting(of: CustomerTruth) -> bool:
    """Whether they are gone for good by the log's end, or on the way out."""
    gone = of.churned_on is not None and of.won_back_on is None
    return gone or (of.churned_on is None and of.arc == _LEAVING)
