"""Everything learned from a shop's purchases by the end of one day, as plain data, and how it is read later.

Learning costs seconds, reading is cheap: what was learned on Monday serves the whole week. All of it is numbers and
text (`msgspec` writes it as JSON), so it can be kept, compared and loaded without running anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidInput
from app.predict.behaviour.columns import BehaviourColumns
from app.predict.churn import chances as churn
from app.predict.churn.chances import Churn
from app.predict.inputs.purchases import Floats, Ints, PurchaseDays, missing_for_fit, rfm
from app.predict.schemas import Basis, ModelCard
from app.predict.value import calibration, ensemble, newcomers
from app.predict.value.calibration import Floor, LookBack
from app.predict.value.ensemble import Ensemble
from app.predict.value.features import unit_of
from app.predict.value.intervals import fit_spend
from app.predict.value.intervals import spend as exact_spend
from app.predict.value.lessons import sample
from app.predict.value.newcomers import Newcomers
from app.predict.value.season import Calendar, Season

NAME = "BG/NBD + Gamma-Gamma, boosted trees, a Tweedie line and a two-part RFM model, blended"
VERSION = 3
"""Raise it when the same data would give other numbers."""
LONGEST_HORIZON_DAYS = 1830
SAME_SEASON_DAYS = 31
"""What earlier years saw after the day of the fit is taken for what they saw after days so near to it."""
MOST_AT_ONCE = 100_000
"""Customers that are estimated together, so that memory stays flat."""


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """All that was learned; nothing of a single customer."""

    model_card_id: str
    """Fingerprint of data, settings and code version."""
    day: int
    """Local day since 1970-01-01; no later purchase was read."""
    fitted_until: datetime
    horizon_days: int
    currency: str
    basis: Basis
    customers: int
    repeat_customers: int
    missing: tuple[str, ...]
    """What the shop lacks for an estimate, as stable codes; then nothing below was learned."""
    calendar: Calendar
    beside: tuple[str, ...] = ()
    """Names of the columns, other than purchases, that it learned from."""
    ensemble: Ensemble | None = None
    look_back: LookBack | None = None
    """None when the data are too short for one."""
    floor: Floor | None = None
    """Under the values of those whom nothing tells apart."""
    newcomers: Newcomers | None = None
    """What visitors without an order went on to spend."""
    seen: list[float] = []
    """What earlier years saw of the season ahead (`calibration.years_seen`)."""
    churn: Churn = Churn()

    @property
    def card(self) -> ModelCard:
        """What the estimates stand on."""
        past = self.look_back
        return ModelCard(
            model_card_id=self.model_card_id,
            model=NAME,
            fitted_until=self.fitted_until,
            customers=self.customers,
            repeat_customers=self.repeat_customers,
            parameters=self._parameters(),
            horizon_days=self.horizon_days,
            calibration=past.calibration() if past else None,
            churn_calibration=past.churn_calibration() if past else None,
        )

    def _parameters(self) -> dict[str, float]:
        if self.ensemble is None:
            return {}
        counts, money = self.ensemble.model
        found = counts._asdict() | {f"spend_{name}": value for name, value in money._asdict().items()}
        if past := self.look_back:
            found |= {f"weight_{name}": value for name, value in past.weights.items()}
            found |= {f"raised_{name}": value for name, value in past.raised.items()}
            found |= {"backtest_level": past.level}
        for member, season in self.seasons(self.day).items():
            found[f"season_{member}"] = season.factor
        return {name: round(float(value), 6) for name, value in found.items()}

    def seasons(self, day: int) -> dict[str, Season]:
        """By forecast: what the days after `day` bring beside those that it learned from."""
        if self.ensemble is None:
            return {}
        members = ensemble.MEMBERS if self.ensemble.learned else ensemble.MEMBERS[:1]
        seen = self.seen if abs(day - self.day) <= SAME_SEASON_DAYS else []
        return {
            name: calibration.seasonal(self.ensemble, self.calendar, day, self.horizon_days, name, seen)
            for name in members
        }


@dataclass(frozen=True, eq=False)
class Estimates:
    """All customers, aligned to `customer_ids`; who is not `known` has amounts of 0 and chances of NaN."""

    customer_ids: tuple[str, ...]
    value: Ints
    median: Ints
    q10: Ints
    q90: Ints
    p_no_purchase: Floats
    p_no_activity: Floats
    """NaN where nothing but orders is on record."""
    churn_risk: Floats
    confidence: NDArray[np.str_]
    """`high`, `medium` or `low`; empty where there is no estimate."""
    known: NDArray[np.bool_]
    """Who has an estimate."""

    @property
    def status(self) -> NDArray[np.str_]:
        """`ok` or `not_enough_data`."""
        return np.where(self.known, "ok", "not_enough_data")


def learn(
    purchases: PurchaseDays,
    *,
    day: int,
    horizon_days: int,
    currency: str,
    fitted_until: datetime,
    calendar: Calendar,
    model_card_id: str,
    basis: Basis = "gross",
    beside: BehaviourColumns | None = None,
) -> Fitted:
    """Learn from purchases up to the end of `day`, reading nothing later. The same input gives the same result."""
    if not 1 <= horizon_days <= LONGEST_HORIZON_DAYS:
        raise InvalidInput(f"horizon_days is {horizon_days}; use 1 to {LONGEST_HORIZON_DAYS}")
    if fitted_until.tzinfo is None:
        raise InvalidInput("fitted_until has no time zone; pass an aware time")
    known = purchases.until(day)
    table = rfm(known, day)
    fitted = Fitted(
        model_card_id=model_card_id,
        day=day,
        fitted_until=fitted_until,
        horizon_days=horizon_days,
        currency=currency,
        basis=basis,
        customers=table.customer.size,
        repeat_customers=int((table.frequency > 0).sum()),
        missing=missing_for_fit(known, table, day),
        calendar=calendar,
        beside=beside.names if beside else (),
    )
    return fitted if fitted.missing else _learned(fitted, known, beside)


def estimate(
    fitted: Fitted, purchases: PurchaseDays, *, as_of_day: int, beside: BehaviourColumns | None = None
) -> Estimates:
    """What every customer will do in the horizon after `as_of_day`, from purchases up to its end."""
    found = _nobody(purchases.customer_ids)
    if fitted.ensemble is None:
        return found
    if fitted.beside and beside is None:
        raise InvalidInput(
            "the model was fitted with behaviour and cannot be read without; fit it anew on orders alone"
        )
    known = purchases.until(as_of_day)
    parts = (known,) if beside is not None else known.parts(MOST_AT_ONCE)
    for part in parts:
        _fill(found, fitted, fitted.ensemble, part, as_of_day, beside if fitted.beside else None)
    return found


def _nobody(customer_ids: tuple[str, ...]) -> Estimates:
    """Every customer without an estimate."""
    size = len(customer_ids)
    value, median, q10, q90 = np.zeros((4, size), np.int64)
    chance, activity, risk = np.full((3, size), np.nan)
    confidence, known = np.full(size, "", "U6"), np.zeros(size, np.bool_)
    return Estimates(customer_ids, value, median, q10, q90, chance, activity, risk, confidence, known)


def _learned(fitted: Fitted, known: PurchaseDays, beside: BehaviourColumns | None) -> Fitted:
    few, unit, day, horizon = sample(known), unit_of(known), fitted.day, fitted.horizon_days
    taught = ensemble.fit(few, day, horizon_days=horizon, unit=unit, calendar=fitted.calendar, beside=beside)
    whole = msgspec.structs.replace(taught, model=fit_spend(rfm(known, day)))
    past = calibration.look_back(few, day, horizon_days=horizon, unit=unit, calendar=fitted.calendar, beside=beside)
    seen = calibration.years_seen(few, day, whole, unit=unit, beside=beside)
    left = churn.learn(few, beside, day=day, horizon_days=horizon)
    found = msgspec.structs.replace(fitted, ensemble=whole, look_back=past, seen=seen, churn=left)
    fresh = newcomers.learn(known, beside.behaviour, day=day, horizon_days=horizon) if beside else None
    return msgspec.structs.replace(found, floor=_floor(found, few, beside), newcomers=fresh)


def _floor(fitted: Fitted, few: PurchaseDays, beside: BehaviourColumns | None) -> Floor | None:
    if fitted.ensemble is None or fitted.look_back is None:
        return None
    day = fitted.day
    means = ensemble.forecast(fitted.ensemble, few, day, horizon_days=fitted.horizon_days, beside=beside)
    return calibration.floor_of(blended(fitted, means, fitted.seasons(day)), fitted.look_back.tail)


def _fill(
    found: Estimates, fitted: Fitted, taught: Ensemble, known: PurchaseDays, day: int, beside: BehaviourColumns | None
) -> None:
    means = ensemble.forecast(taught, known, day, horizon_days=fitted.horizon_days, beside=beside)
    rows = means.table.customer
    told = _numbers(fitted, taught, means, day)
    amounts = np.rint(told.amounts).astype(np.int64)
    found.value[rows], found.median[rows], found.q10[rows], found.q90[rows] = amounts
    found.p_no_purchase[rows] = told.p_zero.clip(0, 1)
    found.confidence[rows] = told.confidence
    found.churn_risk[rows], found.p_no_activity[rows] = churn.chances(
        fitted.churn, taught.model.counts, means.table, known, beside, day=day, horizon_days=fitted.horizon_days
    )
    found.known[rows] = True


class _Numbers(NamedTuple):
    amounts: Floats
    """Mean, median, q10 and q90 in minor units, shape [4, n]."""
    p_zero: Floats
    confidence: NDArray[np.str_]


def _numbers(fitted: Fitted, taught: Ensemble, means: ensemble.Means, day: int) -> _Numbers:
    past = fitted.look_back
    if past is None:
        exact = exact_spend(taught.model, means.table, fitted.horizon_days)
        amounts = np.array([exact.mean, exact.median, exact.q10, exact.q90])
        return _Numbers(amounts, 1 - exact.p_purchase, np.full(exact.mean.size, "low"))
    expected = fitted.seasons(day)
    told = blended(fitted, means, expected)
    spread = calibration.interval(told, past.scatter, expected)
    amounts = np.array([told.mean, spread.median, spread.q10, spread.q90]) * taught.unit
    return _Numbers(amounts, told.p_zero, calibration.confidence(past, told, spread))


def blended(fitted: Fitted, means: ensemble.Means, seasons: Mapping[str, Season]) -> calibration.Blended:
    """The forecasts put together as the shop's past taught; spend in units."""
    past = fitted.look_back
    if past is None:
        return calibration.Blended(means.spend["bg_nbd"], 1 - means.features.p_purchase)
    spends = {name: means.spend[name] * season.factor for name, season in seasons.items()}
    known = {name: column for name, column in spends.items() if name in past.weights}
    chance = means.p_zero if len(known) == len(spends) else 1 - means.features.p_purchase
    told = calibration.together(known, chance, past.weights, past.raised, seasons)
    return calibration.Blended(fitted.floor.over(told.mean), told.p_zero) if fitted.floor else told
