"""What decides a training run beside its pairs, and how the rate of learning rises and falls."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What decides the run, beside the pairs."""

    seed: int = 7
    vocabulary: int = 6144
    hidden: int = 256
    feed_forward: int = 512
    layers: int = 6
    heads: int = 8
    kv_heads: int = 4
    steps: int = 3300
    batch_tokens: int = 100
    """Tokens of claims a step, for every claim that a question may show: many small steps while questions are short."""
    most_tokens: int = 1200
    """But no more than this."""
    row_tokens: int = 1400
    rate: float = 1.5e-3
    warm_up: int = 50
    cool_down: float = 0.6
    """Share of the steps over which the rate falls to nothing (half a cosine) and questions of any length are asked."""
    reading: float = 0.5
    """Weight of the loss on reading (`reader.py`)."""
    first_level: int = 4
    """Claims a question may show at first."""
    rise_at: float = 0.75
    """Share of claims named right, over RECENT steps, at which one more claim is allowed."""


def left(step: int, settings: Settings) -> float:
    """How much of the cooling down lies ahead: 1 and more before it, 0 at the end."""
    return (settings.steps - step) / max(settings.steps * settings.cool_down, 1)


def share_of_rate(step: int, settings: Settings) -> float:
    """A linear rise, a level stretch, half a cosine down to nothing."""
    falling = 0.5 - 0.5 * math.cos(math.pi * min(left(step, settings), 1.0))
    return min((step + 1) / settings.warm_up, 1.0) * falling
