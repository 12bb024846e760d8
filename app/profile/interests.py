"""Interests with exponential decay, kept lazily: one number and one time per topic.

The weight of a topic at time t is  w(t) = sum_i impact_i * 2^(-(t - t_i) / h),  h the topic's half-life in days.
It is enough to keep w at the time of the last touch: decay composes, 2^(-(a+b)/h) = 2^(-a/h) * 2^(-b/h).
"""

from datetime import datetime

import msgspec

from app.profile.schemas import Interest
from app.text.taxonomy import Taxonomy

_DAY = 86_400.0


class Decayed(msgspec.Struct, array_like=True, gc=False):
    """A weight as it stood at a moment."""

    weight: float
    at: datetime

    def at_time(self, moment: datetime, half_life_days: float) -> float:
        """The weight at a later moment."""
        return float(self.weight * 2.0 ** (-(moment - self.at).total_seconds() / _DAY / half_life_days))


def touch(
    interests: dict[str, Decayed], topics: tuple[str, ...], impact: float, at: datetime, taxonomy: Taxonomy
) -> None:
    """Add one event to its topics, in place. Several topics share the impact; a weight never falls below zero."""
    for topic in topics:
        old = interests.get(topic)
        faded = old.at_time(at, taxonomy.half_life_days(topic)) if old else 0.0
        interests[topic] = Decayed(max(faded + impact / len(topics), 0.0), at)


def view(interests: dict[str, Decayed], as_of: datetime, taxonomy: Taxonomy) -> tuple[Interest, ...]:
    """The interests that are alive at `as_of`, strongest first; forgotten ones are left out."""
    weights = {t: d.at_time(as_of, taxonomy.half_life_days(t)) for t, d in interests.items()}
    alive = {t: w for t, w in weights.items() if w >= taxonomy.forget_below}
    total = sum(alive.values())
    return tuple(
        Interest(topic=t, weight=w, share=w / total, last_event_at=interests[t].at)
        for t, w in sorted(alive.items(), key=lambda pair: (-pair[1], pair[0]))
    )
