"""From a situation to past campaigns: near in words, meant for such customers, ranked by what they brought.

    closeness = (similarity + fit) / 2
        similarity  cosine of the situation and the arm's text, not below 0
        fit         topics, segment and objective, see `situation.py`; cases that cannot apply are left out
    promise   = m / (|m| + s), m the expected lift, s the median |m| of the near arms; between -1 and 1
    score     = closeness * promise        for an arm that promises a gain
                (1 - closeness) * promise  for one that promises a loss: after all gains, nearest first

Retrieval abstains when there is no case (`no_past_outcomes`) and when closeness stays below MIN_CLOSENESS
for all (`nearest_too_far`). Arms of campaigns about other topics than the situation's come back only where there is
room left.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.retrieval.index import IndexFactory, VectorIndex
from app.retrieval.outcomes import measured_lift
from app.retrieval.schemas import CampaignMatch, Case, Lift, Retrieval
from app.retrieval.situation import Situation, applies, fit, speaks_to
from app.retrieval.trials import Expectations, Trial, known_trials
from app.text.embedder import Embedder, Vectors
from app.text.taxonomy import Taxonomy

MIN_CLOSENESS = 0.2
"""Below this a case speaks of other customers and other things."""

POOL = 200
"""Arms nearest in words that are weighed further."""

_CACHED_TEXTS = 100_000


class CampaignSearch:
    """Finds past arms for a situation. Texts are embedded once, and the last index is kept."""

    def __init__(self, embedder: Embedder, index_factory: IndexFactory, taxonomy: Taxonomy) -> None:
        """Embed with `embedder`, search with what `index_factory` builds, name topics by `taxonomy`."""
        self._embedder = embedder
        self._index_factory = index_factory
        self._taxonomy = taxonomy
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self._shelf: _Shelf | None = None

    def search(self, cases: Sequence[Case], situation: Situation, *, as_of: datetime, k: int = 5) -> Retrieval:
        """The k best arms among the cases known at `as_of`, or an abstention with its reason."""
        trials = known_trials(cases, situation.rfm_class, as_of=as_of)
        if not trials:
            return Retrieval(matches=(), abstained="no_past_outcomes")
        candidates = self._nearest(trials, situation)
        nearest = max((candidate.closeness for candidate in candidates), default=0.0)
        if nearest < MIN_CLOSENESS:
            return Retrieval(matches=(), abstained="nearest_too_far", nearest_similarity=nearest)
        near = [candidate for candidate in candidates if candidate.closeness >= MIN_CLOSENESS]
        matches = _ranked(near, Expectations(trials), as_of)
        return Retrieval(matches=_kept(matches, situation, k), nearest_similarity=nearest)

    def _nearest(self, trials: Sequence[Trial], situation: Situation) -> list["_Near"]:
        index = self._index_over([self._text_of(trial) for trial in trials])
        (found,) = index.search(self._embedder.embed([self._query(situation)]), POOL)
        return [
            _Near(trials[position], min(max(cosine, 0.0), 1.0), fit(trials[position].campaign, situation))
            for cosine, position in zip(found.scores, found.positions, strict=True)
            if applies(trials[position].campaign, situation)
        ]

    def _index_over(self, texts: list[str]) -> VectorIndex:
        shelf = self._shelf
        if shelf is None or shelf.texts != texts:
            self._shelf = shelf = _Shelf(texts, self._index_factory(self._embedded(texts)))
        return shelf.index

    def _embedded(self, texts: list[str]) -> Vectors:
        known = self._vectors if len(self._vectors) < _CACHED_TEXTS else {}
        if fresh := [text for text in dict.fromkeys(texts) if text not in known]:
            known = known | dict(zip(fresh, self._embedder.embed(fresh), strict=True))
            self._vectors = known
        return np.stack([known[text] for text in texts])

    def _text_of(self, trial: Trial) -> str:
        campaign, arm = trial.campaign, trial.arm
        named = self._named((*campaign.audience.topics, *arm.themes))
        return " | ".join((campaign.title, campaign.objective, arm.timing, *named))

    def _query(self, situation: Situation) -> str:
        return " | ".join((situation.text, situation.objective or "", *self._named(situation.topics)))

    def _named(self, words: Iterable[str]) -> list[str]:
        """Topic ids by their names in both languages, so that the two meet; other words as they are."""
        topics = self._taxonomy.topics
        return [f"{topics[word].zh} {topics[word].en}" if word in topics else word for word in words]


class _Near(NamedTuple):
    """A trial and how near it is."""

    trial: Trial
    similarity: float
    fit: float

    @property
    def closeness(self) -> float:
        return (self.similarity + self.fit) / 2


@dataclass(frozen=True)
class _Shelf:
    """An index with the texts that it stands for."""

    texts: list[str]
    index: VectorIndex


def _ranked(near: Sequence[_Near], expectations: Expectations, as_of: datetime) -> list[CampaignMatch]:
    expected = [expectations.of(n.trial, as_of=as_of, closeness=n.closeness) for n in near]
    scale = median(abs(lift.mean) for lift in expected)
    matches = [_match(n, lift, as_of, scale) for n, lift in zip(near, expected, strict=True)]
    return sorted(matches, key=lambda match: (-match.score, match.campaign.campaign_id, match.arm.arm_id))


def _kept(matches: Sequence[CampaignMatch], situation: Situation, k: int) -> tuple[CampaignMatch, ...]:
    """The k best, best first; those about other topics give way to those that one could act on."""
    topics = (*situation.topics, *situation.carted_topics)
    if not topics:
        return tuple(matches[:k])
    related = [place for place, match in enumerate(matches) if speaks_to(match.campaign, topics)]
    others = sorted(set(range(len(matches))) - set(related))
    return tuple(matches[place] for place in sorted([*related, *others][:k]))


def _match(near: _Near, expected: Lift, as_of: datetime, scale: float) -> CampaignMatch:
    campaign, arm, outcome = near.trial
    return CampaignMatch(
        campaign=campaign,
        arm=arm,
        similarity=near.similarity,
        fit=near.fit,
        closeness=near.closeness,
        lift=measured_lift(outcome),
        expected=expected,
        age_days=near.trial.age_days(as_of),
        cost_per_customer=outcome.cost_minor / outcome.treated_n if outcome.cost_minor else None,
        conversion=outcome.treated_conversions / outcome.treated_n,
        score=_score(near.closeness, expected.mean, scale),
    )


def _score(closeness: float, mean: float, scale: float) -> float:
    promise = mean / (abs(mean) + scale) if mean else 0.0
    return closeness * promise if promise >= 0.0 else (1.0 - closeness) * promise
