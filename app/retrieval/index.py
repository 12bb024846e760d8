"""Nearest vectors by inner product. Two real implementations that agree: FAISS for use, numpy to check it by.

Neither knows what a vector stands for: it answers with positions in the matrix that it was built from.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidInput
from app.text.embedder import Vectors


class Neighbours(NamedTuple):
    """What is nearest to one query: inner products, highest first, and the rows they belong to."""

    scores: tuple[float, ...]
    positions: tuple[int, ...]


class VectorIndex(Protocol):
    """Finds the k nearest of a fixed set of vectors."""

    def search(self, vectors: Vectors, k: int) -> list[Neighbours]:
        """One answer per query row, with at most k neighbours; an empty index answers with none.

        InvalidInput when a query has the wrong length or a number that is not finite. Ties go to the lower
        position.
        """
        ...


IndexFactory = Callable[[Vectors], VectorIndex]
"""Builds an index over the rows of a matrix, float32 [n, dimension]."""


class ExactIndex:
    """All inner products, sorted. The yardstick for the others, and enough for a few thousand rows."""

    def __init__(self, vectors: Vectors) -> None:
        """Keep `vectors`, shape [n, dimension]."""
        self._vectors = _checked(vectors, vectors.shape[-1])

    def search(self, vectors: Vectors, k: int) -> list[Neighbours]:
        """The k best rows per query."""
        products = _checked(vectors, self._vectors.shape[1]) @ self._vectors.T
        return [_ranked(row, np.arange(len(row)), k) for row in products]


class FaissIndex:
    """Exact search by FAISS (IndexFlatIP), on one thread: a query over thousands of rows is small."""

    def __init__(self, vectors: Vectors) -> None:
        """Copy `vectors`, shape [n, dimension], into a flat inner-product index."""
        import faiss

        faiss.omp_set_num_threads(1)
        checked = _checked(vectors, vectors.shape[-1])
        self._dimension = checked.shape[1]
        self._index = faiss.IndexFlatIP(self._dimension)
        self._index.add(checked)

    def search(self, vectors: Vectors, k: int) -> list[Neighbours]:
        """The k best rows per query."""
        queries = _checked(vectors, self._dimension)
        wanted = min(k, self._index.ntotal)
        if wanted < 1:
            return [Neighbours((), ()) for _ in queries]
        scores, positions = self._index.search(queries, wanted)
        return [_ranked(s, p, wanted) for s, p in zip(scores, positions, strict=True)]


def _checked(vectors: Vectors, dimension: int) -> Vectors:
    if vectors.ndim != 2 or vectors.shape[1] != dimension:
        raise InvalidInput(f"expected vectors of length {dimension}, got an array of shape {vectors.shape}")
    if not np.isfinite(vectors).all():
        raise InvalidInput("a vector holds NaN or infinity: embed the text again")
    return np.ascontiguousarray(vectors, dtype=np.float32)


def _ranked(scores: NDArray[np.float32], positions: NDArray[np.int64], k: int) -> Neighbours:
    # FAISS fills places that it cannot fill with position -1, which numpy would read as the last row.
    scores, positions = scores[positions >= 0], positions[positions >= 0]
    order = np.lexsort((positions, -scores))[:k]
    return Neighbours(tuple(scores[order].tolist()), tuple(positions[order].tolist()))
