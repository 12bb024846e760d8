"""Training in the environment that holds torch: packed rows change nothing, and the same pairs give the same model."""

import json
import random
import subprocess
from pathlib import Path

from app.config import ROOT, VLLM_PYTHON
from app.llm.server import read_mark

PARITY = """
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM
from evals.train import attention
from evals.train.packing import Example, row

attention.register()
shape = dict(vocab_size=50, hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
             num_key_value_heads=2, head_dim=32)
torch.manual_seed(0)
plain, packed = (Qwen3ForCausalLM(Qwen3Config(**shape)).eval() for _ in range(2))
packed.load_state_dict(plain.state_dict())
packed.config._attn_implementation = attention.NAME
examples = [Example((1, 2, 3, 4, 5), (10, 11)), Example((1, 2, 3, 9, 8, 7), (12,)), Example((1, 2, 3, 20), (13, 14))]
one = row(examples, shared=3)
with torch.no_grad():
    together = packed.model(input_ids=torch.tensor([one.tokens]), position_ids=torch.tensor([one.positions]),
                            spans=one.spans, use_cache=False).last_hidden_state[0]
    for example, (start, end) in zip(examples, one.spans[1:], strict=True):
        alone = plain.model(input_ids=torch.tensor([example.tokens])).last_hidden_state[0, 3:]
        assert torch.allclose(alone, together[start:end], atol=1e-5)
"""


def test_an_example_in_a_packed_row_is_read_as_if_it_stood_alone() -> None:
    subprocess.run([VLLM_PYTHON, "-c", PARITY], cwd=ROOT, check=True)


def test_the_same_pairs_give_the_same_model_and_a_folder_that_can_be_served(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text("".join(json.dumps(toy_pair(seed), ensure_ascii=False) + "\n" for seed in range(40)))
    for name in ("a", "b"):
        fit(pairs, tmp_path / name)
    assert weights(tmp_path / "a") == weights(tmp_path / "b")
    assert read_mark(tmp_path / "a").rung == "small"
    assert {"config.json", "tokenizer.json", "tokenizer_config.json"} <= {p.name for p in (tmp_path / "a").iterdir()}


def toy_pair(seed: int) -> dict[str, object]:
    """Colours to be told in the order of the alphabet."""
    colours = random.Random(seed).sample(["amber", "blue", "coral", "紫色"], 3)
    lines = "\n".join(f"{number}. The colour is {colour}." for number, colour in enumerate(colours, 1))
    told = sorted(range(1, 4), key=lambda number: colours[number - 1])
    return {
        "system": "Choose.",
        "user": f"<claims>\n{lines}\n</claims>",
        "answer": json.dumps({"claims": told}, separators=(",", ":")),
        "kinds": colours,
    }


def fit(pairs: Path, out: Path) -> None:
    small = {"--hidden": 64, "--heads": 2, "--kv-heads": 1, "--vocabulary": 500, "--steps": 4, "--threads": 1}
    options = [str(word) for option in ({"--held-out": pairs, "--out": out} | small).items() for word in option]
    subprocess.run([VLLM_PYTHON, "-m", "evals.train.fit", pairs, *options], cwd=ROOT, check=True, capture_output=True)


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()
