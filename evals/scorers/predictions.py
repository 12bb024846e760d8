"""Whether a prediction told is the estimator's: fit it again on the raw order rows and compare."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.narrative.schemas import Claim, Predicate
from app.predict.model import CustomerModel, fit
from app.predict.purchases import PurchaseDays
from evals.scorers.ledger import Bought

_EPOCH = date(1970, 1, 1).toordinal()
_ROUNDING = 5e-5
"""Probabilities are told with four decimals."""


def estimator(
    bought: Iterable[Bought], *, as_of: datetime, zone: ZoneInfo, currency: str, horizon_days: int
) -> CustomerModel:
    """The product's estimator, fitted from scratch on order rows. An order falls on the local day of its first line."""
    orders: dict[tuple[str, str], list[Bought]] = {}
    for line in bought:
        orders.setdefault((line.customer_id, line.order), []).append(line)
    days = [min(line.at for line in lines).astimezone(zone).toordinal() - _EPOCH for lines in orders.values()]
    purchases = PurchaseDays.from_rows(
        [customer_id for customer_id, _ in orders],
        days,
        [sum(line.amount for line in lines) for lines in orders.values()],
    )
    today = as_of.astimezone(zone).toordinal() - _EPOCH
    return fit(purchases, as_of_day=today, horizon_days=horizon_days, currency=currency, fitted_until=as_of)


def faults(claim: Claim, model: CustomerModel) -> list[str]:
    """What a prediction gets wrong; empty when it is the estimator's output."""
    if claim.predicate is Predicate.LTV:
        ltv = model.ltv(claim.subject)
        pairs: dict[str, tuple[float | None, float | None]] = {
            "value": (claim.value, ltv.value),
            "low": (claim.low, ltv.q10),
            "high": (claim.high, ltv.q90),
        }
        return [f"{name} {said}, estimator says {is_}" for name, (said, is_) in pairs.items() if said != is_]
    churn = model.churn(claim.subject)
    known = churn.p_no_purchase if claim.predicate is Predicate.NO_PURCHASE else churn.churn_risk
    if claim.value is None or known is None or abs(claim.value - known) > _ROUNDING:
        return [f"value {claim.value}, estimator says {known}"]
    return []
