"""Tokens of a prompt as a served model counts them: the vocabulary of the shipped model, and its chat template.

tiktoken does the merging (it is in every install, behind the client of model servers); the vocabulary is read from the
model's own `tokenizer.json`. Compared on a served vLLM in tests/vllm/test_prompt_cache.py.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import tiktoken

from app.config import SMALL_MODEL
from app.llm.chat_model import Message

_START, _END = "<|im_start|>", "<|im_end|>"
_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
"""How text between digits falls apart before pairs are merged: GPT-2's pattern (Radford et al. 2019)."""


def tokens_of(messages: Sequence[Message], folder: Path = SMALL_MODEL) -> list[int]:
    """The ids of a conversation that awaits its answer."""
    turns = (f"{_START}{turn.role}\n{turn.content}{_END}\n" for turn in messages)
    return _encoding(folder).encode("".join((*turns, f"{_START}assistant\n")), allowed_special="all")


@cache
def _encoding(folder: Path) -> tiktoken.Encoding:
    file = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    special = {token["content"]: token["id"] for token in file["added_tokens"]}
    vocabulary = {word: rank for word, rank in file["model"]["vocab"].items() if word not in special}
    ranks = {_bytes(word): rank for word, rank in vocabulary.items()}
    digits = file["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"]
    return tiktoken.Encoding(folder.name, pat_str=f"{digits}|{_WORDS}", mergeable_ranks=ranks, special_tokens=special)


def _bytes(word: str) -> bytes:
    return bytes(_byte_of()[character] for character in word)


@cache
def _byte_of() -> dict[str, int]:
    """Which byte each character of a byte-level vocabulary stands for: itself where it prints, else one from U+0100."""
    printing = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = (byte for byte in range(256) if byte not in printing)
    return {chr(byte): byte for byte in printing} | {chr(0x100 + i): byte for i, byte in enumerate(others)}
