"""Any table of transactions (Parquet or CSV) -> the purchase days that the estimators read.

Amounts are read in major units and held in minor ones. Rows that cannot be a purchase are counted, never guessed at:
missing values and amounts that are not finite. Negative rows are refunds: left out of the purchases, which are gross,
and kept beside them for whoever wants purchases net of them (`refunds.net`).

Rows that equal another one in every column are counted and kept: two orders of one amount on one day are no mistake,
and an order line may be there twice.

Ten million rows take less than a GiB: the file is streamed, and customers are numbers until their names are needed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from app.errors import InvalidInput
from app.predict.inputs.purchases import PurchaseDays
from app.predict.inputs.refunds import NONE, Refunds

MINOR = 100
"""Minor units per major one where nothing else is said."""

_EPOCH = date(1970, 1, 1)
_MAX_MINOR = 10**13
_ROW = ("code", "day", "amount")


class Columns(NamedTuple):
    """Which columns hold what, and the zone that aware times are cut into days in (naive ones are local already)."""

    customer: str
    time: str
    amount: str
    zone: ZoneInfo
    time_format: str = ""
    """strptime format of a text column; empty reads ISO 8601 and YYYYMMDD."""
    minor_units: int = MINOR
    """How many make one major unit of the amounts."""


class Transactions(NamedTuple):
    """The purchase days with what was left out on the way."""

    purchases: PurchaseDays
    rows: int
    negative: int
    """Refunds and cancellations; gross amounts leave them out."""
    unusable: int
    """Rows without customer, time or finite amount."""
    duplicates: int = 0
    """Rows that equal an earlier one in every column of the file; they are kept."""
    refunds: Refunds = NONE
    """The negative rows of customers who bought, their amounts turned positive."""

    def until(self, day: int) -> "Transactions":
        """What was known by the end of `day`: later rows are gone, and so is whoever first bought later."""
        seen, returned = self.purchases.until(day), self.refunds.until(day)
        buyers, place = np.unique(seen.customer, return_inverse=True)
        names = tuple(self.purchases.customer_ids[i] for i in buyers)
        purchases = PurchaseDays(names, place.astype(np.int32), seen.day, seen.amount)
        known = np.isin(returned.customer, buyers)
        customer = np.searchsorted(buyers, returned.customer[known])
        refunds = Refunds(customer, returned.day[known], returned.amount[known])
        return self._replace(purchases=purchases, refunds=refunds)

    @property
    def warnings(self) -> list[str]:
        """What a reader of the figures must know of the rows."""
        told = {
            "have a negative amount (refunds, cancellations) and are no purchases": self.negative,
            "have no readable customer, time or amount and are left out": self.unusable,
            "equal an earlier row in every column and are kept; remove them if they are mistakes": self.duplicates,
        }
        return [f"{n:,} of {self.rows:,} rows {what}" for what, n in told.items() if n]


def read(path: Path, columns: Columns) -> Transactions:
    """Read one file; InvalidInput says in one line what is wrong with it."""
    if not path.is_file():
        raise InvalidInput(f"{path}: no such file")
    with _table_errors(path):
        raw, kind = _scan(path, columns)
        frame = _typed(raw, kind, columns)
        by_customer = _tally(frame)
        total = by_customer.drop("customer").sum().row(0, named=True)
        if not total["bought"]:
            raise InvalidInput(f"{path}: {_nothing(total)}")
        names = _names(by_customer)
        bought, returned = _coded(frame, names, pl.col("amount") >= 0), _coded(frame, names, pl.col("amount") < 0)
        return Transactions(
            PurchaseDays.add_up(tuple(names["name"]), *(bought[name].to_numpy() for name in _ROW)),
            rows=total["rows"],
            negative=total["negative"],
            unusable=total["rows"] - total["negative"] - total["bought"],
            duplicates=_duplicates(raw),
            refunds=_refunds(returned),
        )


def to_day(moment: date) -> int:
    """Days since 1970-01-01."""
    return (moment - _EPOCH).days


def to_date(day: int) -> date:
    """The date of a day number."""
    return _EPOCH + timedelta(days=day)


def is_parquet(path: Path) -> bool:
    """True when the file says so itself."""
    with path.open("rb") as content:
        return content.read(4) == b"PAR1"


@contextmanager
def _table_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidInput(f"{path}: cannot be read as a table ({str(error).splitlines()[0]})") from None


def _scan(path: Path, columns: Columns) -> tuple[pl.LazyFrame, pl.DataType]:
    """The file's columns, and the type of the time. A CSV's are text: one odd row late in the file must not end it."""
    if is_parquet(path):
        frame = pl.scan_parquet(path)
        schema = frame.collect_schema()
    else:
        frame = pl.scan_csv(path, infer_schema=False, encoding="utf8-lossy")
        schema = pl.scan_csv(path, infer_schema_length=10_000, encoding="utf8-lossy").collect_schema()
    for option, name in zip(Columns._fields, columns[:3], strict=False):
        if name not in schema:
            raise InvalidInput(f"--{option} {name!r}: no such column in {path} (there are: {', '.join(schema)})")
    return frame, schema[columns.time]


def _typed(frame: pl.LazyFrame, kind: pl.DataType, columns: Columns) -> pl.LazyFrame:
    """Customer (as it is), day and amount; null where a row has none that can be read."""
    schema = frame.collect_schema()
    amount = _amount(columns, schema[columns.amount])
    time = pl.col(columns.time).cast(kind, strict=False)
    return frame.select(
        customer=_customer(columns, schema[columns.customer]),
        day=day_number(time, kind, columns).cast(pl.Int32),
        amount=amount,
    )


def _customer(columns: Columns, kind: pl.DataType) -> pl.Expr:
    column = pl.col(columns.customer)
    if kind.is_integer():
        return column
    if kind.is_float():
        return column.fill_nan(None)
    if kind.is_nested() or kind == pl.Binary:
        raise InvalidInput(f"--customer {columns.customer!r}: a column of {kind} names nobody")
    name = column.cast(pl.String)
    return pl.when(name.str.strip_chars() != "").then(name)


def _amount(columns: Columns, kind: pl.DataType) -> pl.Expr:
    column = pl.col(columns.amount)
    if kind in (pl.String, pl.Categorical, pl.Enum):
        column = column.cast(pl.String).str.strip_chars()
    elif not kind.is_numeric():
        raise InvalidInput(f"--amount {columns.amount!r}: a column of {kind} is no amount")
    minor = (column.cast(pl.Float64, strict=False) * columns.minor_units).round()
    return pl.when(minor.is_finite() & (minor.abs() <= _MAX_MINOR)).then(minor).cast(pl.Int64)


def _tally(frame: pl.LazyFrame) -> pl.DataFrame:
    """Per customer (null: nobody) how many rows there are, what they lack, and how many are purchases."""
    known = pl.all_horizontal(pl.col("customer", "day", "amount").is_not_null())
    counted = frame.group_by("customer").agg(
        rows=pl.len(),
        negative=(known & (pl.col("amount") < 0)).sum(),
        bought=(known & (pl.col("amount") >= 0)).sum(),
        no_time=pl.col("day").is_null().sum(),
        no_amount=pl.col("amount").is_null().sum(),
        no_customer=pl.col("customer").is_null().sum(),
    )
    return counted.collect(engine="streaming")


def _nothing(total: dict[str, int]) -> str:
    return (
        f"no row has a customer, a time and an amount of 0 or more: of {total['rows']:,} rows {total['no_customer']:,} "
        f"lack a customer, {total['no_time']:,} a readable time (see --time-format), {total['no_amount']:,} a readable "
        f"amount, and in {total['negative']:,} it is negative"
    )


def _names(by_customer: pl.DataFrame) -> pl.DataFrame:
    """Everyone who bought, with the number that stands for them."""
    return (
        by_customer.filter(pl.col("bought") > 0)
        .select("customer", name=pl.col("customer").cast(pl.String))
        .sort("name")
        .with_row_index("code")
    )


def _coded(frame: pl.LazyFrame, names: pl.DataFrame, wanted: pl.Expr) -> pl.DataFrame:
    """The rows of these customers, numbers in place of names."""
    rows = frame.filter(wanted, pl.col("day").is_not_null())
    return (
        rows.join(names.lazy().select("customer", "code"), on="customer").drop("customer").collect(engine="streaming")
    )


def _refunds(returned: pl.DataFrame) -> Refunds:
    """Rows of negative amounts as what came back."""
    customer, day, amount = (returned[name].to_numpy().astype(np.int64) for name in _ROW)
    return Refunds(customer, day, -amount)


def _duplicates(raw: pl.LazyFrame) -> int:
    """Rows that equal an earlier one, by a 64-bit hash of all columns that are plain values."""
    plain = [name for name, kind in raw.collect_schema().items() if not kind.is_nested()]
    hashes = raw.select(pl.struct(plain).hash()).collect(engine="streaming").to_series().to_numpy(writable=True)
    hashes.sort()
    return int((hashes[1:] == hashes[:-1]).sum())


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
        day = text.str.slice(0, 10)  # few different ones, which polars reads once each
        return pl.coalesce(day.str.to_date(form, strict=False) for form in ("%Y-%m-%d", "%Y%m%d")).cast(pl.Int32)
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
