"""Learn intent from a shop's past, and measure it there. Cut after cut: what was known, and what came next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.predict.inputs.purchases import LEAST_HISTORY_DAYS, Floats, Histories, Ints, PurchaseDays, missing_for_fit, rfm
from app.predict.intent import choices, habits, windows
from app.predict.intent.baskets import Baskets, Flags, Touches
from app.predict.intent.choices import POPULARITY, Choices
from app.predict.intent.habits import Habits
from app.predict.intent.windows import Hazards, Pace, Seen
from app.predict.schemas import IntentCalibration, WindowCalibration
from app.predict.value import bg_nbd

EARLIER = 2
"""Cuts before the one whose horizon ends today, half a horizon apart."""
PARTS = 5
"""Customers are split into this many parts; each is measured by what the others taught."""
MOST_CUSTOMERS = 20_000
"""Customers whose purchases are read, the same ones whoever asks ..."""
MOST_AT_A_CUT = 5_000
"""... and of whom is learned what they did after a cut."""
LEAST_HORIZON_DAYS = 14
LEAST_CHOICES = 20
"""Purchases that it takes to learn which category comes next."""


@dataclass(frozen=True, eq=False)
class Intent:
    """All that was learned; `windows.within` and `choices.features` read it."""

    day: int
    """Learned from nothing after the end of this local day since 1970-01-01."""
    hazards: Hazards
    habits: Habits
    choices: Choices | None
    """None where it cannot be told what is bought ..."""
    choices_missing: tuple[str, ...]
    """... and what that would take, as stable codes."""
    calibration: IntentCalibration | None


def learn(baskets: Baskets, touches: Touches, *, day: int, horizon_days: int = 90) -> Intent | tuple[str, ...]:
    """What purchases and touches up to the end of `day` teach; else what is missing, as stable codes."""
    some = _drawn(np.unique(baskets.until(day).customer), MOST_CUSTOMERS)
    known, seen = baskets.until(day).of(some), touches.until(day).of(some)
    purchases = days_of(known)
    table = rfm(purchases, day)
    missing = missing_for_fit(purchases, table, day)
    if missing:
        return missing
    now = habits.learn(known, day)
    edges = windows.edges_of(horizon_days)
    plain = _hazards(known, day, edges)
    cuts = _cuts(known, day, horizon_days)
    if not cuts:
        return Intent(day, plain, now, None, (f"history_days>={2 * LEAST_HISTORY_DAYS}",), None)
    reach = day - cuts[0]
    taught_edges = windows.edges_of(reach)
    lessons = [_lesson(known, seen, cut, min(reach, day - cut), taught_edges) for cut in cuts]
    taught = _taught(lessons, (lessons[0].start, POPULARITY))
    lacking = _lacking(lessons)
    measured = _measured(lessons, taught, cuts[0], reach)
    return Intent(day, _onto(plain, taught[0]), now, None if lacking else taught[1], lacking, measured)


def days_of(baskets: Baskets) -> PurchaseDays:
    """The purchase days alone; amounts are 1, because nothing here depends on them."""
    mains = baskets.mains()
    customers, row = np.unique(mains.customer, return_inverse=True)
    ones = np.ones(mains.customer.size, np.int64)
    return PurchaseDays(tuple(map(str, customers)), row.astype(np.int32), mains.day.astype(np.int32), ones)


class _Lesson(NamedTuple):
    """Customers at one cut, and what they did next."""

    customers: Ints
    start: Hazards
    """BG/NBD as it stood at the cut."""
    pace: Pace
    wait: Floats
    """Days until the next purchase; inf where none was seen."""
    days: int
    """How many days after the cut are looked at."""
    buyer: Ints
    """Row of each who bought within the horizon ..."""
    chosen: Ints
    """... the main category of that purchase ..."""
    features: Floats
    """... and what spoke for each category before it, [buyers, C + 1, K]."""

    def of(self, kept: Flags) -> "_Lesson":
        """Only these customers; `kept` says it for each of them."""
        place = np.cumsum(kept) - 1
        pace = Pace(Histories(*(c[kept] for c in self.pace.histories)), *(c[kept] for c in self.pace[1:]))
        stays = kept[self.buyer]
        rest = (place[self.buyer[stays]], self.chosen[stays], self.features[stays])
        return _Lesson(self.customers[kept], self.start, pace, self.wait[kept], self.days, *rest)


def _lesson(known: Baskets, seen: Touches, cut: int, reach: int, edges: tuple[int, ...]) -> _Lesson:
    customers = _drawn(np.unique(known.customer[known.day <= cut]), MOST_AT_A_CUT)
    mains = known.of(customers).mains()
    after = (mains.day > cut) & (mains.day <= cut + reach)
    who, first = np.unique(mains.customer[after], return_index=True)
    buyer = np.searchsorted(customers, who)
    wait = np.full(customers.size, np.inf)
    wait[buyer] = mains.day[after][first] - cut
    then = habits.learn(known, cut)
    return _Lesson(
        customers=customers,
        start=_hazards(known, cut, edges),
        pace=windows.pace(known, seen, customers, cut),
        wait=wait,
        days=reach,
        buyer=buyer,
        chosen=mains.category[after][first],
        features=choices.features(then, known, seen, who, cut),
    )


def _hazards(known: Baskets, day: int, edges: tuple[int, ...]) -> Hazards:
    h = rfm(days_of(known.until(day)), day).histories
    gap = float(h.recency.sum() / max(h.frequency.sum(), 1)) or 1.0
    return windows.untaught(edges, bg_nbd.fit(h), gap)


def _cuts(known: Baskets, day: int, horizon_days: int) -> list[int]:
    """The one whose horizon ends on `day` first; the horizon shrinks to half of the history where that is shorter.

    Earlier ones follow, and later ones that only the shorter windows can be learned from: the more cuts, the less the
    sales and holidays after one of them are taken for habits.
    """
    purchases = days_of(known)
    reach = min(horizon_days, (day - int(known.day.min())) // 2)
    if reach < LEAST_HORIZON_DAYS:
        return []
    back = [reach, *(reach + i * reach // 2 for i in range(1, EARLIER + 1)), *reversed(windows.edges_of(reach)[:-1])]
    cuts = [day - days for days in back]
    able = [cut for cut in cuts if not missing_for_fit(purchases.until(cut), rfm(purchases, cut), cut)]
    return able if able and day - able[0] >= LEAST_HORIZON_DAYS else []


def _lacking(lessons: Sequence[_Lesson]) -> tuple[str, ...]:
    """What it would take to say which category comes next."""
    if lessons[0].features.shape[1] == 1:
        return ("item_categories",)
    enough = sum(lesson.chosen.size for lesson in lessons) >= LEAST_CHOICES
    return () if enough else (f"purchases_after_a_cut>={LEAST_CHOICES}",)


def _taught(lessons: Sequence[_Lesson], near: tuple[Hazards, Choices]) -> tuple[Hazards, Choices]:
    hazards = windows.learn(near[0], [Seen(o.start, o.pace, o.wait, o.days) for o in lessons])
    if _lacking(lessons):
        return hazards, POPULARITY
    x = np.concatenate([lesson.features for lesson in lessons])
    return hazards, choices.learn(x, np.concatenate([lesson.chosen for lesson in lessons]), near[1])


def _onto(plain: Hazards, taught: Hazards) -> Hazards:
    """What was taught, for a horizon that may be longer: later stretches are like the last one that was seen."""
    here, there = len(plain.edges), len(taught.edges)
    intercepts = [taught.weights[min(k, there - 1)] for k in range(here)]
    return plain._replace(weights=(*intercepts, *taught.weights[there:]))


def _measured(lessons: Sequence[_Lesson], taught: tuple[Hazards, Choices], cut: int, reach: int) -> IntentCalibration:
    """How well the latest cut was foretold, each customer by what the others taught."""
    last = lessons[0]
    chances = np.zeros((last.customers.size, len(last.start.edges)))
    shares = np.zeros(last.features.shape[:2])
    for k in range(PARTS):
        hazards, chooses = _taught([o.of(_part(o.customers) != k) for o in lessons], taught)
        mine = _part(last.customers) == k
        theirs = last.of(mine)
        chances[mine] = windows.within(hazards, theirs.pace)
        shares[mine[last.buyer]] = chooses.shares(theirs.features)
    label = f"backtest, cut {(date(1970, 1, 1) + timedelta(days=cut)).isoformat()}, {reach} d"
    popular = last.features[:, :-1, 0].argmax(axis=1) if last.features.shape[1] > 1 else last.chosen
    return scored(label, last.start.edges, chances, last.wait, shares, last.chosen, popular)


def scored(
    label: str, edges: Sequence[int], chances: Floats, wait: Floats, shares: Floats, chosen: Ints, popular: Ints
) -> IntentCalibration:
    """The record of chances [n, edges] and of shares [buyers, C + 1], beside the most popular category."""
    ranked = np.argsort(-shares[:, :-1], axis=1, kind="stable")[:, :3]
    hits = ranked == chosen[:, None]
    first = shares[:, :-1].max(axis=1, initial=0)
    told = bool(shares.shape[1] > 1 and chosen.size)
    return IntentCalibration(
        set=label,
        n=wait.size,
        windows=tuple(
            WindowCalibration(
                days=edge,
                brier=round(float(((chances[:, i] - (wait <= edge)) ** 2).mean()), 4),
                predicted=round(float(chances[:, i].mean()), 4),
                observed=round(float((wait <= edge).mean()), 4),
            )
            for i, edge in enumerate(edges)
        ),
        purchases=int(chosen.size),
        top1=round(float(hits[:, :1].any(axis=1).mean()), 4) if told else None,
        top3=round(float(hits.any(axis=1).mean()), 4) if told else None,
        top1_popular=round(float((popular == chosen).mean()), 4) if told else None,
        top1_predicted=round(float(first.mean()), 4) if told else None,
    )


def _drawn(customers: Ints, most: int) -> Ints:
    """At most so many of them, ascending; who is drawn hangs on their numbers alone."""
    return customers if customers.size <= most else np.sort(customers[np.argsort(_mixed(customers))[:most]])


def _part(customers: Ints) -> Ints:
    """The part of each, 0 to PARTS - 1."""
    return (_mixed(customers) % np.uint64(PARTS)).astype(np.int64)


def _mixed(numbers: Ints) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea & Flood 2014): neighbouring numbers come to lie anywhere."""
    mixed = numbers.astype(np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    found: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
    return found
