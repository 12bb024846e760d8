"""What an operator says about a served model: how it is asked, how much at once, what it may cost."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from app.schema import Frozen

Price = Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False, decimal_places=6)]


class ModelSettings(Frozen):
    """One served model. What is not said here is left to the prompt and to the server."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """In place of the temperature of every prompt."""
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of the likeliest words that are drawn from."""
    seed: int | None = None
    """In place of the seed of every prompt."""
    max_tokens: Annotated[int, Field(ge=16, le=8192)] | None = None
    """In place of the longest answer of every prompt, in tokens."""
    thinking: bool | None = None
    """Sent as the chat template's `enable_thinking`, which Qwen3 and its like know; None sends nothing."""
    thinking_tokens: Annotated[int, Field(ge=0, le=8192)] = 2048
    """Tokens that thinking may take on top of the answer's, when it is on."""
    context_length: Annotated[int, Field(ge=256, le=10_000_000)] | None = None
    """Tokens of prompt and answer together that the server takes; a question that is longer is not sent."""
    timeout_s: Annotated[float, Field(gt=0, le=120)] | None = None
    """Seconds that one call may take, within the deadline of the whole question."""
    calls_at_once: Annotated[int, Field(ge=1, le=1000)] = 16
    """Calls in flight; more wait for their turn."""
    calls_waiting: Annotated[int, Field(ge=0, le=1000)] = 8
    """Calls that wait; more are answered by the next rung at once."""
    prompt_price: Price = Decimal(0)
    """What a million prompt tokens cost, in the one currency that an operator counts in."""
    completion_price: Price = Decimal(0)
    """What a million tokens of answers cost."""

    def cost_micros(self, prompt_tokens: int, completion_tokens: int) -> int:
        """Millionths of the currency, rounded up: a price per million tokens is one per token in millionths."""
        exact = prompt_tokens * self.prompt_price + completion_tokens * self.completion_price
        return int(exact.to_integral_value("ROUND_CEILING"))


def read_models(given: object) -> object:
    """What UNDERSTORY_MODELS holds, parsed: JSON, or the name of a file with JSON. ValueError says what is wrong."""
    if not isinstance(given, str):
        return given
    text = given.strip()
    if not text:
        return {}
    try:
        return json.loads(text if text.startswith("{") else Path(text).expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"neither JSON nor a file that can be read: {error.strerror}: {text[:80]!r}") from None
    except ValueError as error:
        raise ValueError(f'it is not JSON like {{"NAME": {{"thinking": false}}}}: {error}') from None


Models = Annotated[dict[str, ModelSettings], BeforeValidator(read_models)]
"""Settings of models by the name under which they are served."""
