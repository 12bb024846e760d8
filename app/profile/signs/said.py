"""What a customer said that stands as a sign by itself: a complaint, a consent taken back."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from app.events.schemas import EventKind
from app.privacy.consent import EVERY
from app.profile.schemas import Signal, SignalName
from app.profile.seen import Seen
from app.text.features import Complaint

STANDS = timedelta(days=60)
"""A word stands for two months."""
KEPT = 4
"""Newest words of a kind that are kept."""
WEIGHT = 2.0
"""A single word weighs like two standard errors; n words like sqrt(n) of them."""

_MOST_GRANTS = 16


class Word(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing said: the event, when, and about what."""

    event_id: str
    at: datetime
    about: str


class Said(msgspec.Struct, array_like=True, gc=False):
    """The newest words, oldest first."""

    complaints: list[Word] = msgspec.field(default_factory=list)
    withdrawals: list[Word] = msgspec.field(default_factory=list)
    granted: list[str] = msgspec.field(default_factory=list)
    """Channels on which marketing was allowed and not refused since."""


def note(said: Said, seen: Seen) -> None:
    """Take in one event, in place."""
    event = seen.event
    if event.kind == EventKind.CONSENT:
        _note_consent(said, seen)
    elif seen.text is not None and seen.text.complaint is not None and not _of_one_product(seen):
        _keep(said.complaints, Word(event.event_id, event.occurred_at, seen.text.complaint.value))


def view(said: Said, as_of: datetime) -> list[Signal]:
    """The words that stand at `as_of`."""
    spoken = _signal(SignalName.DISSATISFACTION, said.complaints, as_of)
    withdrawn = _signal(SignalName.CONSENT_WITHDRAWN, said.withdrawals, as_of)
    return [signal for signal in (spoken, withdrawn) if signal is not None]


def _of_one_product(seen: Seen) -> bool:
    """Whether it says no more than that one thing was bad, which reviews and their ratings tell already."""
    about = None if seen.text is None else seen.text.complaint
    return seen.event.kind == EventKind.REVIEW and about in (Complaint.QUALITY, Complaint.OTHER)


def _note_consent(said: Said, seen: Seen) -> None:
    """A refusal is a sign only where marketing had been allowed, and until it is allowed again."""
    properties = seen.event.properties
    if str(properties.get("purpose", "marketing")).strip().lower() != "marketing":
        return
    channel = str(properties.get("channel", EVERY)).strip().lower()
    if properties.get("granted") is True:
        said.withdrawals = [word for word in said.withdrawals if word.about != channel]
        said.granted = [*(one for one in said.granted if one != channel), channel][-_MOST_GRANTS:]
    elif channel in said.granted or (channel == EVERY and said.granted):
        said.granted = [one for one in said.granted if channel not in (EVERY, one)]
        _keep(said.withdrawals, Word(seen.event.event_id, seen.event.occurred_at, channel))


def _keep(words: list[Word], word: Word) -> None:
    words.append(word)
    del words[:-KEPT]


def _signal(name: SignalName, words: Sequence[Word], as_of: datetime) -> Signal | None:
    """The words of the run that still stands: none of them came later than STANDS after the one before."""
    run: list[Word] = []
    before = as_of
    for word in reversed(words):
        if before - word.at > STANDS:
            break
        run.insert(0, word)
        before = word.at
    if not run:
        return None
    recent = [word for word in run if as_of - word.at <= STANDS]
    return Signal(
        name=name,
        direction="up",
        now=float(len(recent)),
        usual=None,
        unit="count",
        size=WEIGHT * len(recent) ** 0.5,
        n_now=len(recent),
        n_usual=0,
        since=recent[0].at,
        raised_at=run[0].at,
        detail=recent[-1].about,
        evidence=tuple(word.event_id for word in recent),
    )
