"""What the classifier sees of a question: its words with slots in place of values, and its meaning as a vector.

A value that a reader found is replaced by the name of its slot: "how many like pets" and "how many like tea" are one
question to the classifier.
"""

import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.assistant.concepts import Concepts
from app.assistant.patterns import Refusals
from app.assistant.politeness import polite_off
from app.assistant.slots.reader import Read
from app.text.embedder import Embedder

SLOTS = 1 << 14
"""Places that words are hashed into."""
WORDS, KINDS, MEANING = 4.0, 3.0, 0.5
"""Lengths of the three parts of what is seen: words, kinds of words, the vector."""
_TOKENS = re.compile(r"<[a-z_]+>|[a-z]+(?:'[a-z]+)*|[\u3400-\u9fff]|\d+|[?]")
_ENDS = ("ing", "ed", "es", "s", "ly")
_NAMES = frozenset(("campaign", "quoted", "segment"))
"""What somebody called something says nothing about what is asked: "Garden Spring Push" is no push."""

Floats = NDArray[np.float32]


class Seen(NamedTuple):
    """What the classifier weighs."""

    places: NDArray[np.int64]
    """Of the grams, [g]."""
    weights: Floats
    """Of the grams, [g]."""
    meaning: Floats
    """The vector, [d], length `MEANING`."""


def masked(read: Read) -> str:
    """The question in lower case, with each value as the name of its slot, and without what is only polite."""
    parts, at = list[str](), 0
    for found in read.found:
        parts += [read.text.low[at : found.start], f" <{found.slot}> "]
        at = found.end
    return polite_off("".join((*parts, read.text.low[at:])))


def nameless(read: Read) -> str:
    """The question in lower case, with campaigns, classes and all that is quoted as blanks."""
    low = read.text.low
    for found in read.found:
        if found.slot in _NAMES:
            low = low[: found.start] + " " * (found.end - found.start) + low[found.end :]
    return low


class FeatureReader:
    """Turns a read question into what the classifier weighs."""

    def __init__(self, embedder: Embedder, concepts: Concepts, refusals: Refusals) -> None:
        """The parts are the shipped ones: the classifier was trained with them."""
        self._embedder, self._concepts, self._refusals = embedder, concepts, refusals

    def see(self, read: Read) -> Seen:
        """The features of a question."""
        low = nameless(read)
        parts = ((words(read), WORDS), (self._kinds(polite_off(low), read), KINDS))
        return Seen(
            places=np.concatenate([_places(grams) for grams, _ in parts]),
            weights=np.concatenate([_weights(grams, length) for grams, length in parts]),
            meaning=np.float32(MEANING) * self._embedder.embed([low])[0],
        )

    def _kinds(self, low: str, read: Read) -> list[str]:
        """Kinds of words and filled slots, alone and in pairs."""
        reason = self._refusals.reason(low)
        single = [f"@{kind}" for kind in self._concepts.of(low)] + sorted({f"#{found.slot}" for found in read.found})
        single += [f"!{reason}"] * bool(reason)
        if "@domain" not in single and not read.found:
            single.append("-domain")
        return [*single, *(f"{a} {b}" for a, b in combinations(single, 2)), "@" if single else "@none"]


def words(read: Read) -> list[str]:
    """Grams of one to three words or Chinese characters, parts of long words, and the shape of the question."""
    tokens = ["^", *_TOKENS.findall(masked(read)), "$"]
    return sorted({*_runs(tokens), *_parts(tokens), *_shape(read, len(tokens) - 2)})


def _runs(tokens: Sequence[str]) -> Iterator[str]:
    for size in (1, 2, 3):
        yield from (" ".join(tokens[at : at + size]) for at in range(len(tokens) - size + 1))


def _parts(tokens: Sequence[str]) -> Iterator[str]:
    for token in tokens:
        if token.isascii() and token.isalpha() and len(token) > 3:
            yield f"~{_stem(token)}"
            bordered = f"[{token}]"
            yield from (f"/{bordered[at : at + 4]}" for at in range(len(bordered) - 3))


def _stem(word: str) -> str:
    for end in _ENDS:
        if word.endswith(end) and len(word) - len(end) >= 3:
            return word.removesuffix(end)
    return word


def _shape(read: Read, length: int) -> Iterator[str]:
    kinds = Counter(found.slot for found in read.found)
    yield from (f"#two {kind}" for kind, count in kinds.items() if count > 1)
    yield f"#long {min(length.bit_length(), 6)}{'' if kinds else ' bare'}"


def _places(grams: Sequence[str]) -> NDArray[np.int64]:
    """Where each gram is hashed to: the same on every machine."""
    return np.fromiter((zlib.crc32(gram.encode()) % SLOTS for gram in grams), np.int64, len(grams))


def _weights(grams: Sequence[str], length: float) -> Floats:
    """Equal weights that have this length together."""
    return np.full(len(grams), length / max(len(grams), 1) ** 0.5, np.float32)
