"""Is a buyer leaving, as far as orders alone can tell? The chance that they stay away for several of their own gaps.

Taught by the shop's own past: at earlier days, who bought nothing within OWN_GAPS usual gaps of theirs. With x repeat
purchase days, t_x days between the first and the last, s days of silence and g = (t_x + shop's mean gap) / (x + 1), the
customer's own gap shrunk to the shop's,

    logit P = w0 + w1 ln(1+x) + w2 ln g + w3 ln(1 + s/g) + w4 ln(1 + s) + w5 max(ln(s/g), 0),    w3, w4, w5 >= 0,

so that a longer silence never lowers it. Who bought once has no rhythm to depart from: 0.
"""

import msgspec
import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from app.predict.inputs.purchases import Floats, Histories, Ints, PurchaseDays, RfmTable, rfm
from app.predict.value.lines import Line

OWN_GAPS, LEAST_DAYS = 3, 30
"""Who stays away for so many of their gaps, and at least so many days, is taken to have left: chance alone does that
once in twenty times."""
STEP_DAYS, MOST_CUTS, LEAST_HISTORY_DAYS = 14, 16, 60
LEAST_OUTCOMES = 30
"""Lessons in which they stayed away, and in which they came, that it takes to learn anything."""
_SILENCE = slice(3, 6)
"""The columns that hold the silence, in the order of the formula with w0 first."""
_PENALTY = 0.01
"""On the mean loss, per squared weight of a standardised column."""


class OwnRhythm(msgspec.Struct, frozen=True):
    """What was learned."""

    shop_gap: float
    """Mean days between two purchase days of one customer."""
    line: Line


def learn(purchases: PurchaseDays, day: int) -> OwnRhythm | None:
    """Learn from purchases up to the end of `day`; None where they teach too little."""
    known = purchases.until(day)
    first = int(known.day.min(initial=day))
    newest = day - LEAST_DAYS
    cuts = [c for c in range(newest, newest - MOST_CUTS * STEP_DAYS, -STEP_DAYS) if c - first >= LEAST_HISTORY_DAYS]
    lessons = [_lesson(known, cut, day) for cut in cuts]
    stayed = np.concatenate([[], *(away for _, away in lessons)])
    if min(stayed.sum(), (1 - stayed).sum()) < LEAST_OUTCOMES:
        return None
    return OwnRhythm(_shop_gap(rfm(known, day)), _fit(np.concatenate([design for design, _ in lessons]), stayed))


def risk(rhythm: OwnRhythm, histories: Histories) -> Floats:
    """Chance that each buyer stays away for OWN_GAPS of their gaps, 0 to 1; 0 for one-time buyers. Shape [n]."""
    chance: Floats = np.where(histories.frequency > 0, expit(rhythm.line.at(_design(histories, rhythm.shop_gap))), 0.0)
    return chance


def _lesson(known: PurchaseDays, cut: int, day: int) -> tuple[Floats, Floats]:
    """Repeat buyers at the end of `cut` whose next gaps `day` overlooks, and which of them stayed away: 1, else 0."""
    table = rfm(known.until(cut), cut)
    gap = _shop_gap(table)
    within = np.maximum(OWN_GAPS * _own_gap(table.histories, gap), LEAST_DAYS)
    judged = (table.frequency > 0) & (cut + within <= day)
    away = _next_days(known, cut)[table.customer] > cut + within
    return _design(table.histories, gap)[judged], away[judged].astype(np.float64)


def _next_days(known: PurchaseDays, cut: int) -> Ints:
    """[customers] the first purchase day after `cut`; far away where there is none."""
    found = np.full(len(known.customer_ids), np.iinfo(np.int64).max)
    later = known.day > cut
    np.minimum.at(found, known.customer[later], known.day[later])
    return found


def _shop_gap(table: RfmTable) -> float:
    return float(table.recency.sum() / max(table.frequency.sum(), 1)) or 1.0


def _own_gap(histories: Histories, shop_gap: float) -> Floats:
    found: Floats = (histories.recency + shop_gap) / (histories.frequency + 1)
    return found


def _design(histories: Histories, shop_gap: float) -> Floats:
    """The columns of the formula, w0's left out."""
    silence, gap = histories.T - histories.recency, _own_gap(histories, shop_gap)
    overdue = np.log(np.maximum(silence / gap, 1.0))
    columns = np.log1p(histories.frequency), np.log(gap), np.log1p(silence / gap), np.log1p(silence), overdue
    return np.column_stack(columns)


def _fit(design: Floats, happened: Floats) -> Line:
    """The penalised maximum of the likelihood within the bounds; it is unique."""
    centre, scale = design.mean(axis=0), design.std(axis=0) + 1e-9
    columns = np.column_stack([np.ones(len(design)), (design - centre) / scale])

    def loss(weights: Floats) -> tuple[float, Floats]:
        odds = columns @ weights
        value = (np.logaddexp(0, odds) - happened * odds).mean() + _PENALTY * (weights[1:] ** 2).sum()
        slope = columns.T @ (expit(odds) - happened) / happened.size
        slope[1:] += 2 * _PENALTY * weights[1:]
        return float(value), slope

    bounds: list[tuple[float | None, float | None]] = [(None, None)] * columns.shape[1]
    bounds[_SILENCE] = [(0.0, None)] * 3
    found = minimize(loss, np.zeros(columns.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds)
    return Line(centre.tolist(), scale.tolist(), found.x.tolist())
