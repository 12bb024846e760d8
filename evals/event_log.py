"""Any log of events on items (Parquet or CSV) -> customers' histories in time order, whatever its columns are called.

Times are read as the product reads them. Rows without customer, item, kind or readable time are counted and left out.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from app.errors import InvalidInput
from app.events.schemas import EventKind
from app.events.sources.segment_names import kind_of
from app.events.timestamps import EARLIEST, LATEST, parse_moment
from app.predict.inputs.tables import is_parquet
from evals.references import KINDS
from evals.shop_statistics import Kind

Ints = NDArray[np.int64]
TimeUnit = Literal["auto", "s", "ms", "us", "ns", "hours", "days"]

DAYS_BELOW = 100_000
"""A column of numbers that are all below counts days since some start, not seconds since 1970."""
DAY = 86_400_000_000
"""Microseconds."""
_PER_UNIT = {"s": 1_000_000.0, "ms": 1_000.0, "us": 1.0, "ns": 0.001, "hours": DAY / 24, "days": float(DAY)}
_OURS = {
    Kind.VIEW: EventKind.VIEW,
    Kind.FAVOURITE: EventKind.FAVOURITE,
    Kind.CART: EventKind.CART_ADD,
    Kind.ORDER: EventKind.ORDER,
}
_NAMES = {word: _OURS[kind] for kind, words in KINDS.items() for word in words}


class Columns(NamedTuple):
    """Which columns hold what, and how their times are written."""

    user: str
    item: str
    event: str
    time: str
    zone: ZoneInfo
    time_format: str = ""
    time_unit: TimeUnit = "auto"


class EventLog(NamedTuple):
    """Rows by customer, then time. Items and customers are numbered in the order of their names."""

    customers: tuple[str, ...]
    items: tuple[str, ...]
    kinds: tuple[str, ...]
    customer: Ints
    item: Ints
    kind: Ints
    micros: Ints
    unusable: int


def our_kind(name: str, said: Mapping[str, str]) -> str | None:
    """Our kind for a log's name of one: as the caller says, else as the name tables have it; None when unknown."""
    known = said.get(name) or _NAMES.get(name.lower()) or kind_of(name)
    return known if known in list(EventKind) else None


def kinds_in(path: Path, columns: Columns) -> list[str]:
    """Every name of a kind that the log has."""
    found = _collected(path, _scan(path, columns).select(pl.col(columns.event).cast(pl.String).unique()))
    return sorted(name for name in found[columns.event].to_list() if name is not None)


def read(path: Path, columns: Columns, kinds: Sequence[str]) -> EventLog:
    """Read the events of these kinds; InvalidInput says in one line what is wrong with the file."""
    chosen = _scan(path, columns).filter(pl.col(columns.event).cast(pl.String).is_in(list(kinds)))
    raw = _collected(path, chosen)
    frame = raw.select(
        customer=pl.col(columns.user).cast(pl.String),
        item=pl.col(columns.item).cast(pl.String),
        kind=pl.col(columns.event).cast(pl.String),
        micros=_micros(raw[columns.time], columns),
    ).drop_nulls()
    if frame.is_empty():
        raise InvalidInput(
            f"{path}: no event of {', '.join(kinds)} has a customer, an item and a time that can be read"
        )
    names = {name: frame[name].unique().sort() for name in ("customer", "item")}
    numbered = frame.select(
        *(pl.col(name).replace_strict(of, pl.int_range(len(of), eager=True)).alias(name) for name, of in names.items()),
        kind=pl.col("kind").replace_strict(list(kinds), list(range(len(kinds)))),
        micros="micros",
    ).sort("customer", "micros", "item", "kind")
    columns_of = {name: numbered[name].to_numpy().astype(np.int64) for name in numbered.columns}
    return EventLog(
        tuple(names["customer"]), tuple(names["item"]), tuple(kinds), unusable=len(raw) - len(frame), **columns_of
    )


def _scan(path: Path, columns: Columns) -> pl.LazyFrame:
    if not path.is_file():
        raise InvalidInput(f"{path}: no such file")
    try:
        frame = pl.scan_parquet(path) if is_parquet(path) else pl.scan_csv(path, infer_schema_length=10_000)
        present = frame.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, error) from None
    for option, name in zip(Columns._fields, columns[:4], strict=False):
        if name not in present:
            raise InvalidInput(f"--{option} {name!r}: no such column in {path} (there are: {', '.join(present)})")
    if len(set(columns[:4])) < 4:
        raise InvalidInput("--user, --item, --event and --time need four different columns")
    return frame.select(columns[:4])


def _collected(path: Path, frame: pl.LazyFrame) -> pl.DataFrame:
    try:
        return frame.collect(engine="streaming")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> InvalidInput:
    return InvalidInput(f"{path}: cannot be read as a table ({str(error).splitlines()[0]})")


def _micros(time: pl.Series, columns: Columns) -> pl.Series:
    """UTC microseconds; null where there is no time."""
    kind = time.dtype
    if kind == pl.Date:
        time, kind = time.cast(pl.Datetime("us")), pl.Datetime("us")
    if isinstance(kind, pl.Datetime):
        local = (
            time
            if kind.time_zone
            else time.dt.replace_time_zone(str(columns.zone), ambiguous="earliest", non_existent="null")
        )
        return local.dt.epoch("us")
    if kind.is_numeric() and (columns.time_unit != "auto" or not columns.time_format):
        return _of_numbers(time.cast(pl.Float64), columns)
    if kind == pl.String or kind.is_numeric():
        return _of_words(time, columns)
    raise InvalidInput(f"--time {columns.time!r}: a column of {kind} is no time")


def _of_numbers(numbers: pl.Series, columns: Columns) -> pl.Series:
    unit = columns.time_unit
    largest = numbers.abs().max()
    if unit == "auto" and isinstance(largest, float) and largest < DAYS_BELOW:
        unit = "days"
    value = pl.col("n")
    scaled = (
        value * _PER_UNIT[unit]
        if unit != "auto"
        else pl.when(value < 1e11)
        .then(value * 1e6)
        .when(value < 1e14)
        .then(value * 1e3)
        .when(value < 1e17)
        .then(value)
        .otherwise(value * 1e-3)
    )
    inside = scaled.is_finite() & (scaled.abs() < LATEST.timestamp() * 1e6)
    return pl.DataFrame({"n": numbers}).select(pl.when(inside).then(scaled).round().cast(pl.Int64)).to_series()


def _of_words(time: pl.Series, columns: Columns) -> pl.Series:
    words = time.cast(pl.String)
    known = words.unique().drop_nulls()
    read_ = [_of_word(word, columns) for word in known]
    return words.replace_strict(known, pl.Series(read_, dtype=pl.Int64), default=None, return_dtype=pl.Int64)


def _of_word(word: str, columns: Columns) -> int | None:
    try:
        moment = parse_moment(word, zone=columns.zone, fmt=columns.time_format)
    except InvalidInput:
        return None
    return round(moment.timestamp() * 1_000_000) if EARLIEST <= moment < LATEST else None
