"""The comparisons of many customers at once, at the end of every day that their states still keep apart.

What `comparisons.standing` says of one customer's newest day, said of all customers and days in one pass over columns:
estimators learn from earlier days and may not know what came after them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.profile.signs.days import Days, Table, Totals, table
from app.profile.signs.measures import (
    DROPPED,
    MEASURES,
    RECENT_DAYS,
    Floats,
    Side,
    compared,
    plain,
    side,
    sizes,
    strangeness,
    unsteadiness,
)
from app.profile.signs.varints import Ints

_AT_ONCE = 200_000
"""Records that are compared in one piece: some 200 MB of columns."""
_SIGNS = np.array([measure.sign for measure in MEASURES])[:, None]
_RAISED = np.array([measure.raised for measure in MEASURES])[:, None]


class Course(NamedTuple):
    """One row per measure that stands raised at the end of a day with activity, by customer, then day. Shape [n]."""

    customer: Ints
    """Index into the customers that were asked about."""
    measure: Ints
    """Index into MEASURES."""
    day: Ints
    """Local ordinal of the day ..."""
    until: Ints
    """... and of the day before the customer's next one; the largest number there is after the newest."""
    size: Floats
    raised: Ints
    """The day at whose end it was raised."""


class Recorded(NamedTuple):
    """The days of one customer, as far as they are known."""

    days: Days
    before: int
    """Only what happened before this local day is read."""


def course(customers: Sequence[Recorded]) -> Course:
    """The course of all measures."""
    found, piece, held = [], list[tuple[int, Table, list[int]]](), 0
    for place, (days, before) in enumerate(customers):
        kept = table(days)
        known = int(kept.day.searchsorted(before))
        if known:
            piece.append((place, Table(*(c[:known] for c in kept)), days.before))
            held += known
        if held >= _AT_ONCE:
            found.append(_piece(piece))
            piece, held = [], 0
    found.append(_piece(piece))
    return Course(*(np.concatenate(columns) for columns in zip(*found, strict=True)))


def _piece(customers: Sequence[tuple[int, Table, list[int]]]) -> Course:
    if not customers:
        nothing = np.zeros(0, np.int64)
        return Course(nothing, nothing, nothing, nothing, np.zeros(0), nothing)
    lengths = np.array([kept.day.size for _, kept, _ in customers])
    first = np.repeat(lengths.cumsum() - lengths, lengths)
    day, values = (np.concatenate([kept[column] for _, kept, _ in customers]) for column in (0, 2))
    start = np.array([before or [0] * len(Totals._fields) for _, _, before in customers])
    now, usual, earlier = _sums(day, values, first, np.repeat(start, lengths, axis=0))
    size, told = _sizes(values, now, usual, earlier, first)
    stands, raised = _raised(size, first)
    place = np.repeat([place for place, _, _ in customers], lengths)
    following = np.append(day[1:] - 1, 0)
    following[lengths.cumsum() - 1] = np.iinfo(np.int64).max
    record, measure = np.nonzero((stands & told).T)
    return Course(
        place[record], measure, day[record], following[record], size[measure, record], day[raised[measure, record]]
    )


def _sums(day: Ints, values: Ints, first: Ints, start: Ints) -> tuple[Ints, Ints, Ints]:
    """At each record: sums over the recent days, over all before those, and over all before the record."""
    running = np.zeros((day.size + 1, values.shape[1]), np.int64)
    np.cumsum(values, axis=0, out=running[1:])
    base = start - running[first]
    key = (first << 32) | day
    edge = np.searchsorted(key, key - RECENT_DAYS + 1)
    usual = running[np.maximum(edge, first)] + base
    return running[1:] + base - usual, usual, running[:-1] + base


def _sizes(values: Ints, now: Ints, usual: Ints, earlier: Ints, first: Ints) -> tuple[Floats, NDArray[np.bool_]]:
    """[measures, records] sizes, and where the plain means tell the same direction."""
    change = compared(now, usual)
    strange, known = strangeness(side(values), side(earlier), change.variance)
    steady = unsteadiness(_since(strange, first), _since(known, first))
    return sizes(change, steady), _SIGNS * (_mean(plain(now)) - _mean(plain(usual))) > 0


def _mean(of: Side) -> Floats:
    return of.amount / np.maximum(of.per, 1.0)


def _since(amounts: NDArray[np.generic], first: Ints) -> Floats:
    """Running sums along the records, from each customer's first one on."""
    sums = np.zeros((amounts.shape[0], amounts.shape[1] + 1))
    np.cumsum(amounts, axis=1, out=sums[:, 1:])
    return sums[:, 1:] - sums[:, first]


def _raised(size: Floats, first: Ints) -> tuple[NDArray[np.bool_], Ints]:
    """[measures, records] whether it stands, and the record at which it was raised."""
    place = np.arange(size.shape[1])
    dropped = np.maximum.accumulate(np.where(size < DROPPED, place, -1), axis=1)
    up = np.maximum.accumulate(np.where(size >= _RAISED, place, -1), axis=1)
    stands = up > np.maximum(dropped, first - 1)
    before = np.zeros_like(stands)
    before[:, 1:] = stands[:, :-1] & (first[1:] == first[:-1])
    begins = np.where(stands & ~before, place, 0)
    return stands, np.maximum.accumulate(begins, axis=1)
