"""An expression whose names and values have been looked up: what is to be found in which column."""

from collections.abc import Sequence
from typing import NamedTuple


class Wanted(NamedTuple):
    """A column: a field with its arguments as ids."""

    field: str
    arguments: tuple[str, ...] = ()


class Within(NamedTuple):
    """Numbers, amounts in minor units, moments in microseconds or flags (1, 0) in low <= value <= high."""

    column: Wanted
    low: float
    high: float
    above: bool = False
    """Only values beyond `low`."""
    below: bool = False
    """Only values short of `high`."""


class OneOf(NamedTuple):
    """Words among these, as `key_of` writes them."""

    column: Wanted
    keys: frozenset[str]


class Contains(NamedTuple):
    """Words that hold this text."""

    column: Wanted
    text: str


class Known(NamedTuple):
    """Whether there is a value at all."""

    column: Wanted


class Opposite(NamedTuple):
    """Not."""

    part: "Plan"


class All(NamedTuple):
    """Every one of these."""

    parts: "Sequence[Plan]"


class Either(NamedTuple):
    """At least one of these."""

    parts: "Sequence[Plan]"


class Exists(NamedTuple):
    """One entry of a list that is so."""

    listing: str
    part: "Plan"


Comparison = Within | OneOf | Contains | Known
Plan = Comparison | Opposite | All | Either | Exists
