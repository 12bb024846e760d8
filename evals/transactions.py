"""Any table of transactions (Parquet or CSV) -> the purchase days that the estimators read.

Amounts are read in major units and held in hundredths. Rows that cannot be a purchase are counted, never guessed at:
refunds (negative), missing values and amounts that are not finite.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from app.errors import InvalidInput
from app.predict.purchases import PurchaseDays

MINOR = 100
"""Hundredths per major unit, whatever the currency."""

_EPOCH = date(1970, 1, 1)
_MAX_MINOR = 10**13


class Columns(NamedTuple):
    """Which columns hold what, and the zone that aware times are cut into days in (naive ones are local already)."""

    customer: str
    time: str
    amount: str
    zone: ZoneInfo
    time_format: str = ""
    """strptime format of a text column; empty reads ISO 8601 and YYYYMMDD."""


class Transactions(NamedTuple):
    """The purchase days with what was left out on the way."""

    purchases: PurchaseDays
    rows: int
    negative: int
    """Refunds and cancellations: the basis is gross, so they are left out."""
    unusable: int
    """Rows without customer, time or finite amount."""


def read(path: Path, columns: Columns) -> Transactions:
    """Read one file; InvalidInput says in one line what is wrong with it."""
    frame = _typed(_scan(path, columns), columns)
    usable = pl.all_horizontal(pl.all().is_not_null())
    bought = usable & (pl.col("amount") >= 0)
    try:
        rows, usable_rows, bought_rows = (
            frame.select(pl.len(), usable.sum().alias("usable"), bought.sum().alias("bought"))
            .collect(engine="streaming")
            .row(0)
        )
        purchases = _purchase_days(frame.filter(bought))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidInput(f"{path}: cannot be read as a table ({str(error).splitlines()[0]})") from None
    if not bought_rows:
        raise InvalidInput(f"{path}: no row has a customer, a time and an amount of 0 or more")
    return Transactions(purchases, rows=rows, negative=usable_rows - bought_rows, unusable=rows - usable_rows)


def to_day(moment: date) -> int:
    """Days since 1970-01-01."""
    return (moment - _EPOCH).days


def to_date(day: int) -> date:
    """The date of a day number."""
    return _EPOCH + timedelta(days=day)


def _scan(path: Path, columns: Columns) -> pl.LazyFrame:
    if not path.is_file():
        raise InvalidInput(f"{path}: no such file")
    try:
        frame = pl.scan_parquet(path) if is_parquet(path) else pl.scan_csv(path, infer_schema_length=10_000)
        present = frame.collect_schema().names()
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(f"{path}: cannot be read as a table ({str(error).splitlines()[0]})") from None
    for option, name in zip(Columns._fields, columns[:3], strict=False):
        if name not in present:
            raise InvalidInput(f"--{option} {name!r}: no such column in {path} (there are: {', '.join(present)})")
    return frame.select(columns[:3])


def is_parquet(path: Path) -> bool:
    """True when the file says so itself."""
    with path.open("rb") as content:
        return content.read(4) == b"PAR1"


def _typed(frame: pl.LazyFrame, columns: Columns) -> pl.LazyFrame:
    schema = frame.collect_schema()
    amount = pl.col(columns.amount).cast(pl.Float64, strict=False)
    minor = (amount * MINOR).round()
    return frame.select(
        customer=pl.col(columns.customer).cast(pl.String),
        day=day_number(pl.col(columns.time), schema[columns.time], columns).cast(pl.Int32),
        amount=pl.when(amount.is_finite() & (minor.abs() <= _MAX_MINOR)).then(minor).cast(pl.Int64),
    )


def day_number(time: pl.Expr, kind: pl.DataType, columns: Columns) -> pl.Expr:
    """Days since 1970 of a date, a moment, ISO text, YYYYMMDD or a number since the epoch in s, ms, us or ns."""
    if kind == pl.Date:
        return time.cast(pl.Int32)
    if isinstance(kind, pl.Datetime):
        local = time.dt.convert_time_zone(str(columns.zone)) if kind.time_zone else time
        return local.dt.date().cast(pl.Int32)
    if kind.is_numeric():
        return _day_of_number(time.cast(pl.Int64, strict=False), columns)
    if kind == pl.String:
        text = time.str.strip_chars()
        if columns.time_format:
            return text.str.to_datetime(columns.time_format, strict=False).dt.date().cast(pl.Int32)
        compact = text.str.to_date("%Y%m%d", strict=False)
        return pl.coalesce(compact, text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)).cast(pl.Int32)
    raise InvalidInput(f"--time {columns.time!r}: a column of {kind} is no time")


def _day_of_number(number: pl.Expr, columns: Columns) -> pl.Expr:
    calendar = number.is_between(19_000_101, 21_001_231)
    micros = (
        pl.when(number < 10**11)
        .then(number * 1_000_000)
        .when(number < 10**14)
        .then(number * 1_000)
        .when(number < 10**17)
        .then(number)
        .otherwise(number // 1_000)
    )
    moment = pl.from_epoch(micros, time_unit="us").dt.replace_time_zone("UTC").dt.convert_time_zone(str(columns.zone))
    as_date = number.cast(pl.String).str.to_date("%Y%m%d", strict=False)
    return pl.when(calendar).then(as_date).otherwise(moment.dt.date()).cast(pl.Int32)


def _purchase_days(bought: pl.LazyFrame) -> PurchaseDays:
    by_day = bought.group_by("customer", "day").agg(pl.col("amount").sum()).sort("customer", "day")
    days = by_day.collect(engine="streaming")
    return PurchaseDays(
        tuple(days["customer"].unique(maintain_order=True).to_list()),
        days["customer"].rle_id().to_numpy().astype(np.int32),
        days["day"].to_numpy().astype(np.int32),
        days["amount"].to_numpy().astype(np.int64),
    )
