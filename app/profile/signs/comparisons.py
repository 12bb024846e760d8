"""A customer's recent days against their own past: several means at once, at the end of every day with activity."""

from typing import NamedTuple

import numpy as np

from app.profile.signs.days import Days, Table, Totals, table
from app.profile.signs.measures import (
    DROPPED,
    MEASURES,
    RECENT_DAYS,
    Floats,
    Measure,
    compared,
    plain,
    side,
    sizes,
    strangeness,
    unsteadiness,
)
from app.profile.signs.varints import Ints


class Standing(NamedTuple):
    """A measure that stands raised at the newest record."""

    measure: Measure
    now: float
    usual: float
    size: float
    n_now: int
    n_usual: int
    first_day: int
    """Local day with which the recent stretch begins."""
    raised_at: float
    """UTC seconds of the last event on the day at whose end it was raised."""


def standing(days: Days) -> list[Standing]:
    """The measures that stand raised at the end of the newest day, as plain means with their size."""
    found = table(days)
    if not _may_stand(days, found):
        return []
    sums = np.zeros((len(found.day) + 1, len(Totals._fields)), dtype=np.int64)
    sums[0] = days.before or 0
    np.add(found.values.cumsum(axis=0), sums[0], out=sums[1:])
    usual = sums[np.searchsorted(found.day, found.day - RECENT_DAYS + 1)]
    now = sums[1:] - usual
    found_sizes = _sizes_of(found, sums, now, usual)
    told = []
    for place in np.flatnonzero(found_sizes[:, -1:] >= DROPPED).tolist():
        raised = _raised(found_sizes[place].tolist(), MEASURES[place].raised)
        if raised is not None:
            raised_at = float(found.at[raised])
            size = float(found_sizes[place, -1])
            told.append(_told(place, now[-1:], usual[-1:], size, int(found.day[-1]), raised_at))
    return [one for one in told if (one.now - one.usual) * one.measure.sign > 0]


def _sizes_of(found: Table, sums: Ints, now: Ints, usual: Ints) -> Floats:
    change = compared(now, usual)
    strange, known = strangeness(side(found.values), side(sums[:-1]), change.variance)
    return sizes(change, unsteadiness(strange.cumsum(axis=1), known.cumsum(axis=1)))


def _may_stand(days: Days, found: Table) -> bool:
    """Whether any measure would stand at the newest record if no day were unusual: most often none does."""
    if not len(found.day):
        return False
    recent = found.values[np.searchsorted(found.day, found.day[-1] - RECENT_DAYS + 1) :].sum(axis=0, keepdims=True)
    usual = found.values.sum(axis=0, keepdims=True) - recent + np.array(days.before or 0)
    return bool((sizes(compared(recent, usual), 1.0) >= DROPPED).any())


def _raised(sizes: list[float], threshold: float) -> int | None:
    """The record at which it was raised, of a signal that stands at the last one; None of one that does not."""
    raised = None
    for place, size in enumerate(sizes):
        if raised is None and size >= threshold:
            raised = place
        elif raised is not None and size < DROPPED:
            raised = None
    return raised


def _told(place: int, now: Ints, usual: Ints, size: float, newest: int, raised_at: float) -> Standing:
    """The plain means that anybody can compute again."""
    then, before = plain(now), plain(usual)
    n_now, n_usual = then.per[place, 0], before.per[place, 0]
    return Standing(
        measure=MEASURES[place],
        now=float(then.amount[place, 0] / n_now),
        usual=float(before.amount[place, 0] / n_usual),
        size=size,
        n_now=int(n_now),
        n_usual=int(n_usual),
        first_day=newest - RECENT_DAYS + 1,
        raised_at=raised_at,
    )
