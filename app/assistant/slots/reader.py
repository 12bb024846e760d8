"""Everything that a question states, with its places: surer readers first, later ones read what is left."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.assistant.slots import references
from app.assistant.slots.amounts import amounts
from app.assistant.slots.found import Found, Text, plain
from app.assistant.slots.times import Times
from app.assistant.slots.words import SlotWords
from app.text.normalise import normalise

_TAKEN = "\x00"


class Asked(NamedTuple):
    """What a question is read against."""

    as_of: datetime
    zone: ZoneInfo
    segments: Sequence[str] = ()
    """Names of saved segments."""
    campaigns: Sequence[str] = ()
    """Ids and titles of campaigns and proposals."""
    minor_per_unit: int = 100


class Read(NamedTuple):
    """A question with all that was found in it, in order of place."""

    text: Text
    found: tuple[Found, ...]


def read(question: str, words: SlotWords, asked: Asked) -> Read:
    """All stated values; none overlaps another."""
    text = plain(question)
    left, found = text, list[Found]()
    readers = (
        lambda t: _known(t, "segment", asked.segments),
        lambda t: _known(t, references.CAMPAIGN, asked.campaigns),
        lambda t: _names(t, words),
        references.ids,
        Times(asked.as_of, asked.zone).read,
        lambda t: amounts(t, asked.minor_per_unit),
        references.bare_numbers,
        references.people,
        words.read,
        references.titles,
        references.proper_names,
    )
    for reader in readers:
        here = reader(left)
        found += here
        left = _without(left, here)
    return Read(text, tuple(sorted(found, key=lambda f: f.start)))


def _known(text: Text, slot: str, names: Sequence[str]) -> list[Found]:
    """Names of the workspace's own things, longest first; of a title its part before the colon will do."""
    found: list[Found] = []
    for name in sorted(names, key=len, reverse=True):
        for said in (normalise(name), normalise(name).partition(":")[0]):
            at = text.low.find(said) if len(said) > 2 else -1
            if at >= 0 and all(at >= f.end or at + len(said) <= f.start for f in found):
                found.append(Found(slot, name, at, at + len(said)))
                break
    return found


def _names(text: Text, words: SlotWords) -> list[Found]:
    """Quoted names; a quoted word of the lists is that word."""
    return [f for f in references.quotes(text) if not _is_word(str(f.value), words)]


def _is_word(quoted: str, words: SlotWords) -> bool:
    inside = plain(quoted)
    known = sum(f.end - f.start for f in words.read(inside))
    return known >= 0.8 * len(inside.low)


def _without(text: Text, found: Sequence[Found]) -> Text:
    """The text with what was found made unreadable, at the same places."""
    written, low = text
    for one in found:
        gap = _TAKEN * (one.end - one.start)
        written = written[: one.start] + gap + written[one.end :]
        low = low[: one.start] + gap + low[one.end :]
    return Text(written, low)
