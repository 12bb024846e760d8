"""Attention over packed rows: each example sees the shared beginning and itself, and nothing of its neighbours.

Runs in .venv-vllm.
"""

from collections.abc import Sequence

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from evals.train.packing import Span

NAME = "packed"
"""The `attn_implementation` under which transformers finds it; the model is called with `spans=`."""


def register() -> None:
    """Make the name known to transformers."""
    AttentionInterface.register(NAME, packed)


def packed(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    spans: Sequence[Span],
    scaling: float,
    **_: object,
) -> tuple[torch.Tensor, None]:
    """softmax(q k^T * scaling) v, span by span. Shapes [1, heads, tokens, d] in, [1, tokens, heads, d] out."""
    shared = spans[0][1]
    told = []
    for start, end in spans:
        held = torch.arange(shared) if start else torch.arange(0)
        seen = torch.cat([held, torch.arange(start, end)])
        mask = torch.ones(end - start, len(seen), dtype=torch.bool).tril(len(held))
        told.append(
            scaled_dot_product_attention(
                query[:, :, start:end],
                key[:, :, seen],
                value[:, :, seen],
                attn_mask=mask,
                scale=scaling,
                enable_gqa=True,
            )
        )
    return torch.cat(told, dim=2).transpose(1, 2).contiguous(), None
