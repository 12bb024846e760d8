"""What every model that we make shares: the tokenizer, the Qwen3 shape, the chat template, the folder on disk.

Runs in .venv-vllm: nothing of the product is imported here but the standard library, torch, tokenizers, transformers.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

PAD, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
"""The only special tokens. Text of customers cannot hold them: `app.llm.prompts.as_data` widens its angle brackets."""

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""One block a turn, ended by <|im_end|>, which also ends an answer."""

MARK = "understory.json"
"""The file beside the weights that says what a folder serves."""


def train_tokenizer(texts: Iterable[str], vocab_size: int, *, digits: int = 1) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer of `texts`: it knows every byte, so nothing is unknown.

    Up to `digits` digits, counted from the left of a number, may become one token.
    """
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(rf"\d{{1,{digits}}}"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[PAD, START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=24,
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[START],
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def qwen3_config(
    tokenizer: PreTrainedTokenizerFast,
    *,
    hidden: int,
    layers: int,
    heads: int,
    kv_heads: int,
    head_dim: int = 32,
    feed_forward: int | None = None,
    positions: int = 4096,
) -> Qwen3Config:
    """The shape of a Qwen3 with tied embeddings; `hidden` and `feed_forward` are widths, `positions` tokens.

    vLLM's CPU attention takes a `head_dim` that is a multiple of 32.
    """
    return Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=feed_forward or 3 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        head_dim=head_dim,
        max_position_embeddings=positions,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def save_model(
    folder: Path,
    model: Qwen3ForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    *,
    rung: Literal["small", "large"],
    name: str,
) -> None:
    """Write what vLLM serves and, last, `understory.json`: a folder with that file is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).unlink(missing_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _inline_template(folder)
    (folder / MARK).write_text(json.dumps({"rung": rung, "name": name}) + "\n", encoding="utf-8")


def _inline_template(folder: Path) -> None:
    """One place for the chat template: tokenizer_config.json, where every server looks."""
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    path.write_text(json.dumps({**config, "chat_template": CHAT_TEMPLATE}, indent=2) + "\n", encoding="utf-8")
