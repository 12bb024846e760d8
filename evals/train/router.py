"""Train the assistant's router: `python -m evals.train.router`. A multinomial logistic regression, by numpy and scipy.

Cross-validation keeps paraphrases together; its held-out scores set the temperature and when the router abstains.
"""

import argparse
import hashlib
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from app.assistant.classifier import MANIFEST, WEIGHTS, Manifest, softmax
from app.assistant.features import SLOTS
from app.assistant.router import Parts, load_parts
from app.assistant.schemas import ABSTAINS, Intent
from app.assistant.slots.reader import Asked, read
from app.config import ROOT
from app.text.static import StaticEmbedder
from app.text.taxonomy import load_taxonomy
from evals.question_file import Question, load
from evals.train.multinomial import cross_validated, fit, shares, tempered

KNOWLEDGE = ROOT / "knowledge_base"
QUESTIONS = ROOT / "evals" / "train" / "router_questions.jsonl"
INTENTS = tuple(Intent)
REFUSED, CERTAIN = INTENTS.index(Intent.OUT_OF_SCOPE), 50.0
"""What a question on a refusal list is, and a score that leaves no doubt of it."""
AS_OF = datetime(2026, 6, 30, 12, tzinfo=UTC)
"""Relative dates become slots; which ones they are does not matter to an intent."""

Floats = NDArray[np.float64]


class Fitted(NamedTuple):
    """Held-out scores [n, k] of every question, and the weights [k, features] of all of them."""

    held_out: Floats
    weights: Floats


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, cross-validate, fit, write."""
    given = _parser().parse_args(arguments)
    questions = [question for path in given.questions for question in load(path)]
    embedder = StaticEmbedder(KNOWLEDGE / "embedder")
    parts = load_parts(KNOWLEDGE / "router", load_taxonomy(KNOWLEDGE / "taxonomy.yaml"), embedder)
    table, wanted = features(questions, parts, embedder.dimension), labels(questions)
    held_out = cross_validated(table, wanted, _families(questions), given.ridge, given.seed)
    temperature = tempered(held_out, wanted)
    final = held_out / temperature
    final[[parts.refusals.reason(question.text) is not None for question in questions], REFUSED] += CERTAIN
    abstain = threshold(final, wanted, given.precision)
    trained: dict[str, str | int | float] = {
        "questions": len(questions), "ridge": given.ridge, "seed": given.seed,
        "source": hashlib.sha256(b"".join(path.read_bytes() for path in given.questions)).hexdigest()[:12],
        "held_out_accuracy": round(float((held_out.argmax(axis=1) == wanted).mean()), 4),
    }  # fmt: skip
    weights = fit(table, wanted, given.ridge, shares(_families(questions)))
    write(given.out, weights, temperature, abstain, given.unsure, embedder.fingerprint, trained)
    print(report(final, wanted, abstain))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals.train.router", description="Train the assistant's router.")
    parser.add_argument("--questions", type=Path, nargs="+", default=[QUESTIONS], help="files to learn from")
    parser.add_argument("--out", type=Path, default=KNOWLEDGE / "router", help="folder to write into")
    parser.add_argument("--ridge", type=float, default=0.3, help="strength of the ridge")
    parser.add_argument("--precision", type=float, default=0.95, help="of abstentions, held out")
    parser.add_argument("--unsure", type=float, default=0.15, help="chance of the likeliest intent below which to ask")
    parser.add_argument("--seed", type=int, default=7, help="of the folds")
    return parser


def features(questions: Sequence[Question], parts: Parts, dimension: int) -> scipy.sparse.csr_matrix:
    """[n, SLOTS + d + 1] grams, meaning and a one."""
    width = SLOTS + dimension + 1
    asked = Asked(AS_OF, ZoneInfo("UTC"))
    rows, columns, values = list[int](), list[int](), list[float]()
    for at, question in enumerate(questions):
        here = parts.features.see(read(question.text, parts.words, asked))
        places = [*here.places.tolist(), *range(SLOTS, width)]
        rows += [at] * len(places)
        columns += places
        values += [*here.weights.tolist(), *here.meaning.tolist(), 1.0]
    return scipy.sparse.csr_matrix((values, (rows, columns)), shape=(len(questions), width))


def labels(questions: Sequence[Question]) -> NDArray[np.int64]:
    """[n] the place of each question's intent."""
    return np.array([INTENTS.index(question.intent) for question in questions])


def _families(questions: Sequence[Question]) -> list[str]:
    return [f"{q.intent}/{q.family}" if q.family else f"alone {q.id} {q.text}" for q in questions]


def threshold(scores: Floats, wanted: NDArray[np.int64], precision: float) -> float:
    """How likely abstaining must be, so that most questions are read right while abstentions stay this precise."""
    places = [INTENTS.index(intent) for intent in ABSTAINS]
    return max(
        np.arange(0.3, 0.9, 0.02),
        key=lambda at: (_precision(scores, wanted, at, places) >= precision, _right(scores, wanted, at, places)),
    ).item()


def _precision(scores: Floats, wanted: NDArray[np.int64], at: float, places: list[int]) -> float:
    away = softmax(scores)[:, places].sum(axis=1) >= at
    return float(np.isin(wanted[away], places).mean()) if away.any() else 1.0


def decided(scores: Floats, at: float, places: list[int]) -> NDArray[np.int64]:
    """[n] the place of the intent that the router decides on."""
    chances = softmax(scores)
    away = chances[:, places].sum(axis=1) >= at
    acting = chances.copy()
    acting[:, places] = 0.0
    found: NDArray[np.int64] = np.where(
        away, np.array(places)[chances[:, places].argmax(axis=1)], acting.argmax(axis=1)
    )
    return found


def _right(scores: Floats, wanted: NDArray[np.int64], at: float, places: list[int]) -> float:
    return float((decided(scores, at, places) == wanted).mean())


def report(scores: Floats, wanted: NDArray[np.int64], at: float) -> str:
    """What cross-validation measured, in lines."""
    places = [INTENTS.index(intent) for intent in ABSTAINS]
    said = decided(scores, at, places)
    away = np.isin(said, places)
    lines = [
        f"{len(wanted)} questions, held out by family: accuracy {(said == wanted).mean():.4f}",
        f"abstains from {at:.2f}: precision {np.isin(wanted[away], places).mean():.4f}, "
        f"recall {away[np.isin(wanted, places)].mean():.4f}",
    ]
    return "\n".join((*lines, *_by_intent(said, wanted)))


def _by_intent(said: NDArray[np.int64], wanted: NDArray[np.int64]) -> Iterator[str]:
    for at, intent in enumerate(INTENTS):
        mine = wanted == at
        if mine.any():
            yield f"  {intent:<28} {mine.sum():>4}  recall {(said[mine] == at).mean():.3f}"


def write(
    folder: Path, weights: Floats, temperature: float, abstain: float, unsure: float, embedder: str,
    trained: dict[str, str | int | float],
) -> None:  # fmt: skip
    """Weights in bytes, and the manifest."""
    scales = np.abs(weights).max(axis=1) / 127
    buffer = io.BytesIO()
    np.save(buffer, np.rint(weights / scales[:, None]).astype(np.int8), allow_pickle=False)
    manifest = Manifest(
        version=1,
        sha256=hashlib.sha256(buffer.getvalue()).hexdigest(),
        embedder=embedder,
        intents=INTENTS,
        scales=tuple(float(f"{scale:.6g}") for scale in scales),
        temperature=round(temperature, 4),
        abstain=round(abstain, 2),
        unsure=unsure,
        trained=trained,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(buffer.getvalue())
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
