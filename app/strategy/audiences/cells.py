"""Values as they are believed -> columns as expressions compare them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from app.database.types import to_micros
from app.profile.segments.evaluate import Column, Numbers, Words
from app.profile.segments.fields import FieldType

Cell = str | float | datetime | None
"""One value; None is unknown. Amounts are minor units, flags True and False."""

_UNKNOWN = float("nan")


def column_of(values: Iterable[Cell], kind: FieldType) -> Column:
    """The column of a field's type."""
    return words_of(values) if kind == "word" else numbers_of(values)


def numbers_of(values: Iterable[Cell]) -> Numbers:
    """Numbers, amounts, moments and flags."""
    return Numbers(np.array([_number(value) for value in values], np.float64))


def words_of(values: Iterable[Cell]) -> Words:
    """Words, each kept once."""
    places: dict[str, int] = {}
    codes = [-1 if value is None else places.setdefault(str(value), len(places)) for value in values]
    return Words(np.array(codes, np.int32), tuple(places))


def told(column: Words) -> Sequence[str | None]:
    """The words of a column, row by row."""
    names = (*column.names, None)
    return [names[code] for code in column.codes]


def cells_of(column: Column, rows: NDArray[np.int64]) -> list[Cell]:
    """The values of some rows; moments stay the numbers that they are."""
    if isinstance(column, Words):
        names = (*column.names, None)
        return [names[code] for code in column.codes[rows]]
    return [None if np.isnan(value) else float(value) for value in column.values[rows]]


def taken(column: Column, rows: NDArray[np.int64]) -> Column:
    """The column of some rows."""
    if isinstance(column, Words):
        return Words(column.codes[rows], column.names)
    return Numbers(column.values[rows])


def values_of(column: Column) -> NDArray[np.float64]:
    """The numbers of a column; TypeError for one of words: a field's type and its reader differ."""
    if not isinstance(column, Numbers):
        raise TypeError("a column of words has no numbers")
    return column.values


def words_in(column: Column) -> Words:
    """A column of words as such; TypeError for one of numbers."""
    if not isinstance(column, Words):
        raise TypeError("a column of numbers has no words")
    return column


def _number(value: Cell) -> float:
    if value is None:
        return _UNKNOWN
    return float(to_micros(value)) if isinstance(value, datetime) else float(value)
