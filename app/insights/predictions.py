"""Estimates as claims, so that stories may tell them and the verifier can compare them; and what carries them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from app.narrative.making import made
from app.narrative.measures import OVERDUE
from app.narrative.schemas import Claim, ClaimKind, Predicate, Unit
from app.predict.schemas import ChurnEstimate, LtvEstimate

_DRIVERS = (
    Predicate.ORDER_COUNT,
    Predicate.AVERAGE_ORDER_VALUE,
    Predicate.USUAL_GAP,
    Predicate.FIRST_ORDER,
    Predicate.DAYS_SINCE_LAST_ORDER,
)
"""The claims whose values enter the estimators: frequency, spend per purchase, rhythm, age and recency."""
_FALLING = (Predicate.ORDER_COUNT_CHANGE, Predicate.ORDER_VALUE_CHANGE)


def prediction_claims(
    customer_id: str, ltv: LtvEstimate, churn: ChurnEstimate, *, as_of: datetime
) -> tuple[Claim, ...]:
    """The estimates that could be made, as claims; none where data are missing."""
    found: list[Claim] = []
    if ltv.value is not None:
        found.append(
            made(
                kind=ClaimKind.PREDICTION,
                predicate=Predicate.LTV,
                subject=customer_id,
                value=ltv.value,
                low=ltv.q10,
                high=ltv.q90,
                unit=Unit.MONEY_MINOR,
                currency=ltv.currency,
                horizon_days=ltv.horizon_days,
                as_of=as_of,
            )
        )
    chances = {Predicate.NO_PURCHASE: churn.p_no_purchase, Predicate.CHURN_RISK: churn.churn_risk}
    found += [
        made(
            kind=ClaimKind.PREDICTION,
            predicate=predicate,
            subject=customer_id,
            value=round(chance, 4),
            unit=Unit.PROBABILITY,
            horizon_days=churn.horizon_days,
            as_of=as_of,
        )
        for predicate, chance in chances.items()
        if chance is not None
    ]
    return tuple(found)


def explain(ltv: LtvEstimate, churn: ChurnEstimate, claims: Sequence[Claim]) -> tuple[LtvEstimate, ChurnEstimate]:
    """The estimates with the claims that drive them, may undo them, or signal leaving."""
    drivers = [c for c in claims if c.predicate in _DRIVERS]
    falling = [c for c in claims if c.predicate in _FALLING and c.direction == "down"]
    signs = [c for c in claims if c.predicate is Predicate.SIGNAL]
    signals = [*falling, *_overdue(claims), *_soured(claims), *signs]
    return (
        ltv.model_copy(update={"drivers": _ids(drivers), "risks": _ids(signals)}) if ltv.status == "ok" else ltv,
        churn.model_copy(update={"signals": _ids(signals)}),
    )


def _overdue(claims: Sequence[Claim]) -> list[Claim]:
    by = {c.predicate: c for c in claims}
    since, gap = by.get(Predicate.DAYS_SINCE_LAST_ORDER), by.get(Predicate.USUAL_GAP)
    late = since and gap and (since.value or 0) > OVERDUE * (gap.value or 0)
    return [since, gap] if since and gap and late else []


def _soured(claims: Sequence[Claim]) -> list[Claim]:
    low = [c for c in claims if c.predicate is Predicate.REVIEWED and c.value is not None and c.value <= 2]
    return low + [c for c in claims if c.reading == "losing_patience"]


def _ids(claims: Iterable[Claim]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(c.claim_id for c in claims))
