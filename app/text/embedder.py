"""Text to vectors. `HashingEmbedder` needs no training and no download, and gives the same vector everywhere.

It knows spelling, not meaning: texts are near when they share words, parts of words or runs of Chinese
characters. A Chinese and an English text are near only where the caller adds names in both languages.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from app.text.normalise import normalise

Vectors = NDArray[np.float32]
"""One text a row, float32 [n, dimension]."""

_RUNS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af]+|[^\W_]+(?:'[^\W_]+)*")
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af]")


class Embedder(Protocol):
    """Turns texts into vectors of length 1, so that their inner product is the cosine."""

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text would give another vector."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised float32 row per text; a text without a word gives the zero vector."""
        ...


class Gram(NamedTuple):
    """One feature of a text and how much it counts."""

    text: str
    weight: float


class HashingEmbedder:
    """Signed feature hashing of character and word grams (Weinberger et al. 2009).

    Weinberger, K., et al. (2009). Feature hashing for large scale multitask learning. ICML.
    Runs of Chinese, Japanese or Korean characters give their 1-, 2- and 3-grams; other words give themselves
    and their 3- and 4-grams with borders marked. A gram with count c weighs w * (1 + ln c); its hash picks
    slot and sign, so that collisions cancel in expectation. The row is divided by its L2 norm; an empty
    text stays the zero vector, whose cosine with everything is 0.
    """

    def __init__(self, dimension: int = 1024) -> None:
        """Vectors have `dimension` entries; fewer slots mean more collisions."""
        if dimension < 8:
            raise ValueError(f"dimension must be at least 8, not {dimension}")
        self._dimension = dimension

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return self._dimension

    @property
    def fingerprint(self) -> str:
        """Name and parameters of the hashing."""
        return f"hashing-v1;cjk=1-3;latin=word,3-4;blake2b-64;dimension={self._dimension}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised float32 row per text, shape [len(texts), dimension]."""
        vectors = np.zeros((len(texts), self._dimension), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            self._fill(row, text)
        return vectors

    def _fill(self, row: NDArray[np.float32], text: str) -> None:
        for gram, count in sorted(Counter(_grams(text)).items()):
            slot, sign = _place(gram.text, self._dimension)
            row[slot] += sign * gram.weight * (1.0 + math.log(count))
        norm = float(np.linalg.norm(row))
        if norm > 0.0:
            row /= norm


def _grams(text: str) -> Iterator[Gram]:
    for run in _RUNS.findall(normalise(text)):
        yield from _cjk_grams(run) if _CJK.match(run) else _word_grams(run)


def _cjk_grams(run: str) -> Iterator[Gram]:
    for size, weight in ((1, 0.6), (2, 1.0), (3, 0.5)):
        for start in range(len(run) - size + 1):
            yield Gram(run[start : start + size], weight)


def _word_grams(word: str) -> Iterator[Gram]:
    yield Gram(f"={word}", 1.0)
    bordered = f"<{word}>"
    for size in (3, 4):
        for start in range(len(bordered) - size + 1):
            yield Gram(bordered[start : start + size], 0.3)


@lru_cache(maxsize=100_000)
def _place(gram: str, dimension: int) -> tuple[int, float]:
    """Slot and sign of a gram, from 63 bits and 1 bit of BLAKE2b: the same on every machine."""
    bits = int.from_bytes(blake2b(gram.encode(), digest_size=8).digest(), "little")
    return (bits >> 1) % dimension, 1.0 if bits & 1 else -1.0


def unit_rows(rows: Vectors) -> Vectors:
    """Rows divided by their L2 norms; a row of zeros stays."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    norms[norms == 0.0] = 1.0
    unit: Vectors = (rows / norms).astype(np.float32)
    return unit
