"""What follows from a case's sums: lifts with intervals, rates, age. Nothing of it is stored."""

from datetime import datetime

from app.retrieval.knowledge.schemas import CaseDetail, CaseEntry, MeasuredOutcome
from app.retrieval.outcomes import is_measured, measured_lift
from app.retrieval.schemas import Outcome


def detail_of(entry: CaseEntry, *, as_of: datetime) -> CaseDetail:
    """An entry with what its outcomes say, at a moment."""
    return CaseDetail(
        **{name: getattr(entry, name) for name in CaseEntry.model_fields},
        outcomes=tuple(measured(outcome) for outcome in entry.case.outcomes),
        age_days=max(0, (as_of - entry.case.campaign.ends_at).days),
    )


def measured(outcome: Outcome) -> MeasuredOutcome:
    """One outcome with its lift, where the sums allow one."""
    return MeasuredOutcome(
        outcome=outcome,
        lift=measured_lift(outcome) if is_measured(outcome) else None,
        treated_rate=_rate(outcome.treated_conversions, outcome.treated_n),
        control_rate=_rate(outcome.control_conversions, outcome.control_n),
    )


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None
