"""Fit a shop's purchases once, then read every customer's value and churn from it.

Amounts are gross. Chances, values and intervals are corrected by what the shop's past taught (`recalibration`,
`calibration`). A customer without purchases, or a shop with too few (`missing_for_fit`), gets the status
`not_enough_data` with what is missing, never a guess.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidInput
from app.predict.calibration import Backtest, backtest
from app.predict.churn import churn_risk
from app.predict.intervals import SpendModel, fit_spend, spend
from app.predict.purchases import Floats, Ints, PurchaseDays, RfmTable, missing_for_fit, rfm
from app.predict.recalibration import IDENTITY
from app.predict.schemas import ChurnEstimate, Confidence, LtvEstimate, ModelCard, Status

NAME = "BG/NBD + Gamma-Gamma"
VERSION = 2
"""Part of the model card id; raise it when the same data would give other numbers."""
LONGEST_HORIZON_DAYS = 1830
HIGH_WIDTH = 1.5
"""(q90 - q10) / value up to which an estimate counts as high confidence: about +-75%, 4 times in 5."""
MEDIUM_WIDTH = 3.0


@dataclass(frozen=True, eq=False)
class Estimates:
    """All customers, aligned to `customer_ids`; where `status` is not `ok`, amounts are 0 and chances NaN."""

    customer_ids: tuple[str, ...]
    value: Ints
    median: Ints
    q10: Ints
    q90: Ints
    p_no_purchase: Floats
    churn_risk: Floats
    status: NDArray[np.str_]
    """`ok` or `not_enough_data`."""


@dataclass(frozen=True, eq=False)
class CustomerModel:
    """A fitted model and what it says of every customer as of the day it was fitted for."""

    card: ModelCard
    currency: str
    missing: tuple[str, ...]
    """What the whole shop lacks; empty when the model could be fitted."""
    estimates: Estimates
    _row: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Index the customers by id."""
        object.__setattr__(self, "_row", {name: i for i, name in enumerate(self.estimates.customer_ids)})

    def all(self) -> Estimates:
        """Every customer in arrays, for ranking and queues."""
        return self.estimates

    def ltv(self, customer_id: str) -> LtvEstimate:
        """Expected gross spend of one customer in the horizon; an unknown id has bought nothing yet."""
        row, missing = self._find(customer_id)
        if missing:
            return self._no_ltv(missing)
        e = self.estimates
        value, q10, q90 = int(e.value[row]), int(e.q10[row]), int(e.q90[row])
        return LtvEstimate(
            value=value,
            median=int(e.median[row]),
            q10=q10,
            q90=q90,
            horizon_days=self.card.horizon_days,
            currency=self.currency,
            model_card_id=self.card.model_card_id,
            calibration=self.card.calibration,
            confidence=confidence(value, q10, q90, measured=self.card.calibration is not None),
        )

    def churn(self, customer_id: str) -> ChurnEstimate:
        """Chance of no purchase within the horizon, and how much of their own chance silence has taken."""
        row, missing = self._find(customer_id)
        status: Status = "not_enough_data" if missing else "ok"
        return ChurnEstimate(
            p_no_purchase=None if missing else float(self.estimates.p_no_purchase[row]),
            churn_risk=None if missing else float(self.estimates.churn_risk[row]),
            horizon_days=self.card.horizon_days,
            calibration=None if missing else self.card.churn_calibration,
            status=status,
            missing=missing,
        )

    def purchase_rate(self, customer_ids: Collection[str]) -> float | None:
        """Mean chance of these customers to buy within the horizon; None when none can be estimated."""
        rows = [self._row[c] for c in customer_ids if c in self._row]
        chances = self.estimates.p_no_purchase[rows]
        known = chances[np.isfinite(chances)]
        return float(1 - known.mean()) if known.size else None

    def _find(self, customer_id: str) -> tuple[int, tuple[str, ...]]:
        row = self._row.get(customer_id, -1)
        bought = row >= 0 and self.estimates.status[row] == "ok"
        return row, self.missing or (() if bought else ("orders",))

    def _no_ltv(self, missing: tuple[str, ...]) -> LtvEstimate:
        return LtvEstimate(
            value=None,
            median=None,
            q10=None,
            q90=None,
            horizon_days=self.card.horizon_days,
            currency=self.currency,
            model_card_id=None,
            calibration=None,
            confidence=None,
            status="not_enough_data",
            missing=missing,
        )


