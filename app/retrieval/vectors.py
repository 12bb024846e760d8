"""Which campaigns are near in meaning: every text embedded once, whatever restarts, in one index per workspace.

Only texts of campaigns are kept on disk, as vectors under the hash of their text; what is asked (which speaks of a
customer) stays in memory.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from app.errors import ModelOutputError, ModelUnavailable
from app.retrieval.gpu import Flags
from app.retrieval.index import FaissIndex, IndexFactory, VectorIndex
from app.retrieval.index_folder import IndexFolder
from app.text.embedder import Embedder, Vectors

QUERIES = 4096
"""Queries whose vectors are remembered, the latest ones."""
VIEWS = 3
"""Sets of texts of a workspace that are remembered: its campaigns of today, and of moments that are looked back on."""

_log = logging.getLogger(__name__)


class CampaignVectors:
    """The dense side of retrieval. Threads may share it."""

    def __init__(self, embedder: Embedder, index_factory: IndexFactory, folder: Path | None = None) -> None:
        """Search with what `index_factory` builds; with a `folder`, each workspace's index is kept below it."""
        self._embedder, self._index_factory, self._folder = embedder, index_factory, folder
        self._views: dict[str, tuple[_View, ...]] = {}
        self._building = Lock()
        self._query = lru_cache(maxsize=QUERIES)(self._embedded_query)

    def cosines(
        self, workspace_id: str, texts: tuple[str, ...], query: str, *, k: int, among: Flags
    ) -> NDArray[np.float32] | None:
        """Cosine with the query of the k nearest among the flagged texts (and of those that say the same); 0 elsewhere.

        Float32 [len(texts)]. None while the embedder does not answer: then words and structure have to do, and the
        log says why.
        """
        try:
            return self._view(workspace_id, texts).cosines(self._query(query), k, among)
        except (ModelUnavailable, ModelOutputError) as error:
            _log.warning("retrieval goes without meaning: %s", error)
            return None

    def _embedded_query(self, text: str) -> Vectors:
        return self._embedder.embed([text])

    def _view(self, workspace_id: str, texts: tuple[str, ...]) -> "_View":
        view = self._known_view(workspace_id, texts)
        if view is None:
            with self._building:
                view = self._known_view(workspace_id, texts) or self._new_view(workspace_id, texts)
        return view

    def _known_view(self, workspace_id: str, texts: tuple[str, ...]) -> "_View | None":
        views = self._views.get(workspace_id, ())
        return next((view for view in views if view.texts is texts or view.texts == texts), None)

    def _new_view(self, workspace_id: str, texts: tuple[str, ...]) -> "_View":
        views, folder = self._views.get(workspace_id, ()), self._kept_in(workspace_id)
        library = views[0].library if views else self._loaded(folder)
        by_id = {_id_of(text): text for text in texts}
        if fresh := {row_id: text for row_id, text in by_id.items() if row_id not in library.rows}:
            library = self._extended(library, by_id, fresh)
            if folder:
                folder.save(tuple(library.rows), FaissIndex(library.vectors))
        view = _view_of(texts, library)
        # All views share the newest library, so that none embeds what another has.
        self._views[workspace_id] = (view, *views[: VIEWS - 1])
        return view

    def _kept_in(self, workspace_id: str) -> IndexFolder | None:
        """A folder per embedder, so that a trial of another one costs the first nothing."""
        if self._folder is None or not workspace_id:
            return None
        made_by = self._embedder.fingerprint
        return IndexFolder(self._folder / workspace_id / _id_of(made_by)[:12], embedder=made_by)

    def _loaded(self, folder: IndexFolder | None) -> "_Library":
        if folder and (kept := folder.load()):
            return _Library(_numbered(kept.ids), kept.index.vectors, kept.index)
        return self._library((), np.zeros((0, self._embedder.dimension), dtype=np.float32))

    def _extended(self, old: "_Library", wanted: Mapping[str, str], fresh: Mapping[str, str]) -> "_Library":
        """The old rows and the fresh ones; without those that nobody asked for, once they are the greater part."""
        ids = list(old.rows)
        if len(old.rows.keys() - wanted) > len(wanted):
            ids = [row_id for row_id in ids if row_id in wanted]
        known = old.vectors[[old.rows[row_id] for row_id in ids]]
        return self._library((*ids, *fresh), np.concatenate([known, self._embedder.embed(list(fresh.values()))]))

    def _library(self, ids: Sequence[str], vectors: Vectors) -> "_Library":
        return _Library(_numbered(ids), vectors, self._index_factory(vectors))


@dataclass(frozen=True)
class _Library:
    """All texts of a workspace that have been embedded, once each."""

    rows: Mapping[str, int]
    """Hash of a text -> its row, in the order of the rows."""
    vectors: Vectors
    index: VectorIndex


@dataclass(frozen=True)
class _View:
    """Some texts as rows of the library; several may say the same, and the library may know others."""

    texts: tuple[str, ...]
    library: _Library
    row_of: NDArray[np.int64]
    """Row of the library that each text is."""

    def cosines(self, query: Vectors, k: int, among: Flags) -> NDArray[np.float32]:
        """Of the k nearest rows of the library that a flagged text is."""
        wanted = np.zeros(len(self.library.rows), dtype=np.bool_)
        wanted[self.row_of[among]] = True
        (found,) = self.library.index.search(query, k, wanted)
        cosines = np.zeros(len(wanted), dtype=np.float32)
        cosines[list(found.positions)] = found.scores
        return np.where(among, cosines[self.row_of], np.float32(0.0))


def _view_of(texts: tuple[str, ...], library: _Library) -> _View:
    rows = (library.rows[_id_of(text)] for text in texts)
    return _View(texts, library, np.fromiter(rows, dtype=np.int64, count=len(texts)))


def _numbered(ids: Sequence[str]) -> dict[str, int]:
    return {row_id: row for row, row_id in enumerate(ids)}


def _id_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()
