"""A tiny Qwen3 with random weights: `python -m evals.train.tiny .models/tiny`, in .venv-vllm, in seconds.

It says nothing sensible and is not meant to: whatever is right in its answers, the server's grammar and our checks did.
"""

import sys
from pathlib import Path

import torch
from transformers import Qwen3ForCausalLM

from evals.train.architecture import qwen3_config, save_model, train_tokenizer
from evals.train.texts import ROOT, paths

VOCABULARY = 4096
SEED = 7


def main() -> None:
    """Make the model; `make tiny-model` keeps it until its recipe changes."""
    folder = Path(sys.argv[1]) if len(sys.argv) == 2 else ROOT / ".models" / "tiny"
    make(folder)
    print(f"tiny-model: made {folder}")


def make(folder: Path) -> None:
    """The same seed and texts give the same bytes."""
    tokenizer = train_tokenizer([path.read_text(encoding="utf-8") for path in paths()], VOCABULARY)
    torch.manual_seed(SEED)
    shape = qwen3_config(tokenizer, hidden=128, layers=2, heads=4, kv_heads=2, positions=16_384)
    save_model(folder, Qwen3ForCausalLM(shape), tokenizer, rung="large", name="tiny-random")


if __name__ == "__main__":
    main()
