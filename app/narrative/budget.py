"""How long a narrative may be."""

from typing import Final

DEFAULT_TOKENS: Final = 900
"""Size of a whole narrative, as `app/llm/tokens.py` counts it."""
