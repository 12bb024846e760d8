"""Nearest vectors by inner product. Two real implementations that agree: FAISS for use, numpy to check it by.

Neither knows what a vector stands for: it answers with positions in the matrix that it was built from.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidInput
from app.retrieval.gpu import Flags, Found, GpuCopy, copy_to_gpu
from app.text.embedder import Vectors


class Neighbours(NamedTuple):
    """What is nearest to one query: inner products, highest first, and the rows they belong to."""

    scores: tuple[float, ...]
    positions: tuple[int, ...]


class VectorIndex(Protocol):
    """Finds the k nearest of a fixed set of vectors."""

    def search(self, vectors: Vectors, k: int, among: Flags | None = None) -> list[Neighbours]:
        """One answer per query row, with at most k neighbours of the rows flagged in `among` (else of all).

        An empty index answers with none. InvalidInput when a query has the wrong length or a number that is not
        finite. Ties go to the lower position.
        """
        ...


IndexFactory = Callable[[Vectors], VectorIndex]
"""Builds an index over the rows of a matrix, float32 [n, dimension]."""


class ExactIndex:
    """All inner products, sorted. The yardstick for the others, and enough for a few thousand rows."""

    def __init__(self, vectors: Vectors) -> None:
        """Keep `vectors`, shape [n, dimension]."""
        self._vectors = _checked(vectors, vectors.shape[-1])

    def search(self, vectors: Vectors, k: int, among: Flags | None = None) -> list[Neighbours]:
        """The k best rows per query."""
        products = _checked(vectors, self._vectors.shape[1]) @ self._vectors.T
        rows = np.arange(len(self._vectors)) if among is None else np.flatnonzero(among)
        return [_ranked(row[rows], rows, k) for row in products]


class FaissIndex:
    """Exact search by FAISS (IndexFlatIP): on a GPU where there is one, else on one thread, enough for a query."""

    def __init__(self, vectors: Vectors) -> None:
        """Copy `vectors`, shape [n, dimension], into a flat inner-product index."""
        import faiss

        checked = _checked(vectors, vectors.shape[-1])
        index = faiss.IndexFlatIP(checked.shape[1])
        index.add(checked)
        self._index: Any = index

    @classmethod
    def from_bytes(cls, written: bytes) -> Self:
        """The index that `to_bytes` wrote; InvalidInput when it is another kind of index or none that FAISS reads.

        The caller vouches for the bytes: FAISS itself reads damaged numbers without a word.
        """
        import faiss

        try:
            index = faiss.deserialize_index(np.frombuffer(written, dtype=np.uint8))
        except RuntimeError as error:
            raise InvalidInput(f"FAISS cannot read this index: {' '.join(str(error).split())}") from None
        if not isinstance(index, faiss.IndexFlat) or index.metric_type != faiss.METRIC_INNER_PRODUCT:
            raise InvalidInput("this is no flat index of inner products")
        found = cls.__new__(cls)
        found._index = index
        return found

    def to_bytes(self) -> bytes:
        """What `faiss.write_index` puts into a file."""
        import faiss

        return bytes(faiss.serialize_index(self._index))

    @property
    def vectors(self) -> Vectors:
        """The rows that it was built from, shape [n, dimension]."""
        rows: Vectors = self._index.reconstruct_n(0, self._index.ntotal)
        return rows

    def search(self, vectors: Vectors, k: int, among: Flags | None = None) -> list[Neighbours]:
        """The k best rows per query."""
        queries = _checked(vectors, self._index.d)
        wanted = min(k, self._index.ntotal if among is None else int(among.sum()))
        if wanted < 1:
            return [Neighbours((), ()) for _ in queries]
        found = self._nearest(queries, wanted, among)
        return [_ranked(s, p, wanted) for s, p in zip(found.scores, found.positions, strict=True)]

    @cached_property
    def _copy(self) -> GpuCopy | None:
        """Made for the first search: an index that is only written needs none."""
        return copy_to_gpu(self._index)

    def _nearest(self, queries: Vectors, k: int, among: Flags | None) -> Found:
        import faiss

        if self._copy and (found := self._copy.search(queries, k, among)):
            return found
        faiss.omp_set_num_threads(1)  # counts for the calling thread only
        if among is None:
            return Found(*self._index.search(queries, k))
        flags = np.packbits(among, bitorder="little")
        chosen = faiss.IDSelectorBitmap(flags)  # type: ignore[call-arg, arg-type]  # FAISS types the C++ side only
        return Found(*self._index.search(queries, k, params=faiss.SearchParameters(sel=chosen)))  # type: ignore[call-arg]


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
