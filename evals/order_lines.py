"""Any table of order lines (Parquet or CSV), with a category or without -> purchase days and baskets.

Customers, times and amounts are read as `app.predict.inputs.tables` reads them. Lines of one customer, day and category
are added up while the file is streamed.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from app.errors import InvalidInput
from app.predict.inputs.purchases import Ints, PurchaseDays
from app.predict.inputs.tables import MINOR, Columns, day_number, is_parquet
from app.predict.intent.baskets import Baskets


class OrderLines(NamedTuple):
    """One row per customer, day and category; customers are numbered in the order of their names."""

    customers: tuple[str, ...]
    customer: Ints
    day: Ints
    category: list[str | None]
    amount: Ints
    """Minor units."""
    rows: int
    left_out: int
    """Rows of the file without customer, day or amount, and refunds (negative amounts)."""

    def baskets(self, names: tuple[str, ...] | None = None) -> Baskets:
        """All of it, by these categories or by those bought most."""
        return Baskets.from_columns(self.customer, self.day, self.category, self.amount, names)

    def until(self, day: int) -> "OrderLines":
        """As things stood at the end of `day`."""
        kept = self.day <= day
        category = [c for c, keep in zip(self.category, kept.tolist(), strict=True) if keep]
        return self._replace(
            customer=self.customer[kept], day=self.day[kept], category=category, amount=self.amount[kept]
        )

    def purchases(self) -> PurchaseDays:
        """The purchase days, customers numbered alike."""
        order = np.lexsort((self.day, self.customer))
        who, day, amount = self.customer[order], self.day[order], self.amount[order]
        starts = np.flatnonzero(np.append(True, (np.diff(who) != 0) | (np.diff(day) != 0)))
        total = np.add.reduceat(amount, starts)
        return PurchaseDays(self.customers, who[starts].astype(np.int32), day[starts].astype(np.int32), total)


def read(path: Path, columns: Columns, category: str) -> OrderLines:
    """Read one file; an empty `category` reads none. InvalidInput says in one line what is wrong with it."""
    frame = _scan(path, columns, category)
    amount = pl.col(columns.amount).cast(pl.Float64, strict=False)
    typed = frame.select(
        customer=pl.col(columns.customer).cast(pl.String),
        day=day_number(pl.col(columns.time), frame.collect_schema()[columns.time], columns).cast(pl.Int64),
        category=pl.col(category).cast(pl.String) if category else pl.lit(None, pl.String),
        amount=pl.when(amount.is_finite()).then((amount * MINOR).round()).cast(pl.Int64, strict=False),
    )
    usable = pl.all_horizontal(pl.col("customer", "day", "amount").is_not_null()) & (pl.col("amount") >= 0)
    try:
        rows = typed.select(pl.len(), usable.sum().alias("usable")).collect(engine="streaming").row(0)
        grouped = typed.filter(usable).group_by("customer", "day", "category").agg(pl.col("amount").sum())
        found = grouped.collect(engine="streaming").sort("customer", "day", "category")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, error) from None
    if found.is_empty():
        raise InvalidInput(f"{path}: no row has a customer, a time and an amount of 0 or more")
    return OrderLines(
        tuple(found["customer"].unique(maintain_order=True)),
        found["customer"].rle_id().to_numpy().astype(np.int64),
        found["day"].to_numpy().astype(np.int64),
        found["category"].to_list(),
        found["amount"].to_numpy().astype(np.int64),
        rows=rows[0],
        left_out=rows[0] - rows[1],
    )


def _scan(path: Path, columns: Columns, category: str) -> pl.LazyFrame:
    if not path.is_file():
        raise InvalidInput(f"{path}: no such file")
    try:
        frame = pl.scan_parquet(path) if is_parquet(path) else pl.scan_csv(path, infer_schema_length=10_000)
        present = frame.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, error) from None
    asked = {"customer": columns.customer, "time": columns.time, "amount": columns.amount, "category": category}
    for option, name in asked.items():
        if name and name not in present:
            raise InvalidInput(f"--{option} {name!r}: no such column in {path} (there are: {', '.join(present)})")
    return frame.select(list(dict.fromkeys(filter(None, asked.values()))))


def _unreadable(path: Path, error: Exception) -> InvalidInput:
    return InvalidInput(f"{path}: cannot be read as a table ({str(error).splitlines()[0]})")
