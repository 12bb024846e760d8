"""The base of every type that a stage publishes, and the few words that all stages share."""

from functools import cache
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

Lang = Literal["zh", "en"]
"""The two languages of every answer; both go through the same code and differ only in wording files."""


class Frozen(BaseModel):
    """An immutable value. Unknown fields are refused; field docstrings become schema descriptions."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @classmethod
    def unchecked(cls, **said: Any) -> Self:
        """A value of fields that our own code worked out, at a third of the price of checking them once more.

        Nothing that came from outside may be made so. What is not said has its default.
        """
        unsaid, names = _fields_of(cls)
        made = cls.__new__(cls)
        _put(made, "__dict__", unsaid | said)
        _put(made, "__pydantic_fields_set__", names)
        _put(made, "__pydantic_extra__", None)
        _put(made, "__pydantic_private__", None)
        return made


_put = object.__setattr__


@cache
def _fields_of(of: type[Frozen]) -> tuple[dict[str, Any], set[str]]:
    """The defaults of a type's fields, in their order, and their names."""
    return {name: field.default for name, field in of.model_fields.items()}, set(of.model_fields)
