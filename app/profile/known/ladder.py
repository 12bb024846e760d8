"""The ladder of authority under one attribute: who says what, highest first, and what gives way when there is no room.

A rung holds the newest word of its authority; of inferences the one before too, in case the newest is rejected.
"""

from datetime import datetime

import msgspec

from app.profile.schemas import Authority

MAX_NAMES = 64
"""Names of attributes kept of one customer."""
MAX_EVIDENCE = 4
"""Events kept behind one word, the newest."""
LADDER = {
    "0": Authority.CORRECTION,
    "1": Authority.VERIFIED,
    "2": Authority.BEHAVIOUR,
    "3": Authority.INFERENCE,
}
"""Highest first; the state names a rung by its place."""
CORRECTION, VERIFIED, BEHAVIOUR, INFERENCE = LADDER
_KEPT_INFERENCES = 2
"""Of the other rungs the newest word is kept, of inferences the one before too, in case the newest is rejected."""


class Word(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """What one authority says."""

    value: str | None
    """None: a correction that nothing is to be said."""
    source: str
    at: datetime
    evidence: tuple[str, ...]
    confidence: float | None = None
    quote: str | None = None
    days: int | None = None
    """How long an inference may be told."""


Rungs = dict[str, list[Word]]
"""Place on the ladder -> words, newest last; no rung is empty."""


def put(said: dict[str, Rungs], name: str, place: str, word: Word, *, goes_on: bool = False) -> tuple[str, ...]:
    """Put a word on its rung; one that only repeats (or goes on) what stands there keeps the older evidence too."""
    if name not in said and not _room(said, place):
        return ()
    rungs = said.setdefault(name, {})
    before, words = best(rungs), rungs.setdefault(place, [])
    for old in [w for w in words if goes_on or w.value == word.value]:
        words.remove(old)
        word = msgspec.structs.replace(word, evidence=_newest(*old.evidence, *word.evidence))
    words.append(word)
    del words[: -(_KEPT_INFERENCES if place == INFERENCE else 1)]
    return changed(name, before, best(rungs))


def _room(said: dict[str, Rungs], place: str) -> bool:
    """Make room for one more name; False when all that are there say more."""
    if len(said) < MAX_NAMES:
        return True
    weakest = min(said, key=lambda name: _strength(name, said[name]))
    if min(said[weakest]) < place:
        return False
    del said[weakest]
    return True


def _strength(name: str, rungs: Rungs) -> tuple[int, datetime, str]:
    return (-int(min(rungs)), max(words[-1].at for words in rungs.values()), name)


def best(rungs: Rungs) -> Word | None:
    """The newest word on the highest rung; None where nobody says anything."""
    return rungs[min(rungs)][-1] if rungs else None


def changed(name: str, before: Word | None, now: Word | None) -> tuple[str, ...]:
    """The name, once its value is another one than before."""
    said, says = before.value if before else None, now.value if now else None
    return (name,) if said != says else ()


def _newest(*event_ids: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(event_ids))[-MAX_EVIDENCE:]
