"""All customers of a workspace at one moment as columns, each read when it is first asked for and then kept.

A column is worked out by the same functions that a single profile is made with, from the parts of the stored states
that it needs; nothing else of them is read.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from threading import RLock
from typing import Any, NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from app.identity.schemas import Bonds
from app.predict.fitted import Estimates
from app.profile.fold import State
from app.profile.parts import Parts
from app.profile.segments.evaluate import Column, Entries, Words
from app.profile.segments.fields import Field, catalogue
from app.profile.segments.plan import Wanted
from app.profile.wants.likeness import Likeness
from app.strategy.audiences.cells import Cell, column_of, values_of, words_in
from app.text.taxonomy import Taxonomy

T = TypeVar("T")


class Sources(Protocol):
    """Where the facts about all customers come from."""

    def parts(self, names: tuple[str, ...]) -> Iterable[Parts]:
        """These parts of every customer's state as it stood at the moment."""
        ...

    def likeness(self) -> Likeness | None:
        """What customers want, for reading interests."""
        ...

    def estimates(self) -> Estimates:
        """Value and churn."""
        ...

    def bonds(self, customer_ids: Collection[str]) -> Mapping[str, Bonds]:
        """What the consents of these customers need to know of their identity."""
        ...

    def identifiers(self) -> Iterable[tuple[str, str]]:
        """(customer_id, type) of every identifier that is in use."""
        ...


Row = Mapping[str, Cell]
Reader = Callable[["Crowd"], Iterator[tuple[int, Row]]]
"""Rows of values by field, each with the place of its customer."""


class Readers(NamedTuple):
    """How the fields are read."""

    fields: Mapping[str, Reader]
    """Fields without an argument; one reader may give several."""
    asked: Mapping[str, Callable[["Crowd", tuple[str, ...]], Column]]
    """Fields with arguments."""
    lists: Mapping[str, Reader]


class Crowd:
    """Implements `Table` over customers."""

    def __init__(
        self, ids: Sequence[str], *, as_of: datetime, zone: ZoneInfo, taxonomy: Taxonomy, sources: Sources, how: Readers
    ) -> None:
        """`ids` are sorted; every column has a row for each of them."""
        self.ids, self.as_of, self.zone, self.taxonomy, self.sources = tuple(ids), as_of, zone, taxonomy, sources
        self.place = {customer_id: row for row, customer_id in enumerate(self.ids)}
        self._how, self._kept, self._making = how, dict[object, Any](), RLock()

    @property
    def size(self) -> int:
        """How many customers there are."""
        return len(self.ids)

    def column(self, wanted: Wanted) -> Column:
        """One column, worked out once."""
        if wanted.arguments:
            ask = self._how.asked[wanted.field]
            return self.once(wanted, lambda: ask(self, wanted.arguments))
        reader = self._how.fields[wanted.field]
        found: Mapping[str, Column] = self.once(reader, lambda: self._columns(reader))
        return found[wanted.field]

    def entries(self, listing: str) -> Entries:
        """The entries of a list of all customers, worked out once."""
        reader = self._how.lists[listing]
        return self.once(reader, lambda: _entries(list(reader(self)), catalogue().lists[listing].fields))

    def each(self, *names: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """(place, parts of the state) of every customer; of whom nothing is stored, as of one who did nothing."""
        missing = set(self.ids)
        for customer_id, _, parts in self.sources.parts(names):
            if (place := self.place.get(customer_id)) is not None:
                missing.discard(customer_id)
                yield place, parts
        empty = State()
        for customer_id in sorted(missing):
            yield self.place[customer_id], tuple(getattr(empty, name) for name in names)

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What `make` gives, made once."""
        with self._making:  # two questions at once wait for one reading
            if key not in self._kept:
                self._kept[key] = make()
            found: T = self._kept[key]
            return found

    def _columns(self, reader: Reader) -> Mapping[str, Column]:
        fields = catalogue().fields
        names = [name for name, other in self._how.fields.items() if other is reader]
        values: dict[str, list[Cell]] = {name: [None] * self.size for name in names}
        for place, row in reader(self):
            for name, value in row.items():
                values[name][place] = value
        return {name: column_of(cells, fields[name].type) for name, cells in values.items()}


def numbers(crowd: Crowd, name: str) -> NDArray[np.float64]:
    """A column of numbers."""
    return values_of(crowd.column(Wanted(name)))


def words(crowd: Crowd, name: str) -> Words:
    """A column of words."""
    return words_in(crowd.column(Wanted(name)))


class _Sheet(NamedTuple):
    """Columns of entries; they have no lists of their own."""

    size: int
    columns: Mapping[str, Column]

    def column(self, wanted: Wanted) -> Column:
        return self.columns[wanted.field]

    def entries(self, listing: str) -> Entries:
        raise KeyError(f"entries have no list {listing!r}")


def _entries(rows: Sequence[tuple[int, Row]], fields: Mapping[str, Field]) -> Entries:
    columns = {name: column_of([row[name] for _, row in rows], field.type) for name, field in fields.items()}
    return Entries(np.array([place for place, _ in rows], np.int64), _Sheet(len(rows), columns))
