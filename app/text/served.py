"""A served embedding model in place of the shipped one (`--embedder URL`): any that speaks `/v1/embeddings`, as vLLM.

Nothing is asked before the first text, so a start never waits for the server; and as long as it does not answer,
retrieval goes without vectors.
"""

from collections.abc import Sequence
from hashlib import sha256
from threading import Lock
from typing import NamedTuple

import numpy as np

from app.errors import ModelOutputError, ModelUnavailable
from app.text.embedder import Vectors, unit_rows
from app.text.embedding_server import EmbeddingServer, ServedModel

BATCH = 64
"""Texts of one request."""
LONGEST = 400
"""Characters of a text that are sent: a title with its themes is shorter, and servers refuse what their model cannot
read whole."""
PROBES = ("shoes", "钱包", "a quiet evening at home", "给孩子的生日礼物")
"""Texts whose strongest components tell a model from another one that is served under the same name."""


class _Identity(NamedTuple):
    model: str
    dimension: int
    fingerprint: str


class ServedEmbedder:
    """Text to vectors by a server. One object stands for one model: another one behind the same URL is refused."""

    def __init__(self, server: EmbeddingServer, model: str = "") -> None:
        """Ask `server` for `model`, or for the one model that it serves."""
        self._server, self._wanted = server, model
        self._known: _Identity | None = None
        self._introduced, self._turn = False, Lock()

    @property
    def dimension(self) -> int:
        """Length of every vector, as the server gave it; ModelUnavailable while it never has."""
        return self._identity().dimension

    @property
    def fingerprint(self) -> str:
        """Of the model's name, where its server has it from, and what it makes of a few texts."""
        return self._identity().fingerprint

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised float32 row per text, shape [len(texts), dimension]; a blank text gives zeros.

        ModelUnavailable when the server does not answer, ModelOutputError when its answer cannot be used.
        """
        identity = self._identity()
        vectors = np.zeros((len(texts), identity.dimension), dtype=np.float32)
        said = [row for row, text in enumerate(texts) if text.strip()]
        for start in range(0, len(said), BATCH):
            rows = said[start : start + BATCH]
            vectors[rows] = unit_rows(self._vectors(identity, [texts[row][:LONGEST] for row in rows]))
        return vectors

    def _vectors(self, identity: _Identity, texts: list[str]) -> Vectors:
        try:
            vectors = self._server.vectors(identity.model, texts)
        except ModelUnavailable:
            self._introduced = False  # whoever answers next has to say who it is
            raise
        if vectors.shape[1] != identity.dimension:
            raise ModelOutputError(
                f"{self._server.url} sent vectors of length {vectors.shape[1]} after {identity.dimension}: "
                "it serves another model now; start Understory again"
            )
        return vectors

    def _identity(self) -> _Identity:
        with self._turn:
            if self._known is None or not self._introduced:
                self._known, self._introduced = self._same_as_before(self._introduce()), True
            return self._known

    def _same_as_before(self, found: _Identity) -> _Identity:
        if self._known not in (None, found):
            raise ModelOutputError(f"{self._server.url} serves another model than before; start Understory again")
        return found

    def _introduce(self) -> _Identity:
        model = self._chosen(self._server.models())
        probes = self._server.vectors(model.id, list(PROBES))
        strongest = np.abs(probes).argmax(axis=1)  # the same under the rounding of another batch or machine
        mark = sha256(f"{model.root}\0{strongest.tolist()}".encode()).hexdigest()[:16]
        dimension = int(probes.shape[1])
        return _Identity(model.id, dimension, f"served;{model.id};{dimension};{mark}")

    def _chosen(self, served: list[ServedModel]) -> ServedModel:
        fitting = [model for model in served if self._wanted in ("", model.id)]
        if len(fitting) != 1:
            names = ", ".join(model.id for model in served)
            raise ModelUnavailable(f"{self._server.url} serves {names}: name one of them by UNDERSTORY_EMBEDDER_MODEL")
        return fitting[0]
