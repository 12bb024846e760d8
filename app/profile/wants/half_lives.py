"""Half-lives of topics from a workspace's own events: histories -> cases -> one half-life per topic.

A moment is a local day: what was done on one day follows from the same wishes and explains nothing of that day.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from app.events.schemas import Event
from app.profile.seen import Context, Visit, look
from app.profile.wants.decay import FEWEST, HalfLife, Touch, cases, grid, per_topic, shared
from app.profile.wants.impacts import SPEAKING, impact_of

GRID: Final = grid(1.0, 512.0, per_doubling=4)
"""Days: what fades within a day is no interest, what lasts longer than a year and a half never fades."""


class Fitted(NamedTuple):
    """What the events say. `shared` is None where they say too little, and then no topic has a half-life either."""

    cases: int
    shared: HalfLife | None
    topics: Mapping[str, HalfLife]
    """Only topics that somebody could have come back to."""


def fit(histories: Iterable[tuple[tuple[Event, ...], Context]]) -> Fitted:
    """Fit on customers' events, each in canonical order."""
    numbers: dict[str, int] = {}
    found = cases((_touches(events, context, numbers) for events, context in histories), GRID)
    if len(found) < FEWEST:
        return Fitted(len(found), None, {})
    fitted, names = per_topic(found), {number: topic for topic, number in numbers.items()}
    return Fitted(len(found), shared(found), {names[key]: value for key, value in sorted(fitted.items())})


def _touches(events: Iterable[Event], context: Context, numbers: dict[str, int]) -> list[Touch]:
    """One touch for each topic of a day: its strongest act, and all that spoke against it."""
    visit = Visit()
    strongest: dict[tuple[int, str], float] = {}
    against: dict[tuple[int, str], float] = {}
    for event in events:
        seen = look(visit, event, context)
        impact = impact_of(seen, context.taxonomy) if seen.topics and event.kind in SPEAKING else 0.0
        for topic in seen.topics if impact else ():
            key = (seen.day, topic)
            if impact > 0:
                strongest[key] = max(strongest.get(key, 0.0), impact / len(seen.topics))
            else:
                against[key] = against.get(key, 0.0) + impact / len(seen.topics)
    return [
        Touch(
            float(day),
            numbers.setdefault(topic, len(numbers)),
            strongest.get((day, topic), 0.0) + against.get((day, topic), 0.0),
            chosen=(day, topic) in strongest,
        )
        for day, topic in sorted({*strongest, *against})
    ]
