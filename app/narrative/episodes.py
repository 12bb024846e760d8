"""Which episodes and stories are told, best first: what says most, what is new, what shows a change."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from app.llm.tokens import tokens
from app.narrative.chronicle import STILL_S, Chronicle, Told
from app.narrative.schemas import Claim, Predicate
from app.profile.memory.arcs import Arc
from app.profile.memory.episodes import Episode
from app.profile.memory.touches import Key, packed
from app.profile.memory.visits import Remembered

_CHANGE: Final = 3000
"""What an episode gains that a change stands on, in thousandths of log2: it counts eight times."""
_NEWEST: Final = (1500, 2500)
"""What the two newest gain, the newest last: who was here last is always worth telling."""
_STORIES: Final = 2
"""Stories that are told at most."""
_STORY: Final = 1000
"""What a story gains over the best episode of its time."""
_STORY_VISITS: Final = 3
"""Visits with one item that make a story; two will do when it was put in the cart in both."""
_STORY_FRESH_S: Final = 120 * 86_400
"""After so long a story that led to nothing is not told any more."""
_SURPLUS: Final = 30
"""Tokens that time words, frame and marker add to what an episode tells, at most."""
_LEAST: Final = 60
"""Tokens below which nothing more is tried."""
_MISSES: Final = 2
"""Episodes too long for what is left after which nothing more is tried."""

Story = tuple[str, Arc]
"""An item, and how visits came back to it."""


class Candidate(NamedTuple):
    """Something that can be told, with how much it says."""

    worth: float
    start: int
    subject: Episode | Story


def chosen(
    remembered: Remembered, claims: Sequence[Claim], chronicle: Chronicle, *, now: int, budget: int
) -> list[Told]:
    """What is told, best first, as much of it as fits; bounded by what is remembered."""
    told: list[Told] = []
    misses = 0
    for candidate in ranked(remembered, claims, now):
        if budget < _LEAST or misses == _MISSES:
            break
        found = _told(candidate.subject, chronicle)
        if found is None:
            continue
        cost = tokens(" ".join(found.slots.values())) + _SURPLUS
        if cost <= budget:
            budget -= cost
            told.append(found)
        else:
            misses += 1
    return told


def ranked(remembered: Remembered, claims: Sequence[Claim], now: int) -> list[Candidate]:
    """Everything that can be told, best first."""
    stories = [story for story in remembered.arcs if _worth_telling(story[1], now)]
    stories = sorted(stories, key=lambda story: (-story[1].carted, -story[1].visits, -story[1].last))[:_STORIES]
    found = [Candidate(_story_worth(remembered, arc), arc.last, (item, arc)) for item, arc in stories]
    changed = frozenset(_behind_changes(claims))
    newest = dict(zip(range(len(remembered.episodes))[-2:], _NEWEST[-len(remembered.episodes) :], strict=False))
    for place, episode in enumerate(remembered.episodes):
        if not _in_a_story(episode, stories):
            shows_change = bool(changed) and not changed.isdisjoint(keys_of(episode))
            worth = episode.weight + _CHANGE * shows_change + newest.get(place, 0)
            found.append(Candidate(worth, episode.start, episode))
    return sorted(found, key=lambda candidate: (-candidate.worth, -candidate.start))


def keys_of(episode: Episode) -> list[Key]:
    """All events that are remembered of an episode, packed."""
    return [*(touch.key for touch in episode.items), *(said.key for said in episode.texts), *episode.keys]


def _told(subject: Episode | Story, chronicle: Chronicle) -> Told | None:
    return chronicle.episode(subject) if isinstance(subject, Episode) else chronicle.arc(*subject)


def _worth_telling(arc: Arc, now: int) -> bool:
    if arc.bought or now - arc.last <= STILL_S:
        return arc.visits >= _STORY_VISITS or arc.carted > 1
    return arc.carted > 1 and now - arc.last <= _STORY_FRESH_S


def _story_worth(remembered: Remembered, arc: Arc) -> float:
    return max((e.weight for e in remembered.episodes if e.start <= arc.last), default=0) + _STORY


def _in_a_story(episode: Episode, stories: Sequence[Story]) -> bool:
    """Whether a visit held nothing but what a story tells."""
    if len(episode.items) != 1 or episode.orders or not episode.visit:
        return False
    only = episode.items[0].item
    return any(item == only and arc.first_visit <= episode.visit <= arc.visit for item, arc in stories)


def _behind_changes(claims: Sequence[Claim]) -> Iterator[Key]:
    for claim in claims:
        if claim.predicate in _CHANGES:
            yield from map(packed, claim.evidence)


_CHANGES: Final = frozenset({Predicate.INTEREST_SHIFT, Predicate.SIGNAL})
