"""Any sentence-transformers model that lies in a folder, in place of the shipped embedder (`--embedder FOLDER`).

The package comes with torch and is not part of the core install, so it is imported here and only for the first text:
a command that embeds nothing does not wait for it. Nothing is ever downloaded: a folder is all that is read.
"""

from collections.abc import Sequence
from functools import cached_property
from hashlib import file_digest, sha256
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from app.errors import InvalidInput, ModelOutputError
from app.text.embedder import Vectors, unit_rows

MARKS = ("modules.json", "config.json")
"""Files by which such a folder is known; one of them is enough."""
BATCH = 64
INSTALL = (
    "--embedder FOLDER needs sentence-transformers and torch, which are not in the core install: "
    "pip install 'sentence-transformers>=5.1', or name the URL of a server that has them"
)


class SentenceEmbedder:
    """Text to vectors by a model on this machine, on its GPU where torch sees one."""

    def __init__(self, folder: Path) -> None:
        """InvalidInput when there is no model in the folder or nothing to run it with."""
        if not folder.is_dir():
            raise InvalidInput(f"--embedder: {folder} is neither a folder nor an http(s) URL")
        if not any((folder / mark).is_file() for mark in MARKS):
            raise InvalidInput(f"--embedder: {folder} is no sentence-transformers model (it has no {MARKS[0]})")
        if find_spec("sentence_transformers") is None:
            raise InvalidInput(INSTALL)
        self._folder, self._turn = folder, Lock()

    @cached_property
    def dimension(self) -> int:
        """Length of every vector."""
        return int(self._encoded(["dimension"]).shape[1])

    @cached_property
    def fingerprint(self) -> str:
        """Of every file's name and content: another model, or the same one changed, has another."""
        digest = sha256()
        for path in sorted(path for path in self._folder.rglob("*") if path.is_file()):
            with path.open("rb") as file:
                digest.update(f"{path.relative_to(self._folder)}\0{file_digest(file, 'sha256').hexdigest()}\n".encode())
        return f"sentence-transformers;{digest.hexdigest()[:24]}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised float32 row per text, shape [len(texts), dimension]; a blank text gives zeros."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if said := [row for row, text in enumerate(texts) if text.strip()]:
            vectors[said] = unit_rows(self._encoded([texts[row] for row in said]))
        return vectors

    def _encoded(self, texts: list[str]) -> Vectors:
        with self._turn:  # fast tokenizers fail when two threads use one at the same time
            found = self._model.encode(texts, batch_size=BATCH, convert_to_numpy=True, show_progress_bar=False)
        vectors = np.asarray(found, dtype=np.float32)
        if not np.isfinite(vectors).all():
            raise ModelOutputError(f"the model in {self._folder} gives vectors that are not finite; use another")
        return vectors

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import SentenceTransformer

        try:
            return SentenceTransformer(str(self._folder), local_files_only=True)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            said = " ".join(str(error).split())[:300]
            raise InvalidInput(f"sentence-transformers cannot load the model in {self._folder}: {said}") from None
