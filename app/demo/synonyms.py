"""The held-out vocabulary: the same lives told in other words.

Evaluations that pass `wording="B"` ask whether the product understands, not whether it recognises. Nothing outside
this folder may read wording_b.yaml or hold its phrases; tests/demo/test_held_out_words.py sees to it.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Literal

from app.demo.parameters import load_yaml

Vocabulary = Literal["A", "B"]


class Synonyms:
    """Swaps phrases for others; the longest phrase wins, and nothing is swapped twice."""

    def __init__(self, pairs: Mapping[str, str]) -> None:
        """English phrases match whole words, Chinese ones anywhere."""
        self._pairs = dict(pairs)
        longest_first = sorted(self._pairs, key=lambda phrase: (-len(phrase), phrase))
        self._pattern = re.compile("|".join(_as_pattern(phrase) for phrase in longest_first) or r"(?!)")

    def swap(self, text: str) -> str:
        """The text in the other words."""
        return self._pattern.sub(lambda match: self._pairs[match.group()], text)


@cache
def synonyms(vocabulary: Vocabulary) -> Synonyms:
    """A: the words stay as they are. B: the held-out ones."""
    return Synonyms(load_yaml("wording_b.yaml")["synonyms"] if vocabulary == "B" else {})


def _as_pattern(phrase: str) -> str:
    return rf"\b{re.escape(phrase)}\b" if phrase.isascii() else re.escape(phrase)
