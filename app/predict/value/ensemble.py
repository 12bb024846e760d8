"""Five forecasts of the same spend, and two of the same chance to buy, taught out of time by one shop's past.

    bg_nbd    BG/NBD + Gamma-Gamma on the whole history: knows dropout and rhythm, not the shop's habits
    trees     boosted trees on the features
    around    boosted trees that correct BG/NBD + Gamma-Gamma
    line      a Tweedie regression: carries on beyond what was taught
    two_part  chance to buy times spend if bought, from four columns alone: too simple to be wrong in detail

Lessons may have a shorter horizon than is asked for; what they teach is carried on by the ratio that BG/NBD sees
between both, and brought to the season of the days that are forecast.
"""

from typing import NamedTuple

import msgspec
import numpy as np
from scipy.special import expit

from app.predict.inputs.purchases import Floats, PurchaseDays, RfmTable, rfm
from app.predict.value import lines, trees
from app.predict.value.features import Beside, Features, build
from app.predict.value.intervals import SpendModel, fit_spend
from app.predict.value.lessons import Lesson, horizon_of, lessons
from app.predict.value.lines import Line, design, log_odds
from app.predict.value.season import Calendar

MEMBERS = ("bg_nbd", "trees", "around", "line", "two_part")
BORROWING = ("two_part",)
"""Whose level is not worth having: a mean of logarithms says little of a mean."""
LEAST_LESSONS = 200
"""Customers (seen at all earlier days together) from whom anything is learned."""
LEAST_OUTCOMES = 30
"""Of them who bought afterwards, and who did not."""
_LEAST_SPEND = 1e-3
"""In units; an offset needs a logarithm."""


class Learned(msgspec.Struct, frozen=True):
    """What the lessons taught."""

    horizon_days: int
    """Of the lessons."""
    index: float
    """The declared calendar's mean over the days of the lessons' outcomes."""
    usual_level: float
    """What was spent after those days beside what BG/NBD expected: mean of the logarithm over days, as a factor."""
    trees: str
    around: str
    line: Line
    two_part: "TwoPart"
    chance_trees: str
    chance_line: Line


class TwoPart(msgspec.Struct, frozen=True):
    """Chance to buy times spend if bought (Duan et al. 1983, doi 10.1080/07350015.1983.10509330), from `rfm_design`."""

    chance: Line
    amount: Line
    """Of the logarithm of spend."""
    most: float
    """Largest spend of a customer in the lessons: no amount goes beyond it."""
    level: float
    """Brings the sum over the lessons to what was spent, which a mean of logarithms does not."""

    def of(self, few: Floats) -> Floats:
        """Mean spend, shape [n]."""
        amount = np.exp(np.minimum(self.amount.at(few), np.log(self.most)))
        found: Floats = self.level * expit(self.chance.at(few)) * amount
        return found


class Ensemble(msgspec.Struct, frozen=True):
    """Everything fitted at the end of `day`."""

    day: int
    first_day: int
    unit: float
    """Minor units that count as one (`features.unit_of`)."""
    model: SpendModel
    learned: Learned | None
    """None where the past was too short or too thin to teach."""


class Means(NamedTuple):
    """Forecasts without any season, for the buyers of `table`, shape [n] each; spend in units."""

    table: RfmTable
    features: Features
    """At the horizon that is forecast."""
    spend: dict[str, Floats]
    """By member."""
    p_zero: Floats
    """Chance of no purchase."""


def fit(
    purchases: PurchaseDays, day: int, *, horizon_days: int, unit: float, calendar: Calendar, beside: Beside | None
) -> Ensemble:
    """Fit on what was known at the end of `day`; the purchases must hold a repeat buyer with spend."""
    known = purchases.until(day)
    first = int(known.day.min(initial=day))
    horizon = horizon_of(known, day, horizon_days)
    taught = lessons(known, day, horizon_days=horizon, unit=unit, beside=beside)
    learned = _learn(taught, horizon, calendar) if taught else None
    return Ensemble(day, first, unit, fit_spend(rfm(known, day)), learned)


