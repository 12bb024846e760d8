"""An index's copy on the first GPU, where the installed FAISS counts one; the processor answers everything else.

faiss-cpu counts no GPU, and neither does faiss-gpu on a machine without one, so `faiss.get_num_gpus()` is all that
decides. GPU indexes are not safe even for reading by several threads: they share one piece of scratch memory
(FAISS wiki, Threads and asynchronous calls). So there is one for the process, and searches take turns.
"""

import logging
from functools import cache
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST = 2048
"""Neighbours that FAISS can select on a GPU; longer lists are made on the processor."""
SCRATCH = 64 * 2**20
"""Bytes for one search. FAISS would take 1.5 GB, which a model server beside us can use better."""

_log = logging.getLogger(__name__)


Flags = NDArray[np.bool_]
"""One per row of an index."""


class Found(NamedTuple):
    """What FAISS gives: inner products and positions, one row per query, -1 for a place that it could not fill."""

    scores: NDArray[np.float32]
    positions: NDArray[np.int64]


class GpuCopy:
    """A CPU index once more in the GPU's memory."""

    def __init__(self, gpu: "_Gpu", index: Any) -> None:
        """Copy `index`; RuntimeError when the GPU has no room."""
        import faiss

        self._gpu = gpu
        with gpu.turn:
            self._index = faiss.index_cpu_to_gpu(gpu.resources, 0, index)

    def search(self, queries: NDArray[np.float32], k: int, among: Flags | None = None) -> Found | None:
        """The k nearest of the rows flagged in `among`, or None when that is more than a GPU can say.

        It cannot choose among rows, so it gives as many as it can; those that are not wanted get position -1.
        """
        if k > MOST:
            return None
        with self._gpu.turn:
            found = Found(*self._index.search(queries, k if among is None else min(MOST, self._index.ntotal)))
        if among is None:
            return found
        wanted = among[found.positions] & (found.positions >= 0)
        if (wanted.sum(axis=1) < k).any():
            return None
        return Found(found.scores, np.where(wanted, found.positions, -1))


def copy_to_gpu(index: Any) -> GpuCopy | None:
    """The copy, or None without a GPU or where it has no room."""
    gpu = _gpu()
    if gpu is None:
        return None
    try:
        return GpuCopy(gpu, index)
    except RuntimeError as error:
        _log.warning("the GPU takes no index, the processor searches: %s", " ".join(str(error).split()))
        return None


class _Gpu(NamedTuple):
    resources: Any
    turn: Lock


@cache
def _gpu() -> _Gpu | None:
    import faiss

    if faiss.get_num_gpus() < 1:
        return None
    resources = faiss.StandardGpuResources()
    resources.setTempMemory(SCRATCH)
    return _Gpu(resources, Lock())
