"""Statements for paths where every microsecond counts: plain tuples in and out, the same on SQLite and PostgreSQL.

SQL is written with `?` for each value; the driver's own mark is put in. What is not hot uses SQLAlchemy's own
expressions, which know the column types; here moments are microseconds (`to_micros`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

Value = str | int | float | bytes | None
_MOST = 512
"""Values in one IN list."""
_ROWS = 128
"""Rows in one statement."""


def query(connection: Connection, sql: str, values: Sequence[Value] = ()) -> list[tuple[Any, ...]]:
    """All rows of a SELECT."""
    result = connection.exec_driver_sql(_marked(sql, connection.dialect.paramstyle), tuple(values))
    rows = list(result.cursor.fetchall()) if result.cursor else []  # the driver's own tuples: no row objects
    result.close()
    return rows


def pieces(
    connection: Connection, sql: str, values: Sequence[Value] = (), *, size: int = 50_000
) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a SELECT, some at a time: for results that are better not held as objects all at once."""
    result = connection.exec_driver_sql(_marked(sql, connection.dialect.paramstyle), tuple(values))
    cursor = result.cursor
    while cursor and (rows := cursor.fetchmany(size)):
        yield list(rows)
    result.close()


def execute(connection: Connection, sql: str, values: Sequence[Value] = ()) -> None:
    """A statement that gives nothing back."""
    connection.exec_driver_sql(_marked(sql, connection.dialect.paramstyle), tuple(values))


def execute_each(connection: Connection, sql: str, rows: Sequence[tuple[Value, ...]]) -> None:
    """A statement for every row of values."""
    if rows:
        connection.exec_driver_sql(_marked(sql, connection.dialect.paramstyle), list(rows))


def select_in(
    connection: Connection, sql: str, values: Sequence[Value], wanted: Sequence[Value]
) -> Iterator[tuple[Any, ...]]:
    """Rows of a SELECT that ends in `... IN`, for any number of wanted values; nothing for none.

    Lists are filled up to powers of two by repeating the last value, so that few different statements are prepared.
    """
    for start in range(0, len(wanted), _MOST):
        chunk = tuple(wanted[start : start + _MOST])
        size = 1 << (len(chunk) - 1).bit_length()
        marks = ",".join("?" * size)
        yield from query(connection, f"{sql} ({marks})", (*values, *chunk, *chunk[-1:] * (size - len(chunk))))


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Value, ...]]) -> None:
    """Add rows whose values come in the order of the table's columns.

    Many rows go into one statement: the driver lets other threads run at every statement, and getting the
    interpreter back from a busy one takes longer than many rows do.
    """
    for shape, alike in _alike(table, rows).items():
        for chunk in _chunks(alike):
            _execute_rows(connection, _insert(table, shape, len(chunk)), chunk)


def upsert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Value, ...]]) -> None:
    """The same for rows whose primary key may be there already: these are replaced. No key may come twice."""
    for shape, alike in _alike(table, rows).items():
        for chunk in _chunks(alike):
            _execute_rows(connection, _upsert(table, shape, len(chunk)), chunk)


Shape = tuple[bool, ...]
"""Which of a table's nullable columns hold NULL in a row."""


def _alike(table: Table, rows: Sequence[tuple[Value, ...]]) -> Mapping[Shape, Sequence[tuple[Value, ...]]]:
    """Rows by shape. NULL is written into the statement: for sqlite3 a None costs as much as three strings."""
    nullable = _nullable(table)
    if not nullable:
        return {(): rows}
    found: dict[Shape, list[tuple[Value, ...]]] = defaultdict(list)
    for row in rows:
        found[tuple([row[place] is None for place in nullable])].append(row)
    return found


def _chunks(rows: Sequence[tuple[Value, ...]]) -> Iterator[Sequence[tuple[Value, ...]]]:
    """Powers of two, so that few different statements are prepared."""
    start, rest = 0, len(rows)
    while rest:
        size = min(_ROWS, 1 << (rest.bit_length() - 1))
        yield rows[start : start + size]
        start, rest = start + size, rest - size


def _execute_rows(connection: Connection, sql: str, rows: Sequence[tuple[Value, ...]]) -> None:
    """Straight to the driver: SQLAlchemy's own way with thousands of values takes longer than the database's."""
    marked = _marked(sql, connection.dialect.paramstyle)
    errors = connection.dialect.loaded_dbapi.Error
    cursor = connection.connection.cursor()
    try:
        cursor.execute(marked, [value for row in rows for value in row if value is not None])
    except errors as error:
        raise DBAPIError.instance(marked, None, error, errors, dialect=connection.dialect) from error
    finally:
        cursor.close()


@lru_cache(maxsize=512)
def _marked(sql: str, paramstyle: str) -> str:
    return sql if paramstyle == "qmark" else sql.replace("?", "%s")


@lru_cache(maxsize=64)
def _nullable(table: Table) -> tuple[int, ...]:
    return tuple(place for place, column in enumerate(table.columns) if column.nullable)


@lru_cache(maxsize=1024)
def _insert(table: Table, shape: Shape, rows: int) -> str:
    columns = [column.name for column in table.columns]
    empty = {place for place, null in zip(_nullable(table), shape, strict=True) if null}
    row = f"({', '.join('NULL' if place in empty else '?' for place in range(len(columns)))})"
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES {', '.join([row] * rows)}"


@lru_cache(maxsize=1024)
def _upsert(table: Table, shape: Shape, rows: int) -> str:
    keys = [column.name for column in table.primary_key]
    others = [f"{c.name} = excluded.{c.name}" for c in table.columns if c.name not in keys]
    outcome = f"UPDATE SET {', '.join(others)}" if others else "NOTHING"
    return f"{_insert(table, shape, rows)} ON CONFLICT ({', '.join(keys)}) DO {outcome}"
