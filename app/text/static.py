"""The shipped bilingual embedder: one trained row for each gram of spelling, averaged. Loaded by numpy alone.

It knows meaning as far as everyday words of a shop go, in Chinese and English (evals/train/embedder.py trained it with
sentence-transformers on word lists of our own). A word that it has not seen lands near known ones that share its
characters; grams that it does not know share one row, which draws a text towards "about nothing".
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from app.errors import InvalidInput
from app.schema import Frozen
from app.text.embedder import Vectors
from app.text.normalise import normalise

UNKNOWN = 0
"""Row of every gram that is not in the vocabulary."""
MANIFEST, GRAMS, WEIGHTS = "manifest.json", "grams.txt", "weights.npy"
_RUNS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[a-z]+(?:'[a-z]+)*")


class Reference(Frozen):
    """A text and the vector that sentence-transformers gave it after training."""

    text: str
    vector: tuple[float, ...]


class Manifest(Frozen):
    """What lies in the folder, and how to tell that it is whole."""

    version: int
    dimension: int
    sha256: dict[str, str]
    trained: dict[str, str | int | float]
    """How: seed, steps, versions, and the hash of the word list."""
    references: tuple[Reference, ...]


class StaticEmbedder:
    """Mean of the rows of a text's grams, divided by its L2 norm (a sentence-transformers `StaticEmbedding`)."""

    def __init__(self, folder: Path) -> None:
        """Read the folder; InvalidInput names what is missing or damaged."""
        self.manifest = _manifest(folder)
        for name in (GRAMS, WEIGHTS):
            _check(folder / name, self.manifest.sha256.get(name))
        self._rows = {gram: row for row, gram in enumerate((folder / GRAMS).read_text("utf-8").splitlines())}
        self._weights: NDArray[np.float32] = np.load(folder / WEIGHTS, allow_pickle=False).astype(np.float32)
        if self._weights.shape != (len(self._rows), self.manifest.dimension):
            raise InvalidInput(f"{folder}: {self._weights.shape} weights for {len(self._rows)} grams; train it again")
        self.fingerprint = f"static-v{self.manifest.version};{self.manifest.sha256[WEIGHTS][:12]}"

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return self.manifest.dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised float32 row per text, shape [len(texts), dimension]; a text without a word gives zeros."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            self._fill(vector, text)
        return vectors

    def _fill(self, vector: NDArray[np.float32], text: str) -> None:
        rows = [self._rows.get(gram, UNKNOWN) for gram in grams(text)]
        if not rows:
            return
        np.add.reduce(self._weights[rows], axis=0, out=vector)
        norm = float(np.sqrt(vector @ vector))
        if norm > 0.0:
            vector /= norm


def grams(text: str) -> Iterator[str]:
    """Chinese characters and pairs of them; Latin words, and runs of 3 and 4 letters in them with borders marked.

    Digits and other signs say nothing here.
    """
    for run in _RUNS.findall(normalise(text)):
        if run[0] > "z":
            yield from run
            yield from map("".join, pairwise(run))
        else:
            yield f"={run}"
            bordered = f"<{run}>"
            for size in (3, 4):
                yield from (bordered[at : at + size] for at in range(len(bordered) - size + 1))


def _manifest(folder: Path) -> Manifest:
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except OSError as error:
        raise InvalidInput(f"no embedder in {folder}: {error.strerror}") from None
    except ValidationError as error:
        raise InvalidInput(f"{folder / MANIFEST}: {' '.join(str(error).split())}") from None


def _check(path: Path, expected: str | None) -> None:
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}; restore the file or train the embedder again") from None
    if found != expected:
        raise InvalidInput(f"{path} is damaged (its SHA-256 is not the manifest's): restore it or train it again")
