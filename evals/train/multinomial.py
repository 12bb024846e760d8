"""A multinomial logistic regression with a ridge, its held-out scores and their temperature; by numpy and scipy."""

import zlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
import scipy.optimize
import scipy.sparse
from numpy.typing import NDArray

from app.assistant.classifier import softmax

FOLDS = 5

Floats = NDArray[np.float64]


def cross_validated(
    table: scipy.sparse.csr_matrix, wanted: NDArray[np.int64], families: Sequence[str], ridge: float, seed: int
) -> Floats:
    """[n, k] scores of every question by weights that have seen none of its family."""
    fold = np.array([zlib.crc32(f"{seed} {family}".encode()) % FOLDS for family in families])
    scores = np.zeros((table.shape[0], int(wanted.max()) + 1))
    counts = shares(families)
    for held in range(FOLDS):
        weights = fit(table[fold != held], wanted[fold != held], ridge, counts[fold != held])
        scores[fold == held] = table[fold == held] @ weights.T
    return scores


def shares(families: Sequence[str]) -> Floats:
    """[n] how much each question counts: a family counts as one, however many paraphrases it has."""
    sizes = Counter(families)
    return np.array([1.0 / sizes[family] for family in families])


def fit(
    table: scipy.sparse.csr_matrix, wanted: NDArray[np.int64], ridge: float, counts: Floats | None = None
) -> Floats:
    """[k, features] weights with the least mean cross-entropy plus ridge/2 times their squares, but the bias's."""
    rows, width, kinds = table.shape[0], table.shape[1], int(wanted.max()) + 1
    used = np.unique(table.indices)
    dense = table[:, used]
    truth = np.eye(kinds)[wanted]
    each = np.ones(rows) if counts is None else counts / counts.mean()
    free = np.where(used == width - 1, 0.0, ridge / rows)

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(kinds, -1)
        scores = dense @ weights.T
        scores -= scores.max(axis=1, keepdims=True)
        logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        gradient = np.asarray((dense.T @ ((np.exp(logs) - truth) * each[:, None])).T) / rows + free * weights
        return float(-each @ (truth * logs).sum(axis=1) / rows + 0.5 * (free * weights**2).sum()), gradient.ravel()

    start = np.zeros(kinds * len(used))
    found = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300, "maxcor": 8})
    weights = np.zeros((kinds, width))
    weights[:, used] = found.x.reshape(kinds, -1)
    return weights


def tempered(scores: Floats, wanted: NDArray[np.int64]) -> float:
    """The temperature with the least cross-entropy of held-out scores."""

    def entropy(log_temperature: float) -> float:
        chances = softmax(scores / np.exp(log_temperature))
        return float(-np.log(chances[np.arange(len(wanted)), wanted] + 1e-12).mean())

    return float(np.exp(scipy.optimize.minimize_scalar(entropy, bounds=(-2.0, 3.0), method="bounded").x))
