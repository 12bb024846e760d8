"""Past arms as trials: each with the outcome that speaks for a life cycle of customers."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from app.profile.schemas import Lifecycle, RfmClass, lifecycle_of
from app.retrieval.families import Traits
from app.retrieval.outcomes import is_measured
from app.retrieval.schemas import Arm, Campaign, Case, Outcome

NEAR = 0.5
"""Closeness from which a case is taken to speak of such customers and such things."""

_SUMMED = (
    "sent", "treated_n", "treated_conversions", "treated_sum", "treated_sumsq",
    "control_n", "control_conversions", "control_sum", "control_sumsq", "cost_minor",
)  # fmt: skip


class Sent(NamedTuple):
    """One arm of a past campaign with all outcomes that it has."""

    campaign: Campaign
    arm: Arm
    outcomes: tuple[Outcome, ...]

    @property
    def known_from(self) -> datetime:
        """When its outcome window had closed."""
        return self.campaign.ends_at + timedelta(days=self.campaign.window_days)


class Trial(NamedTuple):
    """One arm with the outcome that speaks for the customers asked about."""

    campaign: Campaign
    arm: Arm
    outcome: Outcome

    def age_days(self, as_of: datetime) -> int:
        """Days since the campaign ended."""
        return (as_of - self.campaign.ends_at).days

    @property
    def traits(self) -> Traits:
        """The kind of arm that it was."""
        offer = self.arm.offer
        return Traits(self.arm.channel, offer.type if offer else "", bool(self.campaign.audience.topics))


def arms_of(cases: Iterable[Case]) -> tuple[Sent, ...]:
    """All arms, by campaign and arm id."""
    found = [
        Sent(case.campaign, arm, tuple(outcome for outcome in case.outcomes if outcome.arm_id == arm.arm_id))
        for case in cases
        for arm in case.campaign.arms
    ]
    return tuple(sorted(found, key=lambda sent: (sent.campaign.campaign_id, sent.arm.arm_id)))


def trial_of(sent: Sent, lifecycle: Lifecycle | None) -> Trial | None:
    """The arm with its outcome among such customers where that was measured, else among all.

    None when neither was: an arm without a control group says nothing about lift.
    """
    of = {outcome.segment: outcome for outcome in sent.outcomes}
    for outcome in (_of_lifecycle(of, lifecycle) if lifecycle else None, of.get("all")):
        if outcome is not None and is_measured(outcome):
            return Trial(sent.campaign, sent.arm, outcome)
    return None


def _of_lifecycle(of: Mapping[str, Outcome], lifecycle: Lifecycle) -> Outcome | None:
    """What was kept for the life cycle itself, else the sums of its classes: spend must not decide what is offered."""
    classes = [of[name] for name in RfmClass if name in of and lifecycle_of(name) is lifecycle]
    return of.get(lifecycle) or (added(classes, segment=lifecycle) if classes else None)


def added(outcomes: Sequence[Outcome], *, segment: str) -> Outcome:
    """The sums of several segments of one arm, as one; at least one."""
    sums = {name: sum(getattr(outcome, name) for outcome in outcomes) for name in _SUMMED}
    latest = max(outcome.computed_at for outcome in outcomes)
    return outcomes[0].model_copy(update={**sums, "segment": segment, "computed_at": latest})
