"""`python -m evals.train.embedder`: word lists -> the bilingual embedder in knowledge_base/embedder.

Needs an environment with sentence-transformers (the `bench` extra); seconds on a CPU. The same seed and versions give
the same words in the same batches. Contrastive learning of pairs with in-batch negatives (Henderson et al. 2017,
Efficient natural language response suggestion for smart reply): a batch holds one pair of every topic, so that no
negative shares the topic of its anchor. A pair is two names of one thing, in one language or two, or two things of one
topic; each may be dressed with words about nothing, a made-up word, a slip of the keyboard.
"""

import argparse
import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import sentence_transformers
import torch
import yaml
from sentence_transformers import SentenceTransformer
from sentence_transformers.losses import MultipleNegativesRankingLoss
from sentence_transformers.models import StaticEmbedding
from tokenizers import Tokenizer, models, pre_tokenizers

from app.text.static import GRAMS, MANIFEST, UNKNOWN, WEIGHTS, grams

ROOT = Path(__file__).resolve().parents[2]
WORDS = ROOT / "knowledge_base" / "vocabulary.yaml"
OUT = ROOT / "knowledge_base" / "embedder"
NOTHING = "nothing"
UNKNOWN_GRAM = "?"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
REFERENCES = (
    "婴儿车",
    "pram for twins",
    "冬天 泳衣 推荐",
    "scented candle gift set",
    "0.5L steel thing xyz",
    "zqxj",
)

Lines = dict[str, list[list[str]]]
"""Topic -> lines of names of one thing."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and write the folder."""
    given = _parser().parse_args(arguments)
    torch.manual_seed(given.seed)
    torch.set_num_threads(given.threads)
    lines: Lines = yaml.safe_load(WORDS.read_text(encoding="utf-8"))["topics"]
    vocabulary = vocabulary_of(word for groups in lines.values() for group in groups for word in group)
    model = new_model(vocabulary, given.dimension)
    fit(model, Pairs(lines, random.Random(given.seed)), steps=given.steps, rate=given.rate)
    write(given.out, model, vocabulary, {"seed": given.seed, "steps": given.steps, "rate": given.rate})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals.train.embedder", description="Train the shipped embedder.")
    parser.add_argument("--out", type=Path, default=OUT, help="folder to write")
    parser.add_argument("--dimension", type=int, default=64, help="length of a vector")
    parser.add_argument("--steps", type=int, default=2500, help="batches of one pair a topic")
    parser.add_argument("--rate", type=float, default=0.02, help="learning rate at the start; it falls to nothing")
    parser.add_argument("--seed", type=int, default=7, help="of weights and draws")
    parser.add_argument("--threads", type=int, default=1, help="of the processor")
    return parser


def vocabulary_of(words: Iterable[str]) -> dict[str, int]:
    """Gram -> row, by frequency; row 0 is every other gram. Runs of letters must be shared by two words."""
    counts = Counter(gram for word in words for gram in set(grams(word)))
    kept = [
        g for g, n in sorted(counts.items(), key=lambda c: (-c[1], c[0])) if n > 1 or not g.isascii() or g[0] == "="
    ]
    return {UNKNOWN_GRAM: UNKNOWN} | {gram: row for row, gram in enumerate(kept, start=1)}


def new_model(vocabulary: dict[str, int], dimension: int) -> SentenceTransformer:
    """An untrained static embedding whose tokenizer takes grams divided by blanks."""
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN_GRAM))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    weights = torch.randn(len(vocabulary), dimension) * 0.1
    return SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=weights.numpy())], device="cpu")


class Pairs:
    """Draws batches: one pair of texts for every topic."""

    def __init__(self, lines: Lines, dice: random.Random) -> None:
        """Words about nothing dress the others."""
        self._lines, self._dice = lines, dice
        words = [word for line in lines[NOTHING] for word in line]
        self._dress = {latin: [word for word in words if word.isascii() == latin] for latin in (True, False)}

    def batch(self) -> tuple[list[str], list[str]]:
        """As many anchors as positives, the topics in the same order."""
        pairs = [self._pair(groups) for groups in self._lines.values()]
        return [anchor for anchor, _ in pairs], [positive for _, positive in pairs]

    def _pair(self, groups: list[list[str]]) -> tuple[str, str]:
        first = self._dice.choice(groups)
        second = first if self._dice.random() < 0.5 else self._dice.choice(groups)
        return self._text(self._dice.choice(first)), self._text(self._dice.choice(second))

    def _text(self, word: str) -> str:
        """The grams of a word, dressed, divided by blanks."""
        parts = [word]
        pool = self._dress[word.isascii()]
        for chance in (0.5, 0.25):
            if self._dice.random() < chance:
                parts.insert(self._dice.randrange(2), self._dice.choice(pool))
        if self._dice.random() < 0.15:
            parts.append("".join(self._dice.choices(LETTERS, k=self._dice.randint(3, 8))))
        if self._dice.random() < 0.1 and len(word) > 3:
            at = self._dice.randrange(len(word))
            parts[parts.index(word)] = word[:at] + word[at + 1 :]
        return as_tokens(" ".join(parts))


def as_tokens(text: str) -> str:
    """Grams of a text, as the tokenizer wants them."""
    return " ".join(grams(text))


def fit(model: SentenceTransformer, pairs: Pairs, *, steps: int, rate: float) -> None:
    """Sparse Adam, which moves only the rows of a batch, with a rate that falls linearly to nothing."""
    loss = MultipleNegativesRankingLoss(model, scale=16.0)
    model[0].embedding.sparse = True
    optimiser = torch.optim.SparseAdam(list(model.parameters()), lr=rate)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.02, total_iters=steps)
    for step in range(steps):
        features = [model.preprocess(texts) for texts in pairs.batch()]
        value = loss(features, None)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        schedule.step()
        if step % 250 == 0:
            print(f"step {step}: loss {value.item():.3f}")


def write(out: Path, model: SentenceTransformer, vocabulary: dict[str, int], plan: dict[str, float]) -> None:
    """Weights in half precision, grams, and a manifest with references from the model as it was written."""
    out.mkdir(parents=True, exist_ok=True)
    table = model[0].embedding.weight
    table.data = table.data.half().float()
    np.save(out / WEIGHTS, table.detach().numpy().astype(np.float16))
    (out / GRAMS).write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    vectors = model.encode([as_tokens(text) for text in REFERENCES], normalize_embeddings=True)
    manifest = {
        "version": 1,
        "dimension": table.shape[1],
        "sha256": {name: _sha256(out / name) for name in (GRAMS, WEIGHTS)},
        "trained": {**plan, "words": _sha256(WORDS), "sentence-transformers": sentence_transformers.__version__},
        "references": [
            {"text": text, "vector": [round(float(x), 5) for x in vector]}
            for text, vector in zip(REFERENCES, vectors, strict=True)
        ],
    }
    (out / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