def forecast(
    ensemble: Ensemble, purchases: PurchaseDays, day: int, *, horizon_days: int, beside: Beside | None
) -> Means:
    """What every buyer known at the end of `day` is expected to spend in the horizon; reads nothing later."""
    asked = _build(ensemble, purchases, day, horizon_days, beside)
    learned = ensemble.learned
    if learned is None or learned.horizon_days == horizon_days:
        return of_features(ensemble, asked, asked)
    return of_features(ensemble, asked, _build(ensemble, purchases, day, learned.horizon_days, beside))


def of_features(ensemble: Ensemble, asked: Features, short: Features) -> Means:
    """The same of buyers whose columns are there: at the horizon asked for, and at that of the lessons."""
    learned = ensemble.learned
    if learned is None:
        return Means(asked.table, asked, {MEMBERS[0]: asked.expected}, 1 - asked.p_purchase)
    longer = asked.expected / np.maximum(short.expected, 1e-12)
    drawn = design(short)
    spend = {
        "bg_nbd": asked.expected,
        "trees": np.exp(trees.predict(learned.trees, short.columns)) * longer,
        "around": np.exp(trees.predict(learned.around, short.columns) + _offset(short)) * longer,
        "line": np.exp(learned.line.at(drawn)) * longer,
        "two_part": learned.two_part.of(lines.rfm_design(short)) * longer,
    }
    odds = (learned.chance_line.at(drawn) + trees.predict(learned.chance_trees, short.columns)) / 2
    carried = odds + log_odds(asked.p_purchase) - log_odds(short.p_purchase)
    return Means(asked.table, asked, spend, expit(-carried))


def _learn(taught: list[Lesson], horizon: int, calendar: Calendar) -> Learned | None:
    columns = np.vstack([one.features.columns for one in taught])
    spend = np.concatenate([one.spend for one in taught])
    bought = np.concatenate([one.orders > 0 for one in taught]).astype(np.float64)
    outcomes = min(float(bought.sum()), float((1 - bought).sum()))
    if bought.size < LEAST_LESSONS or outcomes < LEAST_OUTCOMES or spend.sum() <= 0:
        return None
    drawn = np.vstack([design(one.features) for one in taught])
    few = np.vstack([lines.rfm_design(one.features) for one in taught])
    offset = np.concatenate([_offset(one.features) for one in taught])
    ratios = [one.spend.sum() / one.features.expected.sum() for one in taught if one.spend.sum() > 0]
    indices = [calendar.index(one.day, one.day + horizon) for one in taught]
    return Learned(
        horizon_days=horizon,
        index=float(np.average(indices, weights=[len(one.spend) for one in taught])),
        usual_level=float(np.exp(np.mean(np.log(ratios)))),
        trees=trees.fit("spend", columns, spend),
        around=trees.fit("spend", columns, spend, offset),
        line=lines.fit_spend(drawn, spend),
        two_part=_two_part(few, spend, bought),
        chance_trees=trees.fit("chance", columns, bought),
        chance_line=lines.fit_chance(drawn, bought),
    )


def _two_part(few: Floats, spend: Floats, bought: Floats) -> TwoPart:
    paid = spend > 0
    chance, amount = lines.fit_chance(few, bought), lines.fit_amount(few[paid], spend[paid])
    found = TwoPart(chance, amount, float(spend.max()), 1.0)
    return msgspec.structs.replace(found, level=float(spend.sum() / found.of(few).sum()))


def _build(ensemble: Ensemble, purchases: PurchaseDays, day: int, horizon: int, beside: Beside | None) -> Features:
    return build(purchases, day, horizon_days=horizon, model=ensemble.model, unit=ensemble.unit, beside=beside)


def _offset(features: Features) -> Floats:
    found: Floats = np.log(np.maximum(features.expected, _LEAST_SPEND))
    return found
