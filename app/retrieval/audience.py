"""How well campaigns were meant for a situation, for all arms at once: conditions laid out in columns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from app.profile.schemas import lifecycle_of
from app.retrieval.schemas import Audience, Campaign, Objective
from app.retrieval.situation import Situation, applies

TOPICS, LIFECYCLE, OBJECTIVE, REFINEMENT = 0.5, 0.3, 0.2, 0.1
"""Weights of what is compared; a refinement (stage, price band) counts where the audience names one."""

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Columns = Mapping[str, Flags]
"""Value -> the rows that name it."""


class Audiences:
    """The audiences and objectives of arms, one row an arm."""

    def __init__(self, campaigns: Sequence[Campaign]) -> None:
        """The campaign of each arm, in the order of the rows."""
        audiences = [campaign.audience for campaign in campaigns]
        self._n = len(audiences)
        objectives = np.array([campaign.objective for campaign in campaigns])
        self._objectives: dict[Objective, Flags] = {name: objectives == name for name in get_args(Objective)}
        self._topics = _columns(audience.topics for audience in audiences)
        self._lifecycles = _columns(map(_lifecycles, audiences))
        self._stages = _columns(audience.stages for audience in audiences)
        self._bands = _columns(audience.price_bands for audience in audiences)
        self.about = _any(self._topics, self._n)
        """Arms that were meant for those who want certain topics."""
        self.restricted = self.about | _any(self._lifecycles, self._n) | _any(self._stages, self._n)
        """Arms that were not sent to anybody: what they did was done to a certain kind of people."""
        self.restricted |= _any(self._bands, self._n)

    def open_to(self, situation: Situation) -> Flags:
        """Arms that make sense at all, see `applies`."""
        open_ = np.zeros(self._n, dtype=np.bool_)
        for objective, rows in self._objectives.items():
            if applies(objective, situation):
                open_ |= rows
        return open_

    def speaking_to(self, topics: Iterable[str]) -> Flags:
        """Arms about one of these topics, or about none in particular."""
        speaks = ~self.about
        for topic in topics:
            if topic in self._topics:
                speaks |= self._topics[topic]
        return speaks

    def fit(self, situation: Situation, topics: Sequence[str]) -> Floats:
        """How well audience and objective meet the situation and the wanted topics, strongest first; 0 to 1.

        Mean over what the situation tells, weighted: the best topic (1 for the strongest, 1/2 for the second, and so
        on), life cycle and objective (1 or 0); an audience that does not restrict one of the first two meets it by
        half. A cart reminder that applies serves, whatever else is wished. One half when the situation tells nothing.
        """
        value, weight = np.zeros(self._n), np.zeros(self._n)
        for part, counts in self._parts(situation, topics):
            value += part * counts
            weight += counts
        return np.where(weight > 0.0, value / np.maximum(weight, REFINEMENT), 0.5)

    def _parts(self, situation: Situation, topics: Sequence[str]) -> Iterator[tuple[Floats, Floats]]:
        everywhere = np.ones(self._n)
        if topics:
            yield np.where(self.about, self._best_topic(topics), 0.5), TOPICS * everywhere
        if situation.lifecycle is not None:
            yield _met(self._lifecycles, situation.lifecycle, self._n), LIFECYCLE * everywhere
        if situation.objective is not None:
            served = self._objectives[situation.objective] | self._objectives["reactivate_cart"]
            yield served.astype(np.float64), OBJECTIVE * everywhere
        for columns, wanted in ((self._stages, situation.stage), (self._bands, situation.price_band)):
            if wanted is not None and columns:
                yield _met(columns, wanted, self._n), np.where(_any(columns, self._n), REFINEMENT, 0.0)

    def _best_topic(self, topics: Sequence[str]) -> Floats:
        best = np.zeros(self._n)
        for rank, topic in enumerate(topics, start=1):
            if topic in self._topics:
                best = np.maximum(best, self._topics[topic] / rank)
        return best


def _lifecycles(audience: Audience) -> set[str]:
    return {lifecycle_of(rfm_class) for rfm_class in audience.rfm_classes}


def _columns(rows: Iterable[Iterable[str]]) -> Columns:
    named = [frozenset(row) for row in rows]
    values = sorted(frozenset().union(*named)) if named else []
    return {value: np.array([value in row for row in named]) for value in values}


def _any(columns: Columns, n: int) -> Flags:
    named = np.zeros(n, dtype=np.bool_)
    for rows in columns.values():
        named |= rows
    return named


def _met(columns: Columns, wanted: str, n: int) -> Floats:
    """1 where the value is named, 0 where only others are, and one half where none is."""
    named = columns.get(wanted, np.zeros(n, dtype=np.bool_))
    return np.where(_any(columns, n), named.astype(np.float64), 0.5)
