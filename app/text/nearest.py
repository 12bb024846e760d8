"""The topic that a text lies nearest to, by the embedder, or none: what the lexicon does not know word for word."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from app.text.embedder import Embedder, unit_rows

LIKENESS = 0.5
"""Least cosine with the topic; below it a text says too little."""
LEAD = 0.15
"""Least distance to the second nearest; below it a text may mean either."""
LONGEST = 120
"""Characters that are read: a query, a title, the beginning of a message."""


class NearestTopic:
    """Centroids of the words of each topic, and of words about nothing, which win for a text without a topic."""

    def __init__(self, embedder: Embedder, words: Mapping[str, Sequence[str]], nothing: Sequence[str]) -> None:
        """Topics with the words that stand for them; `nothing` are words of no topic."""
        self._embedder = embedder
        self._topics = (*words, None)
        rows = [*words.values(), nothing]
        self._centroids = unit_rows(np.stack([embedder.embed(listed).mean(axis=0) for listed in rows]))
        self.of = lru_cache(maxsize=50_000)(self._of)

    def _of(self, text: str) -> str | None:
        """The nearest topic, when it is near enough and no other is about as near."""
        (vector,) = self._embedder.embed([text[:LONGEST]])
        likeness = self._centroids @ vector
        best = int(likeness.argmax())
        near = float(likeness[best])
        likeness[best] = -1.0
        return self._topics[best] if near >= LIKENESS and near - float(likeness.max()) >= LEAD else None
