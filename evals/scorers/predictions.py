"""Whether a prediction told is the estimator's: fit it again on the raw order rows and compare."""

from collections.abc import Iterable
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

import yaml

from app.bootstrap import KNOWLEDGE
from app.narrative.schemas import Claim, Predicate
from app.predict.fitted import estimate, learn
from app.predict.inputs.cohort import among
from app.predict.inputs.purchases import PurchaseDays
from app.predict.model import CustomerModel
from app.predict.reckoning import Reckoning
from evals.scorers.ledger import Bought

_EPOCH = date(1970, 1, 1).toordinal()
_ROUNDING = 5e-5
"""Probabilities are told with four decimals."""


def estimator(bought: Iterable[Bought], served: Reckoning, *, zone: ZoneInfo, horizon_days: int) -> CustomerModel:
    """The product's estimator, fitted from scratch on order rows. An order falls on the local day of its first line.

    What the product gathered beside purchases is taken from what it served; orders and the fit are made anew.
    """
    orders: dict[tuple[str, str], list[Bought]] = {}
    for line in bought:
        orders.setdefault((line.customer_id, line.order), []).append(line)
    days = [min(line.at for line in lines).astimezone(zone).toordinal() - _EPOCH for lines in orders.values()]
    found = PurchaseDays.from_rows(
        [customer_id for customer_id, _ in orders],
        days,
        [sum(line.amount for line in lines) for lines in orders.values()],
    )
    purchases, fitted = among(served.cohort.purchases.customer_ids, found), served.model.fitted
    again = learn(
        purchases,
        day=fitted.day,
        horizon_days=horizon_days,
        currency=fitted.currency,
        fitted_until=fitted.fitted_until,
        calendar=fitted.calendar,
        model_card_id=fitted.model_card_id,
        beside=served.beside,
    )
    return CustomerModel(again, estimate(again, purchases, as_of_day=served.cohort.as_of_day, beside=served.beside))


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
    if claim.name is not None and claim.name != level(claim.value):
        return [f"level {claim.name}, the policy says {level(claim.value)}"]
    return []


def level(risk: float) -> str:
    """What the shop's policy makes of a churn risk, by the thresholds that it declares."""
    watch, light, strong = _thresholds()
    return "leaving" if risk >= strong else "drifting" if risk >= light else "watch" if risk >= watch else "calm"


@cache
def _thresholds() -> tuple[float, float, float]:
    declared = yaml.safe_load((KNOWLEDGE / "policy.yaml").read_text(encoding="utf-8"))["acting"]
    found = (declared["bounds"]["least"], declared["light"]["at_median"], declared["strong"]["at_median"])
    return float(found[0]), float(found[1]), float(found[2])
