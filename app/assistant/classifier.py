"""Which intent a question has, as calibrated chances: a multinomial logistic regression, loaded by numpy alone.

`evals/train/router.py` fits it to questions of our own. Weights are one byte each, times a scale per intent.
"""

import hashlib
from pathlib import Path
from typing import Annotated, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from app.assistant.features import SLOTS, Floats, Seen
from app.assistant.schemas import Intent
from app.errors import InvalidInput
from app.schema import Frozen

Real = TypeVar("Real", np.float32, np.float64)
MANIFEST, WEIGHTS = "manifest.json", "weights.npy"


class Manifest(Frozen):
    """What lies in the folder, and how to tell that it is whole."""

    version: int
    sha256: str
    """Of the weights."""
    embedder: str
    """Fingerprint of the embedder that it was trained with."""
    intents: tuple[Intent, ...]
    """Of the rows."""
    scales: tuple[float, ...]
    """What one step of each row's weights is worth."""
    temperature: Annotated[float, Field(gt=0)]
    """What scores are divided by, so that chances come true (Guo et al. 2017)."""
    abstain: Annotated[float, Field(ge=0, le=1)]
    """Together out of scope and ambiguous must be so likely before the assistant abstains."""
    unsure: Annotated[float, Field(ge=0, le=1)]
    """Below this chance of the likeliest intent it asks back."""
    trained: dict[str, str | int | float]
    """How: seed, questions, ridge, and what cross-validation measured."""


class IntentClassifier:
    """Chances of every intent."""

    def __init__(self, folder: Path, *, embedder: str) -> None:
        """Read the folder; InvalidInput names what is missing, damaged or trained with another embedder."""
        self.manifest = _manifest(folder)
        content = _content(folder / WEIGHTS)
        if hashlib.sha256(content).hexdigest() != self.manifest.sha256:
            raise InvalidInput(f"{folder / WEIGHTS} is damaged (its SHA-256 is not the manifest's): train it again")
        if embedder != self.manifest.embedder:
            raise InvalidInput(f"{folder} was trained with the embedder {self.manifest.embedder}, not {embedder}")
        whole: NDArray[np.int8] = np.load(folder / WEIGHTS, allow_pickle=False)
        self._weights = whole.astype(np.float32) * np.asarray(self.manifest.scales, np.float32)[:, None]
        self.intents = self.manifest.intents

    def chances(self, seen: Seen) -> Floats:
        """The chance of each of `intents`, [k]."""
        return softmax(scores(self._weights, seen) / np.float32(self.manifest.temperature))


def scores(weights: Floats, seen: Seen) -> Floats:
    """[k] sums of weights [k, SLOTS + d + 1]: grams, meaning, bias."""
    found: Floats = weights[:, seen.places] @ seen.weights
    return found + weights[:, SLOTS:-1] @ seen.meaning + weights[:, -1]


def softmax(scores: NDArray[Real]) -> NDArray[Real]:
    """Shares that add up to one along the last axis."""
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    found: NDArray[Real] = shares / shares.sum(axis=-1, keepdims=True)
    return found


def _manifest(folder: Path) -> Manifest:
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except OSError as error:
        raise InvalidInput(f"no router in {folder}: {error.strerror}; restore it or train it again") from None
    except ValidationError as error:
        raise InvalidInput(f"{folder / MANIFEST}: {' '.join(str(error).split())}") from None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}; restore the file or train the router again") from None
