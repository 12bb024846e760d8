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
from app.profile.segments.evaluate import Column, Entries, Table, Words
from app.profile.segments.fields import Field, catalogue
from app.profile.segments.plan import Wanted
from app.profile.wants.likeness import Likeness
from app.strategy.audiences.cells import Cell, column_of, taken, values_of, words_in
from app.text.taxonomy import Taxonomy

T = TypeVar("T")
SOON_READ = 5_000
"""Customers up to which everything is read for all of them: the next question is then answered at once."""


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
    dear: frozenset[str]
    """Fields and lists that take a millisecond a customer, while the others take a hundredth of it."""


class Crowd:
    """Implements `Table` over customers."""

    def __init__(
        self,
        ids: Sequence[str],
        *,
        as_of: datetime,
        zone: ZoneInfo,
        taxonomy: Taxonomy,
        sources: Sources,
        how: Readers,
        soon_read: int = SOON_READ,
    ) -> None:
        """`ids` are sorted; every column has a row for each of them. Up to `soon_read` of them nothing is dear."""
        self.ids, self.as_of, self.zone, self.taxonomy, self.sources = tuple(ids), as_of, zone, taxonomy, sources
        self.place = {customer_id: row for row, customer_id in enumerate(self.ids)}
        self._how, self._kept, self._making = how, dict[object, Any](), RLock()
        self._soon_read = soon_read

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

    def is_dear(self, name: str) -> bool:
        """Whether a field or list is better read for few; what has been read for all is not dear any more."""
        return name in self._how.dear and self.size > self._soon_read and not self._at_hand(name)

    def among(self, rows: NDArray[np.int64]) -> Table:
        """Some of the customers; the last ones asked for are kept."""
        key = ("among", rows.tobytes())
        if key not in self._kept:
            for old in [kept for kept in self._kept if isinstance(kept, tuple) and kept[0] == "among"]:
                del self._kept[old]
        return self.once(key, lambda: self._some(rows))

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

    def _some(self, rows: NDArray[np.int64]) -> "_Some":
        ids = [self.ids[row] for row in rows]
        few = Crowd(ids, as_of=self.as_of, zone=self.zone, taxonomy=self.taxonomy, sources=self.sources, how=self._how)
        return _Some(len(ids), self, rows, few)

    def _at_hand(self, name: str) -> bool:
        reader = self._how.fields.get(name) or self._how.lists.get(name)
        return reader in self._kept or any(isinstance(key, Wanted) and key.field == name for key in self._kept)

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


class _Some(NamedTuple):
    """Some of a crowd: what is dear is read for them only, all else comes from everybody's columns."""

    size: int
    everybody: Crowd
    rows: NDArray[np.int64]
    few: Crowd

    def column(self, wanted: Wanted) -> Column:
        if self.everybody.is_dear(wanted.field):
            return self.few.column(wanted)
        return taken(self.everybody.column(wanted), self.rows)

    def entries(self, listing: str) -> Entries:
        return self.few.entries(listing)

    def is_dear(self, name: str) -> bool:
        return False

    def among(self, rows: NDArray[np.int64]) -> Table:
        return self.everybody.among(self.rows[rows])


class _Sheet(NamedTuple):
    """Columns of entries; they have no lists of their own."""

    size: int
    columns: Mapping[str, Column]

    def column(self, wanted: Wanted) -> Column:
        return self.columns[wanted.field]

    def entries(self, listing: str) -> Entries:
        raise KeyError(f"entries have no list {listing!r}")

    def is_dear(self, name: str) -> bool:
        return False

    def among(self, rows: NDArray[np.int64]) -> "_Sheet":
        return self


def _entries(rows: Sequence[tuple[int, Row]], fields: Mapping[str, Field]) -> Entries:
    columns = {name: column_of([row[name] for _, row in rows], field.type) for name, field in fields.items()}
    return Entries(np.array([place for place, _ in rows], np.int64), _Sheet(len(rows), columns))
