"""Columns of what is wanted: interests and their shifts, read for many customers at once."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.profile.schemas import Interest, InterestShift
from app.profile.segments.evaluate import Column, Numbers
from app.profile.segments.plan import Wanted
from app.profile.wants import interests as interest_part
from app.profile.wants import shifts as shift_part
from app.profile.wants.interests import InterestView
from app.strategy.audiences.cells import cells_of, values_of
from app.strategy.audiences.crowd import Crowd, Row

_OF_NEWEST = ("kind", "from", "to", "since", "noticed", "confidence")
_TOGETHER = 1_000
"""Customers who are read at once."""


class _Matrices(NamedTuple):
    """[T, C] by topic and customer; 0 where there is no interest."""

    topics: dict[str, int]
    share: NDArray[np.float64]
    own_share: NDArray[np.float64]
    weight: NDArray[np.float64]


def strongest(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """The strongest interest, and what the shares stand on."""
    for place, found in _views(crowd):
        top = found.interests[0].topic if found.interests else None
        yield place, {"top_interest": top, "own_weight": found.own_weight, "taste": found.segment}


def share_of(crowd: Crowd, arguments: tuple[str, ...]) -> Column:
    """Share of one topic in present interest."""
    return _of_topic(crowd, arguments, lambda matrices: matrices.share)


def own_share_of(crowd: Crowd, arguments: tuple[str, ...]) -> Column:
    """The same from own behaviour alone."""
    return _of_topic(crowd, arguments, lambda matrices: matrices.own_share)


def weight_of(crowd: Crowd, arguments: tuple[str, ...]) -> Column:
    """Weight of own behaviour after decay."""
    return _of_topic(crowd, arguments, lambda matrices: matrices.weight)


def interests(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """Every interest of everybody."""
    for place, found in _views(crowd):
        for interest in found.interests:
            yield place, _interest(interest)


def newest_shift(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """How many shifts there are, and the one that began last."""
    owner, table = crowd.entries("shift")
    columns = {name: table.column(Wanted(name)) for name in _OF_NEWEST}
    since, noticed = (values_of(columns[name]) for name in ("since", "noticed"))
    order = np.lexsort((noticed, since, owner))
    newest = order[np.flatnonzero(np.diff(owner[order], append=crowd.size))]
    cells = {name: cells_of(column, newest) for name, column in columns.items()}
    counts = np.bincount(owner, minlength=crowd.size)
    for place in range(crowd.size):
        yield place, {"shifts": int(counts[place])}
    for n, place in enumerate(owner[newest]):
        yield int(place), {f"shift.{name}": values[n] for name, values in cells.items()}


def shifts(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """Every shift of everybody."""
    for place, found in _shifts(crowd):
        for shift in found:
            yield place, {**_shift(shift), "visits_to": shift.reason.visits_to}


def _views(crowd: Crowd) -> Iterator[tuple[int, InterestView]]:
    likeness, states = crowd.sources.likeness(), crowd.each("interests")
    while part := list(islice(states, _TOGETHER)):
        found = interest_part.view_many([held for _, (held,) in part], crowd.as_of, crowd.taxonomy, likeness)
        yield from ((place, view) for (place, _), view in zip(part, found, strict=True))


def _of_topic(crowd: Crowd, arguments: tuple[str, ...], part: Callable[[_Matrices], NDArray[np.float64]]) -> Numbers:
    matrices = crowd.once(_matrices, lambda: _matrices(crowd))
    return Numbers(part(matrices)[matrices.topics[arguments[0]]])


def _matrices(crowd: Crowd) -> _Matrices:
    topics = {topic: number for number, topic in enumerate(crowd.taxonomy.topics)}
    found = _Matrices(topics, *(np.zeros((len(topics), crowd.size)) for _ in range(3)))
    for place, view in _views(crowd):
        for interest in view.interests:
            if (topic := topics.get(interest.topic)) is not None:
                found.share[topic, place] = interest.share
                found.own_share[topic, place] = interest.own_share
                found.weight[topic, place] = interest.weight
    return found


def _interest(interest: Interest) -> Row:
    return {
        "topic": interest.topic,
        "share": interest.share,
        "own_share": interest.own_share,
        "weight": interest.weight,
        "last_event": interest.last_event_at,
    }


def _shifts(crowd: Crowd) -> Iterator[tuple[int, tuple[InterestShift, ...]]]:
    """What had been noticed by the moment; a change that shows only later is not told."""
    likeness, states = crowd.sources.likeness(), crowd.each("shifts", "interests")
    while part := list(islice(states, _TOGETHER)):
        found = shift_part.view_many([pair for _, pair in part], crowd.as_of, crowd.taxonomy, likeness)
        for (place, _), told in zip(part, found, strict=True):
            yield place, tuple(shift for shift in told if shift.noticed_at <= crowd.as_of)


def _shift(shift: InterestShift) -> Row:
    return {
        "kind": shift.kind,
        "from": shift.from_topic,
        "to": shift.to_topic,
        "since": shift.since,
        "noticed": shift.noticed_at,
        "confidence": shift.confidence,
    }
