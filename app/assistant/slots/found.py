"""What a reader found in a question, and where."""

import unicodedata
from collections.abc import Iterable
from typing import NamedTuple


class Found(NamedTuple):
    """One stated value, and the part of the question that states it."""

    slot: str
    value: str | int
    start: int
    end: int


class Text(NamedTuple):
    """A question in one width with single blanks: as written, and in lower case, character by character the same."""

    written: str
    low: str


def plain(text: str) -> Text:
    """The question as readers want it."""
    written = " ".join(unicodedata.normalize("NFKC", text).split())
    low = "".join(small if len(small := sign.lower()) == 1 else sign for sign in written)
    return Text(written, low.replace("’", "'"))


def apart(found: Iterable[Found]) -> list[Found]:
    """Those that do not overlap, in order: of two that do, the one that begins first, then the longer one."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda f: (f.start, -f.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept
