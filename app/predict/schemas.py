"""What the estimators publish. All amounts are integer minor units."""

from datetime import datetime
from typing import Literal

from app.schema import Frozen

Confidence = Literal["high", "medium", "low"]
Status = Literal["ok", "not_enough_data"]


class Calibration(Frozen):
    """How the interval did on data that the model had not seen."""

    set: str
    """What it was measured on, e.g. `backtest, cut 2011-06-12, 90 d`."""
    above_q90: float
    """Share of customers whose actual value exceeded the predicted 90% quantile; the ideal is .10."""
    n: int


class ChurnCalibration(Frozen):
    """How the chance of no purchase did on a backtest; each customer was forecast by what others taught.

    It speaks for the days of the backtest: a season, or a wave of customers leaving, that starts later is not in it.
    """

    set: str
    """What it was measured on, e.g. `backtest, cut 2011-06-12, 90 d`."""
    n: int
    """Customers of the backtest."""
    brier: float
    """Mean squared difference between p_no_purchase and what happened; 0 is perfect."""
    predicted: float
    """Mean p_no_purchase; near `observed` when the level is right."""
    observed: float
    """Share of these customers who did not buy."""


class ModelCard(Frozen):
    """What a fitted model stands on."""

    model_card_id: str
    """Fingerprint of data, parameters and code version."""
    model: str
    fitted_until: datetime
    """Training used no event after this moment."""
    customers: int
    repeat_customers: int
    parameters: dict[str, float]
    horizon_days: int
    calibration: Calibration | None
    """None when the data are too short for a backtest."""
    churn_calibration: ChurnCalibration | None = None
    """None when the data are too short for a backtest."""


class LtvEstimate(Frozen):
    """Expected spend of one customer over the horizon, with its interval."""

    value: int | None
    """Mean of the predictive distribution; None when status is not ok."""
    median: int | None
    q10: int | None
    q90: int | None
    leaned_value: int | None = None
    """A model's bounded lean; off until an evaluation shows that it helps."""
    horizon_days: int
    currency: str
    basis: Literal["gross", "net_of_refunds"] = "gross"
    model_card_id: str | None
    calibration: Calibration | None
    confidence: Confidence | None
    drivers: tuple[str, ...] = ()
    """claim_ids of what carries the number."""
    risks: tuple[str, ...] = ()
    """claim_ids of what may undo it."""
    status: Status = "ok"
    missing: tuple[str, ...] = ()
    """What would be needed for an estimate."""


class ChurnEstimate(Frozen):
    """How likely the customer is to buy nothing, and how likely they are leaving."""

    p_no_purchase: float | None
    """Probability of no purchase within the horizon, corrected by what the shop's past taught."""
    p_no_activity: float | None = None
    churn_risk: float | None
    """Share of the customer's own chance to buy that their present silence has taken away, 0 to 1."""
    horizon_days: int
    calibration: ChurnCalibration | None = None
    """Of p_no_purchase; None when the data are too short for a backtest."""
    signals: tuple[str, ...] = ()
    """claim_ids of the behaviour that points the same way."""
    status: Status = "ok"
    missing: tuple[str, ...] = ()
