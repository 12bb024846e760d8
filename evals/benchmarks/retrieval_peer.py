"""What people put together for such a search: sentence-transformers, a flat FAISS index, rank_bm25, rank fusion.

All of it from the `bench` extra. No model hub is within reach, so the encoder has the usual size (6 layers, 384 wide)
and random weights, which are as fast as learned ones; for the same reason the rows of its index are drawn.
"""

import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NAME = "sentence-transformers (6-layer 384-d BERT, random weights) + FAISS flat + rank_bm25"
NEEDED = ("torch", "sentence_transformers", "rank_bm25")
POOL, SMOOTHING = 200, 60


def is_installed() -> bool:
    """Whether the peer can run here."""
    return all(find_spec(package) is not None for package in NEEDED)


class PeerStack:
    """The peer over some texts: a question's text in, places of the best of them out."""

    def __init__(self, texts: Sequence[str], *, seed: int = 7) -> None:
        """Make the encoder and both indexes."""
        import faiss
        from rank_bm25 import BM25Okapi

        self._encoder = _encoder()
        rows = np.random.default_rng(seed).normal(size=(len(texts), self.encoded("length").shape[1]))
        self._index = faiss.IndexFlatIP(rows.shape[1])
        self._index.add((rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32))
        self._words = BM25Okapi([_words(text) for text in texts])

    def search(self, text: str, k: int) -> list[int]:
        """Both searches, fused by reciprocal rank."""
        _, (near,) = self._index.search(self.encoded(text), POOL)
        scores = self._words.get_scores(_words(text))
        likely = np.argpartition(scores, -POOL)[-POOL:]
        fused: dict[int, float] = {}
        for order in (near, likely[np.argsort(-scores[likely])]):
            for rank, place in enumerate(order.tolist(), start=1):
                fused[place] = fused.get(place, 0.0) + 1.0 / (SMOOTHING + rank)
        return sorted(fused, key=lambda place: -fused[place])[:k]

    def encoded(self, text: str) -> NDArray[np.float32]:
        """One row of length 1."""
        row: NDArray[np.float32] = self._encoder.encode([text], normalize_embeddings=True, show_progress_bar=False)
        return row


def _words(text: str) -> list[str]:
    import rjieba

    return [word for word in rjieba.cut(text.lower()) if word.strip()]


def _encoder() -> Any:
    from sentence_transformers import SentenceTransformer

    from evals.train.sentences import USUAL, make

    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), USUAL)
        return SentenceTransformer(folder, device="cpu", local_files_only=True)
