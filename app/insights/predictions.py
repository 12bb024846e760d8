"""Estimates as claims, so that stories may tell them and the verifier can compare them; and what carries them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from app.insights.risks import risks_of
from app.narrative.making import made
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


class Concern(NamedTuple):
    """The churn risks from which the shop watches somebody, or speaks of leaving; `policy.yaml` declares them."""

    watch: float
    drifting: float
    leaving: float

    def level(self, risk: float) -> str:
        """`calm`, `watch`, `drifting` or `leaving`."""
        passed = [name for name in self._fields if risk >= getattr(self, name)]
        return passed[-1] if passed else "calm"


def prediction_claims(
    customer_id: str, ltv: LtvEstimate, churn: ChurnEstimate, *, as_of: datetime, concern: Concern | None = None
) -> tuple[Claim, ...]:
    """The estimates that could be made, as claims; none where data are missing.

    `concern` lets the churn risk say which level it comes to; without it there is only the number.
    """
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
            name=concern.level(round(chance, 4)) if concern and predicate is Predicate.CHURN_RISK else None,
        )
        for predicate, chance in chances.items()
        if chance is not None
    ]
    return tuple(found)


def explain(ltv: LtvEstimate, churn: ChurnEstimate, claims: Sequence[Claim]) -> tuple[LtvEstimate, ChurnEstimate]:
    """The estimates with the claims that drive them, may undo them, or signal leaving.

    How much each of them counts is worked out on demand: `drivers.py`.
    """
    drivers = [c for c in claims if c.predicate in _DRIVERS]
    signals = [c for risk in risks_of(claims) for c in risk.claims]
    return (
        ltv.model_copy(update={"drivers": _ids(drivers), "risks": _ids(signals)}) if ltv.status == "ok" else ltv,
        churn.model_copy(update={"signals": _ids(signals)}),
    )


def _ids(claims: Iterable[Claim]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(c.claim_id for c in claims))
