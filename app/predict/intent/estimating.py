"""One customer's next purchase from what was learned: windows, categories, what speaks for them. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np

from app.predict.inputs.purchases import Floats, Ints
from app.predict.intent import choices, habits, windows
from app.predict.intent.baskets import Baskets, Touches
from app.predict.intent.choices import FEATURES
from app.predict.intent.learning import Intent
from app.predict.schemas import (
    CategoryChance,
    CategoryReason,
    IntentEstimate,
    IntentReason,
    PurchaseWindow,
    Replenishment,
)

Evidence = Mapping[tuple[str, str], tuple[str, ...]]
"""(category, `bought` | `wanted` | `cart`) -> the newest events, newest last."""

SHOWN = 5
"""Categories that are named; the rest is `other`."""
LIKELY, EARLIEST = 0.5, 0.1
LEAST_FACTOR = 1.1
"""A reason that makes a category less than so many times likelier is not worth telling."""
_REASONS: Mapping[IntentReason, tuple[tuple[str, ...], str]] = {
    "popular": (("popular",), ""),
    "own": (("own", "own_lately"), "bought"),
    "last": (("last",), "bought"),
    "follows": (("follows",), ""),
    "due": (("due",), "bought"),
    "wanted": (("wanted", "wanted_lately"), "wanted"),
    "cart": (("cart",), "cart"),
}
_STEADY = 1.5
"""A rhythm of at least this shape is one."""
_OVER = 2.0
"""Own gaps of silence after which a rhythm has ended."""


def estimate(
    intent: Intent,
    baskets: Baskets,
    touches: Touches,
    *,
    day: int,
    p_no_purchase: float,
    horizon_days: int,
    evidence: Evidence,
) -> IntentEstimate:
    """Of the one customer whose rows are given, who has bought by the end of `day`; reads nothing later."""
    me = np.zeros(1, np.int64)
    found = windows.within(intent.hazards, windows.pace(baskets, touches, me, day))
    curve = windows.agree(found, np.array([p_no_purchase]))[0]
    spans = tuple(_spans(intent, curve, horizon_days))
    named, other = _categories(intent, baskets, touches, day, spans, evidence)
    return IntentEstimate(
        horizon_days=horizon_days,
        windows=spans,
        likely_window=next((span for span in spans if span.probability >= LIKELY), None),
        earliest_days=_reaches(intent, curve, EARLIEST, horizon_days),
        median_days=_reaches(intent, curve, LIKELY, horizon_days),
        categories=named,
        other_share=other,
        categories_missing=intent.choices_missing,
        replenishments=_replenishments(intent, baskets.until(day), day),
        learned_until=date(1970, 1, 1) + timedelta(days=intent.day),
        calibration=intent.calibration,
    )


def not_enough(missing: tuple[str, ...], horizon_days: int) -> IntentEstimate:
    """What is said where nothing can be estimated."""
    return IntentEstimate(horizon_days=horizon_days, status="not_enough_data", missing=missing)


def _spans(intent: Intent, curve: Floats, horizon_days: int) -> list[PurchaseWindow]:
    days = [*(w for w in windows.WINDOWS if w < horizon_days), horizon_days]
    chances = windows.chance_at(intent.hazards.edges, curve, np.array(days, np.float64))
    chances[-1] = curve[-1]  # to the last digit the estimator's
    return [PurchaseWindow(days=d, probability=float(p)) for d, p in zip(days, chances, strict=True)]


def _reaches(intent: Intent, curve: Floats, chance: float, horizon_days: int) -> int | None:
    days = np.arange(1, horizon_days + 1)
    reached = windows.chance_at(intent.hazards.edges, curve, days.astype(np.float64)) >= chance
    return int(days[np.argmax(reached)]) if reached.any() else None


def _categories(
    intent: Intent, baskets: Baskets, touches: Touches, day: int, spans: tuple[PurchaseWindow, ...], evidence: Evidence
) -> tuple[tuple[CategoryChance, ...], float | None]:
    if intent.choices is None:
        return (), None
    x = choices.features(intent.habits, baskets, touches, np.zeros(1, np.int64), day)
    shares = intent.choices.shares(x)[0]
    parts = np.array(intent.choices.weights) * (x[0] - shares @ x[0])
    best = np.argsort(-shares[:-1], kind="stable")[:SHOWN]
    named = tuple(
        CategoryChance(
            category=intent.habits.names[c],
            share=float(shares[c]),
            within=tuple(PurchaseWindow(days=s.days, probability=s.probability * float(shares[c])) for s in spans),
            reasons=_reasons(intent.habits.names[c], parts[c], evidence),
        )
        for c in best.tolist()
    )
    return named, max(1.0 - sum(category.share for category in named), 0.0)


def _reasons(category: str, parts: Floats, evidence: Evidence) -> tuple[CategoryReason, ...]:
    sums = {name: sum(parts[FEATURES.index(f)] for f in of) for name, (of, _) in _REASONS.items()}
    found = [
        CategoryReason(
            name=name,
            factor=float(np.exp(min(sums[name], 20.0))),
            evidence=evidence.get((category, kind), ()),
        )
        for name, (_, kind) in _REASONS.items()
        if np.exp(min(sums[name], 20.0)) >= LEAST_FACTOR
    ]
    return tuple(sorted(found, key=lambda reason: -reason.factor))


def _replenishments(intent: Intent, mine: Baskets, day: int) -> tuple[Replenishment, ...]:
    found = [_replenishment(intent, c, mine.day[mine.category == c], day) for c in range(mine.other)]
    return tuple(sorted((one for one in found if one), key=lambda one: (one.due_in_days, one.category)))


def _replenishment(intent: Intent, category: int, days: Ints, day: int) -> Replenishment | None:
    """None for a category without a rhythm, in the shop or of the customer's own, or whose rhythm has ended."""
    steady = float(intent.habits.steadiness[category])
    if days.size < 2 or steady < _STEADY:
        return None
    first, last, times = (np.array([v]) for v in (days.min(), days.max(), days.size))
    every = float(habits.own_every(first, last, times, intent.habits.every[category : category + 1])[0])
    since = day - int(days.max())
    if since > _OVER * every:
        return None
    return Replenishment(
        category=intent.habits.names[category],
        every_days=round(every, 1),
        purchases=int(days.size),
        last_days_ago=since,
        due_in_days=max(round(every - since), 0),
    )
