"""Logs of real shops, as statistics need them: recognised by their column names, whatever shop they come from.

Accepted: event logs (customer, time, kind), transactions (customer, time, amount), order lines (customer, time,
quantity, price) and message logs (customer, hour of receipt, completed). Anything else is refused in one line.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from app.errors import InvalidInput
from app.predict.inputs.tables import Columns, day_number, is_parquet
from evals.shop_statistics import Behaviour, Ints, Kind, Messages, Orders

NAMES = {
    "customer": ("customer_id", "customer", "user_id", "user", "visitor_id", "client_id", "member_id", "household_key"),
    "time": (
        "ts",
        "time",
        "timestamp",
        "date",
        "datetime",
        "event_time",
        "invoice_ts",
        "invoice_date",
        "order_date",
        "day",
    ),
    "kind": (
        "event",
        "event_type",
        "behavior",
        "behaviour",
        "behavior_type",
        "behaviour_type",
        "kind",
        "action",
        "event_name",
    ),
    "amount": ("amount", "total", "value", "revenue", "sales_value", "order_value", "spend", "payment_value"),
    "order": ("order_id", "invoice", "invoice_no", "basket_id", "transaction_id"),
    "quantity": ("quantity", "qty", "n_units"),
    "price": ("unit_price", "price"),
    "received": ("received_hour", "sent_hour"),
    "completed": ("completed", "responded"),
}
"""Column names by what they mean, in order of preference; case and underscores do not matter."""

KINDS = {
    Kind.VIEW: ("view", "pv", "page_view", "product_view", "product_viewed", "detail"),
    Kind.FAVOURITE: ("fav", "favorite", "favourite", "collect", "wishlist"),
    Kind.CART: ("cart", "addtocart", "add_to_cart", "cart_add", "product_added"),
    Kind.ORDER: ("purchase", "buy", "order", "transaction", "order_completed"),
}
"""Words for the four kinds that are compared; other kinds count as events only."""

_TABLES = (".parquet", ".csv")
_DAYS_BELOW = 100_000
"""Numbers below this count days, not seconds."""


class Reference(NamedTuple):
    """One file that was read; the label is its folder and name."""

    label: str
    path: Path
    behaviour: Behaviour


def read(path: Path) -> Reference:
    """Read one file; InvalidInput says in one line what is wrong with it."""
    frame = _scan(path)
    behaviour = _by_shape(path, frame, _recognised(frame.columns))
    return Reference(f"{path.resolve().parent.name}/{path.stem}", path, behaviour)


def files(given: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """The files to read, and whether each was named itself; of a folder, every table below it."""
    for path in given:
        if path.is_dir():
            yield from ((p, False) for p in sorted(path.rglob("*")) if p.suffix.lower() in _TABLES)
        else:
            yield path, True


def _scan(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise InvalidInput(f"{path}: no such file")
    try:
        return pl.read_parquet(path) if is_parquet(path) else pl.read_csv(path, infer_schema_length=10_000)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidInput(f"{path}: cannot be read as a table ({str(error).splitlines()[0]})") from None


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace(" ", "")


def _recognised(columns: Sequence[str]) -> dict[str, str]:
    """Meaning -> the column that has it."""
    present = {_plain(column): column for column in columns}
    pairs = ((what, name) for what, names in NAMES.items() for name in reversed(names))
    return {what: present[_plain(name)] for what, name in pairs if _plain(name) in present}


def _by_shape(path: Path, frame: pl.DataFrame, found: dict[str, str]) -> Behaviour:
    if {"customer", "time", "kind"} <= found.keys():
        return _event_log(path, frame, found)
    if {"customer", "time", "amount"} <= found.keys():
        return _purchases(path, frame, found, pl.col(found["amount"]).cast(pl.Float64, strict=False))
    if {"customer", "time", "quantity", "price"} <= found.keys():
        return _purchases(path, frame, found, _product(found))
    if {"customer", "received", "completed"} <= found.keys():
        return _messages(path, frame, found)
    raise InvalidInput(
        f"{path}: neither an event log (customer, time, kind) nor transactions (customer, time, amount) nor order "
        f"lines (customer, time, quantity, price); it has the columns {', '.join(frame.columns)}"
    )


def _product(found: dict[str, str]) -> pl.Expr:
    return pl.col(found["quantity"]).cast(pl.Float64, strict=False) * pl.col(found["price"]).cast(
        pl.Float64, strict=False
    )


def _event_log(path: Path, frame: pl.DataFrame, found: dict[str, str]) -> Behaviour:
    words = {_plain(word): int(kind) for kind, known in KINDS.items() for word in known}
    kind = pl.col(found["kind"]).cast(pl.String).str.to_lowercase().str.replace_all("[_ ]", "")
    price = pl.col(found["price"]).cast(pl.Float64, strict=False) if "price" in found else pl.lit(None, pl.Float64)
    table = _typed(path, frame, found, price).with_columns(
        frame.select(kind=kind.replace_strict(words, default=int(Kind.OTHER), return_dtype=pl.Int64))
    )
    if not table["kind"].is_in([int(known) for known in KINDS]).any():
        raise InvalidInput(f"{path}: the column {found['kind']!r} names no kind such as view, fav, cart or purchase")
    table = table.filter(pl.col("customer").is_not_null() & pl.col("day").is_not_null())
    if table.is_empty():
        raise InvalidInput(f"{path}: no row has a customer and a time")
    bought = table.filter(pl.col("kind") == int(Kind.ORDER))
    return _behaviour(table, bought, kind=table["kind"].to_numpy())


def _purchases(path: Path, frame: pl.DataFrame, found: dict[str, str], amount: pl.Expr) -> Behaviour:
    table = _typed(path, frame, found, amount)
    usable = pl.all_horizontal(pl.col("customer", "day", "amount").is_not_null()) & (pl.col("amount") >= 0)
    table = table.filter(usable & pl.col("amount").is_finite())
    if table.is_empty():
        raise InvalidInput(f"{path}: no row has a customer, a time and an amount of 0 or more")
    return _behaviour(table, table, kind=None)


def _typed(path: Path, frame: pl.DataFrame, found: dict[str, str], amount: pl.Expr) -> pl.DataFrame:
    order = pl.col(found["order"]).cast(pl.String) if "order" in found else pl.lit(None, pl.String)
    customer = pl.col(found["customer"]).cast(pl.String)
    try:
        return frame.select(
            customer=customer, day=_day(frame, found["time"]), amount=amount.cast(pl.Float64), order=order
        )
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(f"{path}: cannot be read as a table ({str(error).splitlines()[0]})") from None


def _day(frame: pl.DataFrame, column: str) -> pl.Expr:
    kind = frame.schema[column]
    if kind.is_numeric() and not (frame[column] >= _DAYS_BELOW).any():
        return pl.col(column).cast(pl.Int32)
    return day_number(pl.col(column), kind, Columns("", column, "", zone=ZoneInfo("UTC"))).cast(pl.Int32)


def _behaviour(events: pl.DataFrame, bought: pl.DataFrame, *, kind: Ints | None) -> Behaviour:
    """Orders are told apart by their number; without one, a customer's purchases of a day are one order."""
    names = events["customer"].unique().sort()
    number = pl.col("customer").replace_strict(names, pl.int_range(len(names), eager=True)).cast(pl.Int64)
    orders = (
        bought.with_columns(number=number, order=pl.coalesce("order", pl.col("day").cast(pl.String)))
        .group_by("number", "order")
        .agg(pl.col("day").min().cast(pl.Int64), pl.col("amount").sum(), known=pl.col("amount").is_not_null().any())
        .sort("number", "day", "order")
    )
    days = events["day"].to_numpy()
    return Behaviour(
        customers=len(names),
        days=int(days.max() - days.min()) + 1,
        customer=None if kind is None else events.select(number)["customer"].to_numpy(),
        kind=kind,
        orders=Orders(
            orders["number"].to_numpy(),
            orders["day"].to_numpy(),
            orders["amount"].to_numpy() if orders["known"].any() else None,
        ),
        messages=None,
    )


def _messages(path: Path, frame: pl.DataFrame, found: dict[str, str]) -> Behaviour:
    completed = pl.col(found["completed"]).cast(pl.Float64, strict=False)
    table = frame.select(customer=pl.col(found["customer"]).cast(pl.String), completed=completed)
    if table["customer"].is_null().any() or not table["completed"].is_finite().fill_null(value=False).all():
        raise InvalidInput(f"{path}: each message needs a customer, and 0 or 1 in the column {found['completed']!r}")
    if table.is_empty():
        raise InvalidInput(f"{path}: no message")
    number = table["customer"].rank("dense").to_numpy().astype(np.int64) - 1
    answered = table["completed"].to_numpy() > 0
    return Behaviour(
        customers=int(number.max()) + 1,
        days=0,
        customer=None,
        kind=None,
        orders=None,
        messages=Messages(number, answered),
    )
