"""Finding known words in a text: the longest wins, English at word borders, everything else anywhere."""

import re
from collections.abc import Mapping
from typing import Generic, TypeVar

_PIECES = re.compile(r"[a-z0-9]+|.", re.DOTALL)
"""A text in parts: runs of Latin letters and digits, every other sign by itself. A word begins where a part does."""
_ALONE: tuple[int, ...] = ()
_LATIN = re.compile(r"[a-z0-9]")

Meaning = TypeVar("Meaning")

Hit = tuple[Meaning, int, int]
"""A known word, where it begins and where it ends; a plain tuple, because a text makes many."""


class Lexicon(Generic[Meaning]):
    """Words with their meanings; a text is read from left to right in one pass."""

    def __init__(self, meanings: Mapping[str, Meaning]) -> None:
        """Words are given normalised: lower case, half width, single spaces.

        They are looked up by their first Latin run, or their first two other signs.
        """
        self._meanings = dict(meanings)
        sizes: dict[str, set[int]] = {}
        for word in self._meanings:
            piece = _PIECES.findall(word)[0]
            sizes.setdefault(piece if piece <= "z" else word[:2], set()).add(len(word))
        self._sizes = {beginning: tuple(sorted(found, reverse=True)) for beginning, found in sizes.items()}
        self._firsts = {_PIECES.findall(word)[0] for word in self._meanings}

    def hits(self, text: str) -> list[Hit[Meaning]]:
        """Known words of a normalised text that do not overlap, in order."""
        hits: list[Hit[Meaning]] = []
        sizes_of, meanings, firsts = self._sizes.get, self._meanings, self._firsts
        start = end = 0
        for piece in _PIECES.findall(text) if _LATIN.search(text) else text:
            if piece in firsts and start >= end:
                for size in sizes_of(piece if piece <= "z" else text[start : start + 2], _ALONE):
                    word = text[start : start + size]
                    if word in meanings and not _cut(text, start + len(word)):
                        end = start + len(word)
                        hits.append((meanings[word], start, end))
                        break
                else:
                    if piece in meanings:
                        end = start + len(piece)
                        hits.append((meanings[piece], start, end))
            start += len(piece)
        return hits


def _cut(text: str, end: int) -> bool:
    """Whether a Latin word that ends here goes on in the text."""
    last = text[end - 1]
    return last.isascii() and last.isalnum() and _LATIN.match(text, end) is not None
