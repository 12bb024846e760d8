"""Which texts share words with a question: BM25 over words and pairs of Chinese characters.

Robertson, S., Zaragoza, H. (2009). The probabilistic relevance framework: BM25 and beyond. Found. Trends Inf. Retr.
3(4), 333-389, in the eager form of bm25s (Lu 2024, arXiv 2407.03618). rjieba cuts Chinese into words; pairs of
characters find what it cuts otherwise on either side. It knows spelling, not meaning, and no other language's word.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.text.normalise import normalise

_RUNS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[^\W_]+(?:'[^\W_]+)*")
_FIRST_CHINESE = "\u3400"
_REMEMBERED = 4096

Scores = NDArray[np.float32]
"""One number a text, higher is better, float32 [n]; 0 where nothing is shared."""


def tokens(text: str) -> list[str]:
    """Words of a text, and all pairs of neighbouring Chinese characters; an English plural counts as its singular."""
    return [token for run in _RUNS.findall(normalise(text)) for token in _tokens(run)]


class LexicalIndex:
    """BM25 over a fixed set of texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Count the words of `texts`; texts without any word are allowed, and so are no texts."""
        from bm25s import BM25

        cut = [tokens(text) for text in texts]
        self._nothing: Scores = np.zeros(len(cut), dtype=np.float32)
        self._known = frozenset(token for text in cut for token in text)
        self._index = BM25()
        if self._known:
            self._index.index(cut, show_progress=False)
        self.scores = lru_cache(maxsize=_REMEMBERED)(self._scores)

    def _scores(self, query: str) -> Scores:
        """How much each text shares with the query; the array is remembered, so leave it as it is."""
        known = [token for token in tokens(query) if token in self._known]
        if not known:
            return self._nothing
        found: Scores = self._index.get_scores(known)
        return found


def _tokens(run: str) -> Iterator[str]:
    if run[0] < _FIRST_CHINESE:
        yield run.removesuffix("s") if len(run) > 3 else run
        return
    import rjieba

    words = rjieba.cut(run)
    yield from words
    yield from {pair for pair in map("".join, pairwise(run)) if pair not in words}
