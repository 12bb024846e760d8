"""What all trials together make us expect of each, here and now: shrunk, faded, and discounted.

For an arm with measured lift y and sampling variance v, whose kind brings mu (Families) and varies by tau2,

    own  = B (y - mu),  B = tau2 / (tau2 + v)                  what sets it apart, shrunk by sample size
    kept = reach * age * evidence                              share of that which holds here
    mean = mu_any + reach (mu - mu_any) + kept own             mu_any: the same kind, sent to anybody
    variance = (1 - kept B)^2 var(mu) + kept^2 B v + (1 - kept)^2 tau2

which for kept = 1 is the empirical Bayes estimate (Morris, C. N. (1983). J. Am. Stat. Assoc. 78, 47-55) and for
kept = 0 is what is expected of an arm of its kind that was never tried. `reach` is how much of what an arm did to its
own audience can be expected of the customer asked about; 1 for arms that were sent to anybody.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.retrieval import two_part
from app.retrieval.families import Families, Traits, expected_of
from app.retrieval.outcomes import Family, Measured, as_lift, kept_after, measured_lift
from app.retrieval.schemas import Channel, EvidenceKind, KindLifts, Lift, Stance
from app.retrieval.trials import Trial

EVIDENCE: Mapping[EvidenceKind, float] = {
    "randomised": 1.0,
    "simulated": 1.0,
    "observational": 0.5,
    "reported": 0.25,
}
"""Share that is kept of a case's evidence, declared: it counts as so many customers, and so much of it holds here."""

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


class Prospects(NamedTuple):
    """What to expect of some arms, shape [k] each; amounts in minor units per treated customer."""

    mean: Floats
    family: Floats
    aimed: Floats
    own: Floats
    age: Floats
    evidence: Floats
    reach: Floats


class Expectations:
    """Of a fixed set of trials."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        """Learn from `trials`, at least one."""
        self.trials = trials
        self.measured = [measured_lift(trial.outcome) for trial in trials]
        """The lift of each as it was measured, without any shrinking."""
        self.failed = np.array([stance_of(lift) == "failed" for lift in self.measured])
        self._evidence = np.array([EVIDENCE[trial.campaign.evidence_kind] for trial in trials])
        found = two_part.lifts([trial.outcome for trial in trials])
        self._lifts = [
            Measured(lift.mean, lift.variance / share) for lift, share in zip(found, self._evidence, strict=True)
        ]
        traits = [trial.traits for trial in trials]
        self._families = Families(self._lifts, traits)
        self._known = {kind: self._families.of(kind) for kind in {*traits, *map(_to_anybody, traits)}}
        self._mu = np.array([self._known[kind].mu for kind in traits])
        self._mu_any = np.array([self._known[_to_anybody(kind)].mu for kind in traits])
        self._own = np.array([_own(lift, self._known[kind]) for lift, kind in zip(self._lifts, traits, strict=True)])
        self._compared: dict[bool, KindLifts] = {}
        self._ended = np.array([trial.campaign.ends_at.timestamp() for trial in trials])

    def at(self, places: Places, reach: Floats, as_of: datetime) -> Prospects:
        """What to expect at `as_of` of the trials in these places, for a situation that so much of each reaches."""
        age = kept_after((as_of.timestamp() - self._ended[places]) // 86_400)
        evidence, own = self._evidence[places], self._own[places]
        family = self._mu_any[places]
        aimed = self._mu[places] - family
        return Prospects(family + reach * (aimed + age * evidence * own), family, aimed, own, age, evidence, reach)

    def lift(self, place: int, *, kept: float, reach: float) -> Lift:
        """The expected lift of one trial with its interval, see the formula above."""
        kind = self.trials[place].traits
        own, anybody = self._family(kind), self._family(_to_anybody(kind))
        mixed = Family(
            reach * own.mu + (1.0 - reach) * anybody.mu,
            reach * own.mu_variance + (1.0 - reach) * anybody.mu_variance,
            own.tau2,
        )
        return self._as(place, mixed, kept)

    def lift_as(self, place: int, kind: Traits, *, kept: float) -> Lift:
        """What is expected of it as an arm of another kind: about a topic of theirs, without its offer."""
        return self._as(place, self._family(kind), kept)

    def kinds(self, *, targeted: bool) -> KindLifts:
        """What each kind of arm brings, speaking to people about a topic of theirs or not; with and without offers."""
        if targeted not in self._compared:
            tried = {trial.traits._replace(targeted=targeted) for trial in self.trials}
            kinds = sorted(tried | {kind._replace(offer="") for kind in tried})
            means, covariance = self._families.together(kinds)
            self._compared[targeted] = KindLifts(
                kinds=tuple((Channel(kind.channel), kind.offer) for kind in kinds),
                means=tuple(means.tolist()),
                covariance=tuple(map(tuple, covariance.tolist())),
            )
        return self._compared[targeted]

    def _as(self, place: int, family: Family, kept: float) -> Lift:
        trial = self.trials[place]
        expected = expected_of(self._lifts[place], self._family(trial.traits), family, kept)
        return as_lift(expected, trial.outcome)

    def _family(self, kind: Traits) -> Family:
        return self._known.get(kind) or self._families.of(kind)


def stance_of(lift: Lift) -> Stance:
    """What a measured lift says by its 90% interval."""
    if lift.low > 0.0:
        return "worked"
    return "failed" if lift.high < 0.0 else "unclear"


def _to_anybody(kind: Traits) -> Traits:
    return kind._replace(targeted=False)


def _own(lift: Measured, family: Family) -> float:
    return family.tau2 / (family.tau2 + lift.variance) * (lift.mean - family.mu)
