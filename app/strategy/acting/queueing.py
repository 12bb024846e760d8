"""Who is reached today: the largest expected gain first, as far as each team's day goes. Pure.

Everybody at a level is a candidate. Whoever is not due yet, rests, or was put off waits; of the others each team takes
as many as it can, and those beyond wait for another day. Whether somebody may be reached at all is asked only of those
whom a team would take. Every contact takes one place in its team's day, so the gain orders by itself; ties by id.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from app.predict.fitted import Estimates
from app.predict.inputs.purchases import PurchaseDays
from app.retrieval.schemas import Channel
from app.strategy.acting.contacts import Contact, rests_until
from app.strategy.acting.curve import LEVELS, Curve
from app.strategy.acting.rule import ActingRule, Level, Team
from app.strategy.acting.schemas import Hold


class Candidate(NamedTuple):
    """Somebody whose risk is above a threshold."""

    customer_id: str
    level: Level
    churn_risk: float
    threshold: float
    value_minor: int
    gain_minor: float


class Rhythm(NamedTuple):
    """How somebody buys, in days."""

    since_order: int
    usual_gap: float | None
    """Their own, else the shop's; None where nobody came twice."""


class Held(NamedTuple):
    """Why somebody is not reached today, and until when."""

    hold: Hold
    until: datetime | None = None


class Reached(NamedTuple):
    """On which channels somebody may be reached; none when consent or a block forbids it."""

    channels: tuple[Channel, ...]
    suppressed: bool = False


Reach = Callable[[Sequence[str]], Mapping[str, Reached]]


class Filled(NamedTuple):
    """What became of those who could be reached today."""

    taken: list[tuple[Candidate, Team, Reached]]
    held: list[tuple[Candidate, Held]]


def candidates(estimates: Estimates, curve: Curve) -> list[Candidate]:
    """Everybody at a level, largest gain first."""
    rows = np.flatnonzero(estimates.known & np.isfinite(estimates.churn_risk))
    value, risk = estimates.value[rows].astype(np.float64), estimates.churn_risk[rows]
    levels, found = curve.levels(value, risk), curve.thresholds(value)
    gains = curve.gains(value, risk, levels)
    thresholds = np.where(levels == len(LEVELS) - 1, found.strong, found.light)
    at = np.flatnonzero(levels).tolist()
    chosen = [
        Candidate(
            estimates.customer_ids[rows[i]], LEVELS[levels[i]], float(risk[i]), float(thresholds[i]),
            int(value[i]), float(gains[i]),
        )
        for i in at
    ]  # fmt: skip
    return sorted(chosen, key=rank)


def rank(candidate: Candidate) -> tuple[float, str]:
    """Sorts candidates: the largest expected gain first, ties by id."""
    return -candidate.gain_minor, candidate.customer_id


def rhythms(purchases: PurchaseDays, customer_ids: Iterable[str], *, today: int) -> dict[str, Rhythm]:
    """How these customers buy; whoever came once is taken to buy as the shop's customers usually do."""
    gaps = np.diff(purchases.day)[np.diff(purchases.customer) == 0]
    typical = float(np.median(gaps)) if gaps.size else None
    place = {name: i for i, name in enumerate(purchases.customer_ids)}
    found = {}
    for customer_id in customer_ids:
        first, last = np.searchsorted(purchases.customer, (place[customer_id], place[customer_id] + 1))
        days = purchases.day[first:last]
        own = float(np.median(np.diff(days))) if days.size > 1 else typical
        found[customer_id] = Rhythm(today - int(days[-1]), own)
    return found


def held(rhythm: Rhythm, contacts: Sequence[Contact], rule: ActingRule, *, as_of: datetime) -> Held | None:
    """What stands in the way of a contact at `as_of`, the last to pass; None when nothing does."""
    left = (rhythm.usual_gap or 0.0) - rhythm.since_order
    due = Held(Hold.NOT_DUE, as_of + timedelta(days=left))
    rests = [Held(Hold.RESTING, rests_until(c, rhythm.usual_gap, rule)) for c in contacts]
    put_off = [Held(Hold.SNOOZED, c.until) for c in contacts[::-1] if c.until is not None][:1]
    standing = [(one.until, one) for one in (due, *rests, *put_off) if one.until is not None and one.until > as_of]
    return max(standing, key=lambda pair: pair[0])[1] if standing else None


def fill(ready: Sequence[Candidate], room: Mapping[Team, int], reach: Reach) -> Filled:
    """Give the candidates, best first, to the teams of their level while these have room."""
    filled = Filled([], [])
    for level in (Level.STRONG, Level.LIGHT):
        places = [team for team in room if team.level is level for _ in range(room[team])]
        _fill_level([c for c in ready if c.level is level], places, reach, filled)
    return filled


def _fill_level(ready: Sequence[Candidate], places: Sequence[Team], reach: Reach, filled: Filled) -> None:
    at, free = 0, iter(places)
    left = len(places)
    while left and at < len(ready):
        part = ready[at : at + left]
        known = reach([candidate.customer_id for candidate in part])
        for candidate in part:
            reached = known[candidate.customer_id]
            if reached.channels and not reached.suppressed:
                filled.taken.append((candidate, next(free), reached))
                left -= 1
            else:
                why = Hold.SUPPRESSED if reached.suppressed else Hold.NO_CONSENT
                filled.held.append((candidate, Held(why)))
        at += len(part)
    filled.held.extend((candidate, Held(Hold.CAPACITY)) for candidate in ready[at:])
