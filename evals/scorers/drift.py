"""Do signs of leaving tell those who drift away from those who stay? A leaver and their double, read on the same day.

A double is somebody who never left and, on that day, had been there about as long with about as many events. Doubles
are found leaver by leaver, each time the nearest of those left by

    (ln(1 + tenure) - ln(1 + tenure'))^2 + (ln events - ln events')^2,

the lowest number among equals.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from math import log, log1p
from typing import NamedTuple

from app.profile.schemas import Signal

BEFORE = 14
"""Days before leaving on which the signs are read."""
FRESH = timedelta(days=60)
"""A signal counts if it was raised within this time."""
ENOUGH = 2
"""Signals of different names that tell of leaving."""


class Standing(NamedTuple):
    """How long a customer has been there on a day, and with how many events."""

    tenure: int
    events: int

    def distance(self, other: "Standing") -> float:
        """Squared, on the log scale."""
        return (log1p(self.tenure) - log1p(other.tenure)) ** 2 + (log(self.events) - log(other.events)) ** 2


class Pair(NamedTuple):
    """A leaver, their double, and the day on which both are read."""

    leaver: int
    stayer: int
    day: int


def pairs(
    leavers: Iterable[tuple[int, int]], stayers: Sequence[int], standing: Callable[[int, int], Standing | None]
) -> list[Pair]:
    """Doubles for (leaver, day); `standing(customer, day)` is None for those who cannot be asked about that day."""
    free, found = list(stayers), list[Pair]()
    for leaver, day in leavers:
        own = standing(leaver, day)
        near = [(own.distance(s), c) for c in free if (s := standing(c, day)) is not None] if own else []
        if near:
            double = min(near)[1]
            free.remove(double)
            found.append(Pair(leaver, double, day))
    return found


def counted(signals: Iterable[Signal], as_of: datetime) -> frozenset[str]:
    """The names of the signals that stand and were raised not long ago."""
    return frozenset(signal.name.value for signal in signals if as_of - FRESH <= signal.raised_at <= as_of)
