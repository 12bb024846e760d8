"""A plan over columns: for each customer yes, no, or neither where something that matters is not known.

Kleene's three values (Introduction to Metamathematics, 1952, section 64): what is unknown never matches, nor does its
opposite; only `is known` and `is unknown` speak of it. Whole columns are compared at once.
"""

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from app.profile.segments.fields import key_of
from app.profile.segments.plan import All, Contains, Either, Exists, Known, OneOf, Opposite, Plan, Wanted, Within
from app.text.normalise import normalise

Bools = NDArray[np.bool_]


class Numbers(NamedTuple):
    """A column of numbers, amounts in minor units, moments in microseconds, or flags as 1 and 0; NaN is unknown."""

    values: NDArray[np.float64]


class Words(NamedTuple):
    """A column of words: places in `names`; -1 is unknown."""

    codes: NDArray[np.int32]
    names: tuple[str, ...]


Column = Numbers | Words


class Table(Protocol):
    """Where columns come from."""

    @property
    def size(self) -> int:
        """How many rows there are."""
        ...

    def column(self, wanted: Wanted) -> Column:
        """One column, with as many values."""
        ...

    def entries(self, listing: str) -> "Entries":
        """The entries of a list of all rows."""
        ...

    def is_dear(self, name: str) -> bool:
        """Whether a field or list takes long to read, so that it is better read for few rows only."""
        ...

    def among(self, rows: NDArray[np.int64]) -> "Table":
        """Some of the rows."""
        ...


class Entries(NamedTuple):
    """Rows that belong to rows of another table."""

    owner: NDArray[np.int64]
    """The row that each belongs to."""
    table: Table


class Verdict(NamedTuple):
    """Who is so, and who is not; whoever is neither is unknown."""

    yes: Bools
    no: Bools


def evaluate(plan: Plan, table: Table) -> Verdict:
    """The verdict for every row. Total: every plan has one over every table."""
    match plan:
        case All(parts):
            return _all(parts, table)
        case Either(parts):
            return _opposite(reduce(_both, (_opposite(evaluate(part, table)) for part in parts)))
        case Opposite(part):
            return _opposite(evaluate(part, table))
        case Exists(listing, part):
            return _exists(evaluate(part, (found := table.entries(listing)).table), found.owner, table.size)
        case Within(column):
            return _within(plan, table.column(column))
        case OneOf(column, keys):
            return _named(table.column(column), lambda name: key_of(name) in keys)
        case Contains(column, text):
            return _named(table.column(column), lambda name: text in normalise(name))
        case Known(column):
            known = _known(table.column(column))
            return Verdict(known, ~known)


def _all(parts: Sequence[Plan], table: Table) -> Verdict:
    """What is dear comes last, and is asked of those only whom nothing else has ruled out."""
    found: Verdict | None = None
    for part in sorted(parts, key=lambda part: _is_dear(part, table)):
        if found is None:
            found = evaluate(part, table)
        elif _is_dear(part, table):
            found = _both(found, _among(part, table, np.flatnonzero(~found.no)))
        else:
            found = _both(found, evaluate(part, table))
    if found is None:
        raise ValueError("a plan joins at least one part")
    return found


def _among(plan: Plan, table: Table, rows: NDArray[np.int64]) -> Verdict:
    """The verdict of some rows; of the others nothing is said."""
    found, yes, no = evaluate(plan, table.among(rows)), np.zeros(table.size, np.bool_), np.zeros(table.size, np.bool_)
    yes[rows], no[rows] = found
    return Verdict(yes, no)


def _is_dear(plan: Plan, table: Table) -> bool:
    match plan:
        case All(parts) | Either(parts):
            return any(_is_dear(part, table) for part in parts)
        case Opposite(part):
            return _is_dear(part, table)
        case Exists(listing):
            return table.is_dear(listing)
    return table.is_dear(plan.column.field)


def _both(one: Verdict, other: Verdict) -> Verdict:
    return Verdict(one.yes & other.yes, one.no | other.no)


def _opposite(found: Verdict) -> Verdict:
    return Verdict(found.no, found.yes)


def _exists(found: Verdict, owner: NDArray[np.int64], size: int) -> Verdict:
    """Yes with one entry that is so, else no: what an entry leaves out does not match, and no entry is hidden."""
    yes = np.zeros(size, np.bool_)
    yes[owner[found.yes]] = True
    return Verdict(yes, ~yes)


def _within(wanted: Within, column: Column) -> Verdict:
    values = _numbers(column)
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        low = values > wanted.low if wanted.above else values >= wanted.low
        high = values < wanted.high if wanted.below else values <= wanted.high
    yes = low & high & known
    return Verdict(yes, known & ~yes)


class _Rule(Protocol):
    def __call__(self, name: str, /) -> bool: ...


def _named(column: Column, rule: _Rule) -> Verdict:
    codes, names = _words(column)
    known, fits = codes >= 0, np.array([*map(rule, names), False])
    yes = fits[codes]  # -1, the unknown, finds the False at the end
    return Verdict(yes, known & ~yes)


def _known(column: Column) -> Bools:
    return ~np.isnan(column.values) if isinstance(column, Numbers) else column.codes >= 0


def _numbers(column: Column) -> NDArray[np.float64]:
    if not isinstance(column, Numbers):
        raise TypeError("a column of words is not compared as numbers: the field's type and its reader differ")
    return column.values


def _words(column: Column) -> Words:
    if not isinstance(column, Words):
        raise TypeError("a column of numbers is not compared as words: the field's type and its reader differ")
    return column
