"""A sentence-transformers model with random weights: `python -m evals.train.sentences FOLDER`, where torch is.

Right in shape and speed and without meaning: two texts are near when they share tokens. The tests of `--embedder` load
it, and the retrieval bench times one of the usual size, since speed does not hang on what the weights have learned.
"""

import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Pooling, Transformer
from transformers import BertConfig, BertModel

from evals.train.architecture import train_tokenizer
from evals.train.texts import paths

VOCABULARY = 8192
LONGEST = 256
"""Tokens of a text that are read."""


class Shape(NamedTuple):
    """Size of a BERT encoder."""

    layers: int
    width: int
    heads: int


USUAL = Shape(layers=6, width=384, heads=12)
"""That of the small sentence encoders in common use (22 million weights with their larger vocabulary)."""
TINY = Shape(layers=1, width=32, heads=2)


def main() -> None:
    """Make a tiny one; with a second word, its seed."""
    folder, *seed = sys.argv[1:]
    make(Path(folder), TINY, seed=int(seed[0]) if seed else 7)
    print(f"sentences: made {folder}")


def make(folder: Path, shape: Shape, *, seed: int = 7) -> None:
    """The encoder, mean pooling, and a tokenizer of the repository's own texts in both languages."""
    tokenizer = train_tokenizer([path.read_text(encoding="utf-8") for path in paths()], VOCABULARY)
    torch.manual_seed(seed)
    encoder = BertModel(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=shape.width,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            intermediate_size=4 * shape.width,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    with tempfile.TemporaryDirectory() as raw:
        encoder.save_pretrained(raw)
        tokenizer.save_pretrained(raw)
        modules = [Transformer(raw, max_seq_length=LONGEST), Pooling(shape.width)]
        SentenceTransformer(modules=modules, device="cpu").save(str(folder))


if __name__ == "__main__":
    main()
