"""Search by one thing alone, meaning or words, over the texts that the product reads."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from app.retrieval.lexical import LexicalIndex
from app.text.embedder import Embedder
from evals.intervals import Floats


class Searcher(Protocol):
    """Scores a fixed set of texts."""

    def scores(self, query: str) -> Floats:
        """One number a text, higher is better."""
        ...


class DenseOnly:
    """Cosine of the shipped embedder's vectors."""

    def __init__(self, texts: Sequence[str], embedder: Embedder) -> None:
        """Embed all texts."""
        self._embedder, self._rows = embedder, embedder.embed(texts)

    def scores(self, query: str) -> Floats:
        """One number a text."""
        cosines: Floats = (self._rows @ self._embedder.embed([query])[0]).astype(np.float64)
        return cosines


class Bm25Only:
    """BM25 over the product's words."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Count all words."""
        self._index = LexicalIndex(texts)

    def scores(self, query: str) -> Floats:
        """One number a text."""
        return self._index.scores(query).astype(np.float64)
