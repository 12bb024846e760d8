"""Near arms in the order of what to expect of them, as matches that say why."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np

from app.retrieval.expectations import Expectations, Places, stance_of
from app.retrieval.near import Near
from app.retrieval.schemas import CampaignMatch, MatchParts

MOST_WARNINGS = 3
"""Failures that one answer warns of."""


class Ranking:
    """The arms of a pool at a moment, best first; arms are named by their place among the trials."""

    def __init__(self, near: Near, pool: Places, expectations: Expectations, as_of: datetime) -> None:
        """Rank the arms in the `pool` by the mean of their expected lift; ties stay in the pool's order."""
        self._near, self._expectations, self._as_of = near, expectations, as_of
        self._prospects = expectations.at(pool, near.reach[pool], as_of)
        order = np.argsort(-self._prospects.mean, kind="stable")
        self._order = [int(place) for place in pool[order]]
        self._row = {int(place): row for row, place in enumerate(pool)}

    def best(self, k: int) -> list[int]:
        """The k best; those about other topics give way to those that one could act on."""
        speaks = self._near.speaks
        related = [place for place in self._order if speaks[place]]
        others = [place for place in self._order if not speaks[place]]
        kept = set([*related, *others][:k])
        return [place for place in self._order if place in kept]

    def warnings(self, kept: Sequence[int]) -> list[int]:
        """Arms that failed, speak of what is wanted and are not among those kept; nearest first."""
        pool = np.array(self._order)
        failed = pool[self._expectations.failed[pool] & self._near.speaks[pool] & ~np.isin(pool, kept)]
        return sorted(failed.tolist(), key=lambda place: (-self._near.closeness[place], place))[:MOST_WARNINGS]

    def matches(self, places: Sequence[int]) -> Iterator[CampaignMatch]:
        """These arms in full."""
        return map(self._match, places)

    def _match(self, place: int) -> CampaignMatch:
        trial, near, lift = self._expectations.trials[place], self._near, self._expectations.measured[place]
        parts = self._parts(place)
        kept = parts.reach * parts.age * parts.evidence
        kind = trial.traits
        reworded = kind._replace(targeted=kind.targeted or near.aims)
        plain = reworded._replace(offer="") if kind.offer else None
        expected = self._expectations.lift(place, kept=kept, reach=parts.reach)
        outcome = trial.outcome
        return CampaignMatch(
            campaign=trial.campaign,
            arm=trial.arm,
            similarity=parts.dense,
            fit=parts.structured,
            closeness=float(near.closeness[place]),
            lift=lift,
            expected=expected,
            reworded=self._expectations.lift_as(place, reworded, kept=kept),
            plain=plain and self._expectations.lift_as(place, plain, kept=kept),
            stance=stance_of(lift),
            parts=parts,
            age_days=trial.age_days(self._as_of),
            cost_per_customer=outcome.cost_minor / outcome.treated_n if outcome.cost_minor else None,
            conversion=outcome.treated_conversions / outcome.treated_n,
            score=expected.mean,
        )

    def _parts(self, place: int) -> MatchParts:
        near, row = self._near, self._row[place]
        prospects = {name: float(column[row]) for name, column in self._prospects._asdict().items() if name != "mean"}
        likeness = {name: float(getattr(near, name)[place]) for name in ("dense", "lexical", "structured", "fused")}
        return MatchParts(**likeness, **prospects)
