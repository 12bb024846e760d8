"""Interests with exponential decay, kept lazily: one number and one time per topic.

The weight of a topic at time t is  w(t) = sum_i impact_i * 2^(-(t - t_i) / h),  h the topic's half-life in days.
It is enough to keep w at the time of the last touch: decay composes, 2^(-(a+b)/h) = 2^(-a/h) * 2^(-b/h).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import log2
from typing import Final, NamedTuple, Protocol

import msgspec

from app.events.schemas import EventKind
from app.profile.memory.touches import Key, packed, unpacked
from app.profile.schemas import Interest
from app.profile.seen import Context, Seen
from app.profile.wants.impacts import REPEAT, SPEAKING, impact_of
from app.profile.wants.likeness import Likeness
from app.profile.wants.wanted import Wanted, courses_of, wanted, wanted_now
from app.profile.wants.wishes import Wishes, keys_by_code, wish
from app.text.taxonomy import Taxonomy

FORGOTTEN_AFTER: Final = timedelta(days=14)
"""How long a weight stays below the threshold before the interest is forgotten."""
ESTABLISHED: Final = 5.0
"""How many times the threshold a weight must have reached for its end to be told."""
LEAST_SHARE: Final = 0.03
"""Topics that only the segment speaks for are named from this share on."""
_DAY: Final = 86_400.0
_KEYS: Final = 3
_SHOWN: Final = 8
_ENDED: Final = 4


class Decayed(msgspec.Struct, array_like=True, gc=False):
    """A weight as it stood at a moment."""

    weight: float
    at: datetime

    def at_time(self, moment: datetime, half_life_days: float) -> float:
        """The weight at a later moment."""
        faded: float = self.weight * 2.0 ** (-(moment - self.at).total_seconds() / _DAY / half_life_days)
        return faded

    def sinks_below(self, threshold: float, half_life_days: float) -> datetime:
        """The moment from which the weight is below the threshold if nothing more happens."""
        over = log2(self.weight / threshold) if self.weight > threshold else 0.0
        return self.at + timedelta(days=half_life_days * over)


class Held(Decayed, array_like=True, gc=False):
    """One topic as the state holds it."""

    code: int = 0
    """Its place in the order in which the customer first touched topics."""
    visit: int = 0
    """The visit that touched it last ..."""
    counted: float = 0.0
    """... and the strongest impact that it counted."""
    peak: float = 0.0
    """The highest weight since it last rose from being forgotten."""
    key: Key = b""
    """Packed id of the newest event that raised it."""
    touched: datetime | None = None
    """When the customer last did something about it; `at` moves on without them where something is ignored."""


class Faded(msgspec.Struct, array_like=True, gc=False):
    """An interest that had been forgotten when it came back."""

    topic: str
    since: datetime
    key: Key


class Interests(msgspec.Struct, array_like=True, gc=False):
    """What the fold keeps of interests; as many topics as the taxonomy has."""

    topics: dict[str, Held] = msgspec.field(default_factory=dict)
    wishes: Wishes = msgspec.field(default_factory=Wishes)
    shown: list[tuple[str, str, int]] = msgspec.field(default_factory=list)
    """Items shown and not yet looked at: item, topic, visit."""
    faded: list[Faded] = msgspec.field(default_factory=list)


class InterestView(NamedTuple):
    """Interests as they stand."""

    interests: tuple[Interest, ...]
    own_weight: float
    """How much of the shares stands on own behaviour."""
    segment: str | None


class HalfLives(Protocol):
    """Knows how fast each key fades; the taxonomy does for topics."""

    def half_life_days(self, topic: str, /) -> float:
        """Days in which a weight halves."""


def touch(
    weights: dict[str, Decayed], keys: tuple[str, ...], impact: float, at: datetime, half_lives: HalfLives
) -> None:
    """Add one event to its keys, in place. Several keys share the impact; a weight never falls below zero."""
    for key in keys:
        old = weights.get(key)
        faded = old.at_time(at, half_lives.half_life_days(key)) if old else 0.0
        weights[key] = Decayed(max(faded + impact / len(keys), 0.0), at)


def note(interests: Interests, seen: Seen, context: Context) -> bool:
    """Take in one event, in place; True when it is a wish: the first touch of a topic within a visit."""
    if seen.fresh and interests.shown:
        _ignored(interests, seen, context)
    topics = seen.topics
    if not topics:
        return False
    if seen.kind in SPEAKING:
        known = interests.wishes.total
        impact = impact_of(seen, context.taxonomy)
        if impact:
            for topic in topics:
                _add(interests, topic, impact / len(topics), seen, context.taxonomy)
        if interests.shown and seen.kind == EventKind.VIEW:
            _followed(interests, seen)
        return interests.wishes.total != known
    if seen.kind == EventKind.IMPRESSION:
        _show(interests, seen)
    return False


def _add(interests: Interests, topic: str, impact: float, seen: Seen, taxonomy: Taxonomy) -> None:
    """Let the weight fade to now and add what the act says beside the others of its visit."""
    at, visit = seen.at, seen.visit
    held = interests.topics.get(topic)
    if held is None:
        held = interests.topics[topic] = Held(0.0, at, code=len(interests.topics))
    elif held.at != at:
        _fade(interests, topic, held, at, taxonomy)
    if visit and impact > 0.0:
        impact = _beside(interests, topic, held, impact, seen)
    weight = held.weight + impact
    held.weight = weight if weight > 0.0 else 0.0
    if weight > held.peak:
        held.peak = weight
    held.touched = at


def _beside(interests: Interests, topic: str, held: Held, impact: float, seen: Seen) -> float:
    """What an act adds beside the strongest of its visit on the topic; the first one is a wish for a main topic."""
    if held.visit != seen.visit:
        held.visit, held.counted, held.key = seen.visit, impact, packed(seen.event.event_id)
        if not seen.invited and topic == seen.topics[0]:
            wish(interests.wishes, held.code, seen.at, seen.visit, held.key)
        return impact
    if impact <= held.counted:
        return REPEAT * impact
    told, held.counted = held.counted, impact
    held.key = packed(seen.event.event_id)
    return impact - (1.0 - REPEAT) * told


def _fade(interests: Interests, topic: str, held: Held, at: datetime, taxonomy: Taxonomy) -> None:
    """Bring a weight to a later moment; what had been forgotten by then is written down and begins anew."""
    half_life = taxonomy.half_life_days(topic)
    if at - held.at >= FORGOTTEN_AFTER:
        since = forgotten(held, at, half_life, taxonomy.forget_below)
        if since is not None:
            interests.faded = [*interests.faded, Faded(topic, since, held.key)][-_ENDED:]
            held.peak = 0.0
    held.weight, held.at = held.at_time(at, half_life), at


def forgotten(held: Held, at: datetime, half_life: float, threshold: float) -> datetime | None:
    """Since when the weight is below the threshold, once that has lasted; None for what never was an interest."""
    if held.peak < ESTABLISHED * threshold or at - held.at < FORGOTTEN_AFTER:
        return None
    since = held.sinks_below(threshold, half_life)
    return since if at - since >= FORGOTTEN_AFTER else None


def _show(interests: Interests, seen: Seen) -> None:
    """Wait whether what was shown will be looked at."""
    item = seen.event.item_id
    if item and seen.visit and all(item != shown for shown, _, _ in interests.shown):
        interests.shown = [*interests.shown, (item, seen.topics[0], seen.visit)][-_SHOWN:]


def _followed(interests: Interests, seen: Seen) -> None:
    interests.shown = [row for row in interests.shown if row[0] != seen.event.item_id]


def _ignored(interests: Interests, seen: Seen, context: Context) -> None:
    """What was shown and not looked at, neither in that visit nor in the next, speaks a little against its topic."""
    over = [row for row in interests.shown if row[2] + 1 < seen.visit]
    if not over:
        return
    interests.shown = [row for row in interests.shown if row[2] + 1 >= seen.visit]
    for _, topic, _ in over:
        held = interests.topics.get(topic)
        if held is not None:
            _fade(interests, topic, held, seen.event.occurred_at, context.taxonomy)
            held.weight = max(held.weight + context.taxonomy.impact("ignored"), 0.0)


def view(interests: Interests, as_of: datetime, taxonomy: Taxonomy, likeness: Likeness | None) -> InterestView:
    """The interests that are alive at `as_of`, strongest share first; forgotten ones are left out."""
    found = wanted(tuple(interests.topics), interests.wishes.rows, likeness, as_of) if likeness is not None else None
    return _view(interests, as_of, taxonomy, found)


def view_many(
    of: Sequence[Interests], as_of: datetime, taxonomy: Taxonomy, likeness: Likeness | None
) -> list[InterestView]:
    """The same of many customers, in their order; they are read in the light of others all at once."""
    if likeness is None:
        return [_view(interests, as_of, taxonomy, None) for interests in of]
    courses = courses_of([(tuple(interests.topics), interests.wishes.rows) for interests in of], likeness)
    return [
        _view(interests, as_of, taxonomy, wanted_now(course, likeness, as_of))
        for interests, course in zip(of, courses, strict=True)
    ]


def _view(interests: Interests, as_of: datetime, taxonomy: Taxonomy, found: Wanted | None) -> InterestView:
    weights = dict(_alive(interests, as_of, taxonomy))
    total = sum(weights.values())
    shares = {topic: weight / total for topic, weight in weights.items()} if total else {}
    own_weight, segment = 1.0, None
    if found is not None:
        shares = {t: s for t, s in found.shares.items() if t in weights or _suggested(interests, t, s)}
        own_weight, segment = found.own_weight, found.segment
    whole, keys = sum(shares.values()), keys_by_code(interests.wishes)
    ranked = sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))
    return InterestView(
        tuple([_interest(interests, keys, t, share / whole, weights.get(t, 0.0), total) for t, share in ranked]),
        own_weight,
        segment,
    )


def _alive(interests: Interests, as_of: datetime, taxonomy: Taxonomy) -> Iterator[tuple[str, float]]:
    """Topics with their weight until it has been below the threshold for some time.

    What never rose above it is no interest at all.
    """
    threshold = taxonomy.forget_below
    for topic, held in interests.topics.items():
        if held.weight <= 0.0:
            continue
        half_life = taxonomy.half_life_days(topic)
        weight = held.at_time(as_of, half_life)
        if weight >= threshold or as_of - held.sinks_below(threshold, half_life) < FORGOTTEN_AFTER:
            yield topic, weight


def _suggested(interests: Interests, topic: str, share: float) -> bool:
    """Whether the segment speaks for a topic that the customer never touched: what they forgot is not brought back."""
    return topic not in interests.topics and share >= LEAST_SHARE


def _interest(
    interests: Interests, keys: Mapping[int, Sequence[Key]], topic: str, share: float, weight: float, total: float
) -> Interest:
    held = interests.topics.get(topic)
    return Interest.unchecked(
        topic=topic,
        weight=weight,
        share=share,
        own_share=weight / total if total else 0.0,
        last_event_at=held.touched if held else None,
        evidence=_evidence(keys.get(held.code, ()), held.key) if held else (),
    )


def _evidence(keys: Sequence[Key], newest: Key) -> tuple[str, ...]:
    """The newest events that raised it, one per visit, newest last."""
    found = dict.fromkeys((*keys, newest) if newest else keys)
    return tuple(map(unpacked, [*found][-_KEYS:]))
