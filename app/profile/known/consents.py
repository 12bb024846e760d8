"""What a customer allows, from what each of their identifiers said, and when those became one customer.

Every identifier's latest word is kept apart, so that a merge can be undone. The words of a customer are then weighed:

- a refusal stands until a grant that could know of it: a later one by the same identifier, or by another one after
  the two had been joined. So after a merge the most restrictive word wins, whichever was said last;
- what was refused for the whole when a customer was unmerged stays refused for every part (a hold), until that
  person grants anew.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec

from app.events.schemas import Event
from app.identity.schemas import Bonds
from app.privacy.consent import EVERY
from app.profile.schemas import ConsentState


class Word(msgspec.Struct, frozen=True, array_like=True):
    """The latest word of one identifier on one purpose and channel."""

    granted: bool
    event_id: str
    at: datetime


Words = dict[str, dict[str, Word]]
"""`purpose/channel` -> identifier key -> its latest word."""


class _Said(NamedTuple):
    by: str
    purpose: str
    channel: str
    word: Word


def note(words: Words, event: Event) -> None:
    """Take in one consent event; events come in canonical order, and of two words at one moment the refusal counts."""
    word = Word(event.properties.get("granted") is True, event.event_id, event.occurred_at)
    by_whom = words.setdefault(f"{_name(event, 'purpose', 'marketing')}/{_name(event, 'channel', EVERY)}", {})
    before = by_whom.get(event.subject)
    if before is None or before.at != word.at or before.granted:
        by_whom[event.subject] = word


def _name(event: Event, field: str, default: str) -> str:
    return str(event.properties.get(field, default)).strip().lower().replace("/", "_")


def effective(words: Words, bonds: Bonds) -> tuple[ConsentState, ...]:
    """What holds for the customer as a whole, per purpose and channel: the one reading that everybody acts on."""
    said = [*_said(words), *_held(bonds)]
    named = sorted({(s.purpose, s.channel) for s in said})
    if len({s.by for s in said}) > 1:  # a refusal of one and a grant of another may meet where neither named both
        purposes, channels = {p for p, _ in named} | {EVERY}, {c for _, c in named} | {EVERY}
        named = sorted((p, c) for p in purposes for c in channels)
    states = (_weighed(purpose, channel, said, bonds.joined_at) for purpose, channel in named)
    return tuple(state for state in states if state is not None)


def speakers(words: Words) -> set[str]:
    """The identifiers that said anything."""
    return {key for by_whom in words.values() for key in by_whom}


def refused(states: Iterable[ConsentState]) -> list[tuple[str, str]]:
    """(purpose, channel) of all that is refused."""
    return [(state.purpose, state.channel) for state in states if not state.granted]


def _said(words: Words) -> Iterable[_Said]:
    for scope, by_whom in sorted(words.items()):
        purpose, _, channel = scope.partition("/")
        yield from (_Said(key, purpose, channel, word) for key, word in sorted(by_whom.items()))


def _held(bonds: Bonds) -> Iterable[_Said]:
    return (_Said(h.key, h.purpose, h.channel, Word(False, h.event_id, h.at)) for h in bonds.holds)


JoinedAt = Callable[[str, str], datetime | None]


def _weighed(purpose: str, channel: str, said: list[_Said], joined_at: JoinedAt) -> ConsentState | None:
    """The word that counts in one scope; None where nobody spoke of just this and no refusal has to be carried over."""
    about = [s for s in said if s.purpose in (purpose, EVERY) and s.channel in (channel, EVERY)]
    exact = [s for s in about if (s.purpose, s.channel) == (purpose, channel)]
    grants = [s for s in about if s.word.granted]
    standing = [s for s in about if not s.word.granted and not any(_knows(g, s, joined_at) for g in grants)]
    ignorant = [g.word.at for g in grants if any(g.word.at > s.word.at for s in standing)]
    if standing and (ignorant or any(s in exact for s in standing)):
        last = max(standing, key=lambda s: (s.word.at, s.word.event_id))
        at = max([last.word.at, *ignorant])
        return _state(purpose, channel, last.word, at)
    if not exact:
        return None
    counted = max(exact, key=lambda s: (s.word.at, not s.word.granted, s.word.event_id)).word
    return _state(purpose, channel, counted, counted.at)


def _knows(grant: _Said, refusal: _Said, joined_at: JoinedAt) -> bool:
    """Whether a grant could know of a refusal, so that it takes it back."""
    if grant.word.at <= refusal.word.at:
        return False
    if grant.by == refusal.by:
        return True
    joined = joined_at(grant.by, refusal.by)
    return joined is not None and joined <= grant.word.at


def _state(purpose: str, channel: str, word: Word, at: datetime) -> ConsentState:
    return ConsentState(purpose=purpose, channel=channel, granted=word.granted, event_id=word.event_id, at=at)