def confidence(value: int, q10: int, q90: int, *, measured: bool) -> Confidence:
    """How narrow the 80% interval is beside the value: high, medium or low.

    Low as well when the value lies above its own q90 (a rare large purchase carries it); never high when no
    backtest has measured the interval.
    """
    if value <= 0 or value > q90 or q90 - q10 > MEDIUM_WIDTH * value:
        return "low"
    return "high" if measured and q90 - q10 <= HIGH_WIDTH * value else "medium"


def fit(
    purchases: PurchaseDays,
    *,
    as_of_day: int,
    horizon_days: int = 90,
    currency: str,
    seed: int = 0,
    fitted_until: datetime,
) -> CustomerModel:
    """Fit on purchases up to the end of `as_of_day`, reading nothing later, and estimate what follows it.

    `fitted_until` is that day's end as a moment, for the model card. `seed` only splits the backtest's
    customers; the same input gives the same model.
    """
    if not 1 <= horizon_days <= LONGEST_HORIZON_DAYS:
        raise InvalidInput(f"horizon_days is {horizon_days}; use 1 to {LONGEST_HORIZON_DAYS}")
    if fitted_until.tzinfo is None:
        raise InvalidInput("fitted_until has no time zone; pass an aware time")
    known = purchases.until(as_of_day)
    table = rfm(known, as_of_day)
    missing = missing_for_fit(known, table, as_of_day)
    model = None if missing else fit_spend(table)
    look_back = model and backtest(known, as_of_day=as_of_day, horizon_days=horizon_days, seed=seed)
    parameters = _parameters(model, look_back) if model else {}
    card = ModelCard(
        model_card_id=_fingerprint(known, as_of_day, horizon_days, currency, parameters),
        model=NAME,
        fitted_until=fitted_until,
        customers=table.customer.size,
        repeat_customers=int((table.frequency > 0).sum()),
        parameters=parameters,
        horizon_days=horizon_days,
        calibration=look_back.calibration() if look_back else None,
        churn_calibration=look_back.churn_calibration() if look_back else None,
    )
    estimates = _estimates(purchases.customer_ids, table, model, horizon_days, look_back)
    return CustomerModel(card=card, currency=currency, missing=missing, estimates=estimates)


def _estimates(
    customer_ids: tuple[str, ...],
    table: RfmTable,
    model: SpendModel | None,
    horizon_days: int,
    look_back: Backtest | None,
) -> Estimates:
    size = len(customer_ids)
    amounts = np.zeros((4, size), np.int64)
    chances = np.full((2, size), np.nan)
    status = np.full(size, "not_enough_data")
    if model is not None:
        scale = look_back.q90_scale if look_back else 1.0
        correction = look_back.chances.recalibration if look_back else IDENTITY
        found = spend(model, table, horizon_days, correction)
        amounts[:, table.customer] = np.rint([found.mean, found.median, found.q10, found.q90 * scale])
        chances[0, table.customer] = np.clip(1 - found.p_purchase, 0, 1)
        chances[1, table.customer] = churn_risk(model.counts, table.histories, horizon_days, correction)
        status[table.customer] = "ok"
    value, median, q10, q90 = amounts
    p_no_purchase, risk = chances
    return Estimates(customer_ids, value, median, q10, q90, p_no_purchase, risk, status)


def _parameters(model: SpendModel, look_back: Backtest | None) -> dict[str, float]:
    found = model.counts._asdict() | {f"spend_{name}": v for name, v in model.money._asdict().items()}
    if look_back:
        found["q90_scale"] = look_back.q90_scale
        found |= {f"no_purchase_{name}": v for name, v in look_back.chances.recalibration._asdict().items()}
        if look_back.level == look_back.level:  # NaN would not survive JSON
            found["backtest_level"] = look_back.level
    return {name: float(value) for name, value in found.items()}


def _fingerprint(
    known: PurchaseDays, as_of_day: int, horizon_days: int, currency: str, parameters: dict[str, float]
) -> str:
    digest = blake2b(digest_size=10)
    bought = [known.customer_ids[i] for i in np.unique(known.customer)]
    digest.update(repr((NAME, VERSION, as_of_day, horizon_days, currency, sorted(parameters.items()))).encode())
    digest.update("\0".join(bought).encode())
    ranks = np.unique(known.customer, return_inverse=True)[1].astype(np.int64)
    for column in (ranks, known.day, known.amount):
        digest.update(np.ascontiguousarray(column).tobytes())
    return f"card_{digest.hexdigest()}"
