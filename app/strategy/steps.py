"""How far to go: a card on the site, a message, an offer. Each step must surely earn more than the one before it.

Doing less is cheaper, and disturbs less, for certain; that doing more brings more is an estimate. So the difference of
the expected margins, d = t1 mu1 - c1 - (t0 mu0 - c0), must lie above 0, mu being what arms of the kind bring on
average. Errors that both kinds share cancel: var(d) = t1^2 S11 - 2 t1 t0 S10 + t0^2 S00. Of m kinds that a step has one
would look better by chance, so each is held to 5% over m (Dunn 1961, J. Am. Stat. Assoc. 56, 52-64).
"""

import math
from collections.abc import Iterable
from statistics import NormalDist

from app.retrieval.outcomes import Z90
from app.retrieval.schemas import KindLifts
from app.strategy.weigh import Weighed, best_of_kinds

LEVEL = 0.05
"""Chance that we accept of going further for nothing."""


def as_far_as_pays(winners: Iterable[Weighed], kinds: KindLifts | None) -> Weighed:
    """The best of the least step, or of a further one that surely earns more; at least one winner."""
    best = best_of_kinds(winners)
    step = min(one.step for one in best)
    taken = next(one for one in best if one.step == step)
    for further in range(step + 1, 3):
        there = [one for one in best if one.step == further]
        taken = next((one for one in there if _surely_more(one, taken, kinds, _z(len(there)))), taken)
    return taken


def _z(kinds: int) -> float:
    return NormalDist().inv_cdf(1.0 - LEVEL / kinds)


def _surely_more(one: Weighed, than: Weighed, kinds: KindLifts | None, z: float) -> bool:
    places = {kind: place for place, kind in enumerate(kinds.kinds)} if kinds else {}
    if kinds is None or one.kind not in places or than.kind not in places:
        gain = one.candidate.expected - than.candidate.expected
        return gain - z / Z90 * math.hypot(_half(one), _half(than)) > 0
    i, j = places[one.kind], places[than.kind]
    gain = one.times * kinds.means[i] - one.cost - than.times * kinds.means[j] + than.cost
    s, t1, t0 = kinds.covariance, one.times, than.times
    variance = t1 * t1 * s[i][i] - 2.0 * t1 * t0 * s[i][j] + t0 * t0 * s[j][j]
    return gain - z * math.sqrt(max(variance, 0.0)) > 0


def _half(one: Weighed) -> float:
    """Half of the 90% interval."""
    return (one.candidate.high - one.candidate.low) / 2
