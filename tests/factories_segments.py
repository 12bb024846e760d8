"""Expressions and tables made up for tests of segments."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.profile.segments.evaluate import Column, Entries, Numbers, Words
from app.profile.segments.fields import Field, Values, catalogue
from app.profile.segments.parse import parse
from app.profile.segments.plan import Plan, Wanted
from app.profile.segments.resolve import Scope, resolve
from app.profile.segments.times import Clock
from app.profile.segments.tree import Ago, And, AnyOf, Comparison, Not, Number, Or, Ref, Tree, Word

AS_OF = datetime(2026, 3, 18, 4, 30, tzinfo=UTC)  # a Wednesday, 12:30 in Shanghai
SHANGHAI = ZoneInfo("Asia/Shanghai")
VALUES = Values(
    {
        "topic": {"baby_care": ("母婴用品", "baby care", "母婴"), "travel": ("旅行出游",), "pets": ()},
        "event_kind": {"order": (), "cart_add": ()},
        "hour": {"21": ()},
    }
)
SCOPE = Scope(catalogue(), VALUES, Clock(AS_OF, SHANGHAI), 100)


def a_plan(expression: str) -> Plan:
    return resolve(parse(expression), SCOPE)


class Rows:
    """A table of columns given by name; list entries by list."""

    def __init__(
        self,
        size: int,
        columns: dict[str, Column],
        lists: dict[str, Entries] | None = None,
        dear: frozenset[str] = frozenset(),
    ) -> None:
        self.size, self._columns, self._lists, self.dear = size, columns, lists or {}, dear

    def column(self, wanted: Wanted) -> Column:
        return self._columns[wanted.field]

    def entries(self, listing: str) -> Entries:
        return self._lists[listing]

    def is_dear(self, name: str) -> bool:
        return name in self.dear

    def among(self, rows: NDArray[np.int64]) -> "Rows":
        columns = {
            name: Numbers(column.values[rows])
            if isinstance(column, Numbers)
            else Words(column.codes[rows], column.names)
            for name, column in self._columns.items()
        }
        return Rows(len(rows), columns, self._lists, self.dear)

    def with_dear(self, *names: str) -> "Rows":
        """The same table, in which these columns are better read for few."""
        return Rows(self.size, self._columns, self._lists, frozenset(names))


def numbers(*values: float | None) -> Numbers:
    return Numbers(np.array([np.nan if value is None else value for value in values], np.float64))


def words(*values: str | None) -> Words:
    names = tuple(dict.fromkeys(value for value in values if value is not None))
    return Words(np.array([-1 if value is None else names.index(value) for value in values], np.int32), names)


TEXTS = st.text(max_size=12)
_NAMES = st.one_of(
    st.sampled_from(["orders", "rfm", "shift.since", "流失", "a-b", "x1"]),
    st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True),
).filter(lambda name: name not in ("and", "or", "not", "in", "between", "is", "contains", "any"))
_VALUES = st.one_of(
    st.builds(Number, st.floats(allow_nan=False, allow_infinity=False)),
    st.builds(Word, TEXTS),
    st.builds(Ago, st.integers(0, 99_999), st.sampled_from(["h", "d", "w", "mo", "y"])),
)
_REFS = st.builds(Ref, _NAMES, st.lists(st.builds(Word, TEXTS), max_size=2).map(tuple))
_TESTS = st.one_of(
    st.builds(
        Comparison, _REFS, st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "contains"]), _VALUES.map(lambda v: (v,))
    ),
    st.builds(Comparison, _REFS, st.just("in"), st.lists(_VALUES, min_size=1, max_size=4).map(tuple)),
    st.builds(Comparison, _REFS, st.just("between"), st.tuples(_VALUES, _VALUES)),
    st.builds(Comparison, _REFS, st.sampled_from(["is known", "is unknown", "holds"])),
)


def _joined(parts: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    several = st.lists(parts, min_size=2, max_size=4).map(tuple)
    return st.one_of(
        st.builds(And, several), st.builds(Or, several), st.builds(Not, parts), st.builds(AnyOf, _NAMES, parts)
    )


TREES: st.SearchStrategy[Tree] = st.recursive(_TESTS, _joined, max_leaves=12)


def _test_of(field: Field) -> st.SearchStrategy[str]:
    """Tests that this field allows."""
    name = field.name if not field.argument else field.example.split(")")[0] + ")"
    known = st.sampled_from([f"{name} is known", f"{name} is unknown"])
    match field.type:
        case "word":
            values = VALUES.ids(field.values) if field.values else ("a", "b")
            return st.one_of(
                known, st.sampled_from([f'{name} {op} "{value}"' for op in ("=", "!=") for value in values])
            )
        case "flag":
            return st.one_of(known, st.just(name), st.just(f"{name} = false"))
        case "moment":
            return st.one_of(
                known,
                st.sampled_from(
                    [f"{name} {op} {t}" for op in ("<", ">=", "=") for t in ("today", "30d ago", "2026-01-05")]
                ),
            )
        case "share":
            return st.one_of(known, st.floats(0, 1).map(lambda value: f"{name} >= {value!r}"))
    return st.one_of(known, st.integers(-5, 5).map(lambda value: f"{name} <= {value}"))


FIELDS = tuple(
    field for field in catalogue().fields.values() if field.argument != ("any",) and field.name not in ("count",)
)
MEANINGFUL = st.recursive(
    st.sampled_from(FIELDS).flatmap(_test_of),
    lambda parts: st.one_of(
        st.tuples(parts, parts).map(" and ".join).map("({})".format),
        st.tuples(parts, parts).map(" or ".join).map("({})".format),
        parts.map("not {}".format),
    ),
    max_leaves=8,
)
"""Expressions that can be resolved."""


@st.composite
def tables(draw: st.DrawFn) -> Rows:
    """Any column of every field, with unknown values in it."""
    size = draw(st.integers(0, 5))
    columns: dict[str, Column] = {}
    for field in FIELDS:
        if field.type == "word":
            values = VALUES.ids(field.values) if field.values else ("a", "b")
            columns[field.name] = words(*draw(st.lists(st.sampled_from([None, *values]), min_size=size, max_size=size)))
        else:
            of = st.one_of(st.none(), st.floats(-1e16, 1e16))
            columns[field.name] = numbers(*draw(st.lists(of, min_size=size, max_size=size)))
    return Rows(size, columns)
