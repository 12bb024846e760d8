"""How interests rose and faded: weights of a customer's topics over time, for drawing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.events.schemas import Event
from app.profile.seen import Context, Visit, look
from app.profile.wants.interests import Interests, note, view


def curves(
    events: Sequence[Event], context: Context, *, as_of: datetime, step: timedelta, top: int
) -> dict[str, tuple[tuple[datetime, float], ...]]:
    """Topic -> (time, weight) at every `step` back from `as_of`, for the topics that ever weighed most.

    `events` in canonical order. One pass: each event is folded once and each sample reads the decayed weights.
    """
    if not events:
        return {}
    samples = _samples(events[0].occurred_at, as_of, step)
    interests, visit = Interests(), Visit()
    points: dict[str, list[tuple[datetime, float]]] = {}
    rest = iter([*events, None])
    event = next(rest)
    for moment in samples:
        while event is not None and event.occurred_at <= moment:
            note(interests, look(visit, event, context), context)
            event = next(rest)
        for interest in view(interests, moment, context.taxonomy, None).interests:
            points.setdefault(interest.topic, []).append((moment, interest.weight))
    best = sorted(points, key=lambda topic: (-max(w for _, w in points[topic]), topic))[:top]
    return {topic: _filled(points[topic], samples) for topic in best}


def _samples(first: datetime, as_of: datetime, step: timedelta) -> list[datetime]:
    count = int((as_of - first) / step) + 1
    return [as_of - step * k for k in range(count, -1, -1)]


def _filled(points: list[tuple[datetime, float]], samples: list[datetime]) -> tuple[tuple[datetime, float], ...]:
    known = dict(points)
    return tuple((moment, known.get(moment, 0.0)) for moment in samples)
