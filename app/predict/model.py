"""Fit a shop's purchases once, then read every customer's value and churn from it.

A customer without purchases, or a shop with too few (`missing_for_fit`), gets the status `not_enough_data` with what is
missing, never a guess.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import numpy as np

from app.predict.behaviour.columns import BehaviourColumns
from app.predict.fitted import Estimates, Fitted, estimate, learn
from app.predict.inputs.purchases import PurchaseDays
from app.predict.kept.fingerprint import of_inputs
from app.predict.schemas import Basis, ChurnEstimate, Confidence, LtvEstimate, ModelCard, Status
from app.predict.value.season import FLAT, Calendar

_CONFIDENCE: dict[str, Confidence] = {"high": "high", "medium": "medium", "low": "low"}


@dataclass(frozen=True, eq=False)
class CustomerModel:
    """What was learned from a shop and what it says of every customer as of one day."""

    fitted: Fitted
    estimates: Estimates
    card: ModelCard = field(init=False)

    def __post_init__(self) -> None:
        """Make the card once."""
        object.__setattr__(self, "card", self.fitted.card)

    @cached_property
    def _row(self) -> dict[str, int]:
        """Where each customer stands; made when one is first asked for by name."""
        return {name: i for i, name in enumerate(self.estimates.customer_ids)}

    @property
    def missing(self) -> tuple[str, ...]:
        """What the whole shop lacks; empty when the model could be fitted."""
        return self.fitted.missing

    def all(self) -> Estimates:
        """Every customer in arrays, for ranking and queues."""
        return self.estimates

    def ltv(self, customer_id: str) -> LtvEstimate:
        """Expected spend of one customer in the horizon; an unknown id has bought nothing yet."""
        row, missing = self._find(customer_id)
        if missing:
            return self._no_ltv(missing, came=row >= 0)
        e = self.estimates
        return LtvEstimate(
            value=int(e.value[row]),
            median=int(e.median[row]),
            q10=int(e.q10[row]),
            q90=int(e.q90[row]),
            horizon_days=self.fitted.horizon_days,
            currency=self.fitted.currency,
            basis=self.fitted.basis,
            model_card_id=self.card.model_card_id,
            calibration=self.card.calibration,
            confidence=_CONFIDENCE[str(e.confidence[row])],
        )

    def churn(self, customer_id: str) -> ChurnEstimate:
        """Chance of no purchase and of no activity within the horizon, and how far the customer is leaving."""
        row, missing = self._find(customer_id)
        status: Status = "not_enough_data" if missing else "ok"
        e = self.estimates
        return ChurnEstimate(
            p_no_purchase=None if missing else float(e.p_no_purchase[row]),
            p_no_activity=None if row < 0 or np.isnan(e.p_no_activity[row]) else float(e.p_no_activity[row]),
            churn_risk=None if missing else float(e.churn_risk[row]),
            horizon_days=self.fitted.horizon_days,
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
        bought = row >= 0 and bool(self.estimates.known[row])
        return row, self.missing or (() if bought else ("orders",))

    def _no_ltv(self, missing: tuple[str, ...], *, came: bool) -> LtvEstimate:
        others = self.fitted.newcomers if came else None
        return LtvEstimate(
            segment_value=round(others.mean_minor) if others else None,
            value=None,
            median=None,
            q10=None,
            q90=None,
            horizon_days=self.fitted.horizon_days,
            currency=self.fitted.currency,
            basis=self.fitted.basis,
            model_card_id=None,
            calibration=None,
            confidence=None,
            status="not_enough_data",
            missing=missing,
        )


def fit(
    purchases: PurchaseDays,
    *,
    as_of_day: int,
    horizon_days: int = 90,
    currency: str,
    fitted_until: datetime,
    basis: Basis = "gross",
    calendar: Calendar = FLAT,
    behaviour: BehaviourColumns | None = None,
) -> CustomerModel:
    """Learn from purchases up to the end of `as_of_day`, reading nothing later, and estimate what follows it.

    `fitted_until` is that day's end as a moment, for the model card. The same input gives the same model.
    """
    inputs = of_inputs(
        purchases,
        day=as_of_day,
        horizon_days=horizon_days,
        currency=currency,
        basis=basis,
        calendar=calendar,
        beside=behaviour,
    )
    fitted = learn(
        purchases,
        day=as_of_day,
        horizon_days=horizon_days,
        currency=currency,
        fitted_until=fitted_until,
        calendar=calendar,
        model_card_id=f"card_{inputs[:20]}",
        basis=basis,
        beside=behaviour,
    )
    return CustomerModel(fitted, estimate(fitted, purchases, as_of_day=as_of_day, beside=behaviour))
