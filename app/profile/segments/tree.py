"""An expression as it was written: names and values are still words, and nothing has been looked up.

`parse(render(tree)) == tree` for every tree; `at` (the place in the text, from 0) does not count.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Unit = Literal["h", "d", "w", "mo", "y"]
"""Hours, days, weeks, months, years."""
Op = Literal["=", "!=", "<", "<=", ">", ">=", "in", "between", "contains", "is known", "is unknown", "holds"]
"""`holds` is a bare yes-or-no field; `not in` is the negation of `in`."""


@dataclass(frozen=True)
class Number:
    """A plain number; `60%` is 0.6."""

    value: float
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Word:
    """A bare or quoted word: a class, a topic, a date, any text."""

    text: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Ago:
    """So long before the moment that is asked about."""

    number: int
    unit: Unit
    at: int = field(default=0, compare=False)


Value = Number | Word | Ago


@dataclass(frozen=True)
class Ref:
    """A field with its arguments: `churn_risk`, `interest(baby_care)`."""

    name: str
    arguments: tuple[Word, ...] = ()
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Comparison:
    """One comparison."""

    ref: Ref
    op: Op
    values: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Not:
    """The opposite; what is unknown stays unknown."""

    part: "Tree"


@dataclass(frozen=True)
class And:
    """All of at least two."""

    parts: "Sequence[Tree]"


@dataclass(frozen=True)
class Or:
    """Any of at least two."""

    parts: "Sequence[Tree]"


@dataclass(frozen=True)
class AnyOf:
    """Whether one entry of a list (shift, signal, ...) meets all that the part asks of it."""

    listing: str
    part: "Tree"
    at: int = field(default=0, compare=False)


Tree = Comparison | Not | And | Or | AnyOf
