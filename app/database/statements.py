"""Statements for paths where every microsecond counts: plain tuples in and out, the same on SQLite and PostgreSQL.

SQL is written with `?` for each value; the driver's own mark is put in. What is not hot uses SQLAlchemy's own
expressions, which know the column types; here moments are microseconds (`to_micros`).
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table

Value = str | int | float | bytes | None
_MOST = 512
"""Values in one IN list."""


def query(connection: Connection, sql: str, values: Sequence[Value] = ()) -> list[tuple[Any, ...]]:
    """All rows of a SELECT."""
    result = connection.exec_driver_sql(_marked(sql, connection.dialect.paramstyle), tuple(values))
    rows = list(result.cursor.fetchall()) if result.cursor else []  # the driver's own tuples: no row objects
    result.close()
    return rows


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
    """Add rows whose values come in the order of the table's columns."""
    execute_each(connection, _insert(table), rows)


def upsert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Value, ...]]) -> None:
    """The same for rows whose primary key may be there already: these are replaced."""
    execute_each(connection, _upsert(table), rows)


@lru_cache(maxsize=512)
def _marked(sql: str, paramstyle: str) -> str:
    return sql if paramstyle == "qmark" else sql.replace("?", "%s")


@lru_cache(maxsize=64)
def _insert(table: Table) -> str:
    columns = [column.name for column in table.columns]
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


@lru_cache(maxsize=64)
def _upsert(table: Table) -> str:
    keys = [column.name for column in table.primary_key]
    others = [f"{c.name} = excluded.{c.name}" for c in table.columns if c.name not in keys]
    outcome = f"UPDATE SET {', '.join(others)}" if others else "NOTHING"
    return f"{_insert(table)} ON CONFLICT ({', '.join(keys)}) DO {outcome}"
