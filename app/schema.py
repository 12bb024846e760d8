"""The base of every type that a stage publishes, and the few words that all stages share."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Lang = Literal["zh", "en"]
"""The two languages of every answer; both go through the same code and differ only in wording files."""


class Frozen(BaseModel):
    """An immutable value. Unknown fields are refused; field docstrings become schema descriptions."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
