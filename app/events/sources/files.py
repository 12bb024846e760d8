"""Rows of a CSV, JSONL or Parquet file, each with the line number that a person would look for.

A row that cannot be read is yielded with its reason; a file that cannot be read at all raises InvalidInput.
"""

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from app.errors import InvalidInput

Row = dict[str, Any]
MAX_CELL = 16 * 1024 * 1024
"""Characters that one CSV cell may hold."""


class RawRow(NamedTuple):
    """One row: its values, or the reason why there are none."""

    line: int
    values: Row
    fault: str | None = None


class Table(NamedTuple):
    """A file opened for reading: its columns (None when each row names its own) and its rows."""

    columns: tuple[str, ...] | None
    rows: Iterator[RawRow]


def read_table(path: Path, suffix: str = "") -> Table:
    """Open by suffix: .csv, .tsv, .jsonl, .ndjson or .parquet; `suffix` overrides that of the file's name."""
    if not path.is_file():
        raise InvalidInput(f"no such file: {path}")
    kind = suffix or path.suffix.lower()
    match kind:
        case ".parquet":
            return _parquet(path)
        case ".csv" | ".tsv":
            return _csv(path, "\t" if kind == ".tsv" else ",")
        case ".jsonl" | ".ndjson":
            return Table(None, _jsonl(path))
        case other:
            raise InvalidInput(f"{path.name}: unknown file type {other!r}; use .csv, .tsv, .jsonl or .parquet")


def _parquet(path: Path) -> Table:
    import polars as pl

    try:
        frame = pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidInput(f"{path.name} is not a readable Parquet file ({str(error).splitlines()[0]})") from None
    rows = (RawRow(n, row) for n, row in enumerate(frame.iter_rows(named=True), start=1))
    return Table(tuple(frame.columns), rows)


def _csv(path: Path, delimiter: str) -> Table:
    encoding = _encoding(path)
    csv.field_size_limit(MAX_CELL)
    try:
        with path.open(encoding=encoding, newline="") as head:
            columns = next(csv.reader(head, delimiter=delimiter), None)
    except csv.Error as error:
        raise InvalidInput(f"{path.name}: the first line is not a CSV header ({error})") from None
    if not columns:
        raise InvalidInput(f"{path.name} is empty: the first line must name the columns")
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise InvalidInput(f"{path.name} has the column(s) {', '.join(twice)} more than once; name each column once")
    return Table(tuple(columns), _csv_rows(path, encoding, delimiter, columns))


class _Lines:
    """Physical lines, with those of the present row kept, so that a broken row can be given back but for its first."""

    def __init__(self, stream: Iterator[str]) -> None:
        self._stream, self._again = stream, deque[str]()
        self.number = 1
        """Of the first line of the present row."""
        self.taken: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._stream)
        self.taken.append(line)
        return line

    def begin(self) -> None:
        """A new row starts."""
        self.number += len(self.taken)
        self.taken = []

    def give_up_first(self) -> str:
        """Give back all lines of the row but the first, which is returned."""
        first, *rest = self.taken
        self._again.extendleft(reversed(rest))
        self.taken = [first]
        return first.rstrip("\r\n")


def _csv_rows(path: Path, encoding: str, delimiter: str, columns: list[str]) -> Iterator[RawRow]:
    """Rows by their first line. A quote that never closes costs its own line; no text in a cell becomes a row."""
    with path.open(encoding=encoding, newline="") as stream:
        lines = _Lines(stream)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        next(reader)
        while True:
            lines.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raw = lines.give_up_first() if "end of data" in str(error) else "".join(lines.taken)
                yield RawRow(lines.number, {"raw": raw}, f"broken CSV: {error}")
                reader = csv.reader(lines, delimiter=delimiter, strict=True)
                continue
            if len(cells) == len(columns):
                yield RawRow(lines.number, dict(zip(columns, cells, strict=True)))
            elif cells:
                fault = f"wrong number of columns: {len(cells)} where the header has {len(columns)}"
                yield RawRow(lines.number, {"cells": cells}, fault)


def _encoding(path: Path) -> str:
    """UTF-8 with or without BOM, else GB18030 (which contains GBK and GB2312)."""
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as stream:
                while block := stream.read(1 << 20):
                    decoder.decode(block)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise InvalidInput(f"{path.name} is neither UTF-8 nor GB18030; save it as UTF-8")


def _jsonl(path: Path) -> Iterator[RawRow]:
    decoder = msgspec.json.Decoder()
    with path.open("rb") as stream:
        for n, raw in enumerate(stream, start=1):
            line = raw.removeprefix(codecs.BOM_UTF8) if n == 1 else raw
            if not line.strip():
                continue
            text = line.decode(errors="replace").strip()
            try:
                values = decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                yield RawRow(n, {"raw": text}, f"broken JSON: {error}")
                continue
            if isinstance(values, dict):
                yield RawRow(n, values)
            else:
                yield RawRow(n, {"raw": text}, "not a JSON object: each line must be one")
