"""What trained baselines learn from: RFM columns as of earlier cuts, and what followed, all by the cut of the forecast.

Out-of-time: every label ends on or before the cut. Lessons begin a period before the cut and up to twice a month
earlier, where the history reaches. Where it is shorter than two horizons the period is half of the history, and
forecasts are scaled to the horizon: amounts by the ratio of the lengths, chances of no purchase to its power, as if
all days were alike.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.predict.inputs.purchases import Floats, PurchaseDays, RfmTable, rfm, spend_between
from evals.baselines.naive import shortened

LEAST_CUSTOMERS = 100
"""A lesson of fewer customers is none."""
MOST_CUSTOMERS = 100_000
"""Of more customers evenly spread ones teach, and so many are forecast at a time."""
LESSONS, STEP = 3, 30
"""How many earlier cuts teach, and the days between them."""
LEAST_HISTORY_DAYS = 60
"""An earlier lesson than the first must have this much before it, or a whole period."""
WINDOWS = (30, 90)
"""Days of the recent sums."""
_BEGINNING = -(2**31)


class Rfm(NamedTuple):
    """Columns of the customers of one view, shape [n]: days and minor units."""

    purchases: Floats
    silence: Floats
    age: Floats
    spend: Floats
    recent: Floats
    """Spend and purchase days within each of WINDOWS, shape [n, 4]."""


def parts(columns: Rfm) -> Iterator[Rfm]:
    """The same customers, some at a time, so that what is made of the columns stays small."""
    for start in range(0, columns.spend.size, MOST_CUSTOMERS):
        yield Rfm(*(column[start : start + MOST_CUSTOMERS] for column in columns))


class Lesson(NamedTuple):
    """The columns as of earlier cuts, and what the same customers then did within `days`."""

    columns: Rfm
    spent: Floats
    bought: NDArray[np.bool_]
    days: int


def describe(known: PurchaseDays, seen: RfmTable, day: int) -> Rfm:
    """The columns of the customers of `seen` at the end of `day`; nothing later is read."""
    total, _ = spend_between(known, seen.customer, _BEGINNING, day)
    windows = [spend_between(known, seen.customer, day - days, day) for days in WINDOWS]
    return Rfm(
        purchases=(seen.frequency + 1).astype(np.float64),
        silence=(day - seen.last_day).astype(np.float64),
        age=seen.T.astype(np.float64),
        spend=total,
        recent=np.column_stack([column for window in windows for column in window]).astype(np.float64),
    )


def lesson(known: PurchaseDays, *, cut: int, horizon: int) -> Lesson | None:
    """All lessons in one; None where too few were customers, or nobody or everybody bought."""
    days = shortened(known, cut=cut, horizon=horizon)
    few = _thinned(known)
    found = _together([_lesson(few, day, days) for day in _days(known, cut, days)])
    if found.spent.size < LEAST_CUSTOMERS or not 0 < found.bought.mean() < 1 or found.spent.sum() <= 0:
        return None
    return found


def longer_silence(chance: Floats, ratio: float) -> Floats:
    """The chance of no purchase in `ratio` times the days, if all days are alike."""
    return np.asarray(chance**ratio, dtype=np.float64)


def _days(known: PurchaseDays, cut: int, days: int) -> list[int]:
    """Last days of what the lessons know; the labels of the first end at the cut."""
    last, first = cut - days, int(known.day.min())
    earlier = (last - STEP * back for back in range(1, LESSONS))
    return [last, *(day for day in earlier if day - first >= min(days, LEAST_HISTORY_DAYS))]


def _thinned(known: PurchaseDays) -> PurchaseDays:
    """The purchases of evenly spread customers, MOST_CUSTOMERS of them at most."""
    step = -(-len(known.customer_ids) // MOST_CUSTOMERS)
    if step <= 1:
        return known
    kept = known.customer % step == 0
    return PurchaseDays(known.customer_ids, known.customer[kept], known.day[kept], known.amount[kept])


def _lesson(known: PurchaseDays, day: int, days: int) -> Lesson:
    seen = rfm(known, day)
    spent, bought = spend_between(known, seen.customer, day, day + days)
    return Lesson(describe(known, seen, day), spent, bought > 0, days)


def _together(lessons: Sequence[Lesson]) -> Lesson:
    columns, spent, bought, days = zip(*lessons, strict=True)
    joined = Rfm(*(np.concatenate(column) for column in zip(*columns, strict=True)))
    return Lesson(joined, np.concatenate(spent), np.concatenate(bought), days[0])
