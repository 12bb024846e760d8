"""Past arms as trials: each with the outcome that speaks for a segment, and what to expect of it today."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from app.profile.schemas import RfmClass
from app.retrieval.outcomes import (
    Family,
    Measured,
    expected_lift,
    is_measured,
    kept_after,
    moderated_lift,
    pool,
    typical_variance,
)
from app.retrieval.schemas import Arm, Campaign, Case, Lift, Outcome

MIN_FAMILY = 5
"""Arms of one objective needed before they are pooled apart from the others."""


NEAR = 0.5
"""Closeness from which a case is taken to speak of such customers and such things."""


class Trial(NamedTuple):
    """One arm with its outcome for the segment asked about."""

    campaign: Campaign
    arm: Arm
    outcome: Outcome

    def age_days(self, as_of: datetime) -> int:
        """Days since the campaign ended."""
        return (as_of - self.campaign.ends_at).days


def known_trials(cases: Iterable[Case], rfm_class: RfmClass | None, *, as_of: datetime) -> list[Trial]:
    """All measured arms whose outcome window had closed by `as_of`, by campaign and arm id.

    An arm without a control group says nothing about lift and is left out.
    """
    trials = [
        Trial(case.campaign, arm, outcome)
        for case in cases
        if case.campaign.ends_at + timedelta(days=case.campaign.window_days) <= as_of
        for arm in case.campaign.arms
        if (outcome := _outcome_for(case, arm, rfm_class)) is not None
    ]
    return sorted(trials, key=lambda trial: (trial.campaign.campaign_id, trial.arm.arm_id))


class Expectations:
    """What all trials together make us expect of each: lifts shrunk, then faded by age and distance.

    The family is the trials of the same objective where there are at least MIN_FAMILY, else all.
    """

    def __init__(self, trials: Sequence[Trial]) -> None:
        """Pool `trials`, at least one."""
        self._prior = typical_variance([trial.outcome for trial in trials])
        lifts: dict[str, list[Measured]] = defaultdict(list)
        for trial in trials:
            lifts[trial.campaign.objective].append(moderated_lift(trial.outcome, self._prior))
        self._all = pool([lift for group in lifts.values() for lift in group])
        self._of = {name: pool(group) for name, group in lifts.items() if len(group) >= MIN_FAMILY}

    def of(self, trial: Trial, *, as_of: datetime, closeness: float) -> Lift:
        """Expected lift of one of the trials at `as_of`, for a situation so close to it.

        The share that is kept is 2^(-age / half-life) * min(1, closeness / NEAR).
        """
        return expected_lift(
            moderated_lift(trial.outcome, self._prior),
            self._family(trial),
            kept=kept_after(trial.age_days(as_of)) * min(1.0, closeness / NEAR),
            outcome=trial.outcome,
        )

    def _family(self, trial: Trial) -> Family:
        return self._of.get(trial.campaign.objective, self._all)


def _outcome_for(case: Case, arm: Arm, rfm_class: RfmClass | None) -> Outcome | None:
    """The outcome of the customer's own segment when it was measured, else that of all."""
    measured = {o.segment: o for o in case.outcomes if o.arm_id == arm.arm_id and is_measured(o)}
    return measured.get(rfm_class or "all", measured.get("all"))
