"""Plainer readings of questions to beat: the commonest intent, refusal lists alone, the nearest centroid of meaning."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from app.assistant.router import Parts
from app.assistant.schemas import Intent
from app.text.embedder import Embedder
from evals.question_file import Question


class Baselines(NamedTuple):
    """What each one says of every question."""

    majority: list[Intent]
    patterns: list[Intent]
    centroid: list[Intent]


def baselines(
    questions: Sequence[Question], learned: Sequence[Question], parts: Parts, embedder: Embedder
) -> Baselines:
    """`learned` are the questions that the router was trained on."""
    kinds = sorted({question.intent for question in learned})
    commonest = max(kinds, key=lambda kind: sum(question.intent is kind for question in learned))
    texts = [question.text for question in questions]
    refused = [Intent.OUT_OF_SCOPE if parts.refusals.reason(text) else commonest for text in texts]
    return Baselines([commonest] * len(texts), refused, _nearest(texts, kinds, learned, embedder))


def _nearest(
    texts: Sequence[str], kinds: Sequence[Intent], learned: Sequence[Question], embedder: Embedder
) -> list[Intent]:
    known = embedder.embed([question.text for question in learned])
    of = np.array([kinds.index(question.intent) for question in learned])
    centres = np.stack([known[of == at].mean(axis=0) for at in range(len(kinds))])
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    return [kinds[at] for at in (embedder.embed(texts) @ centres.T).argmax(axis=1)]
