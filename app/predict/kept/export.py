"""Every customer's numbers as a table (Parquet or CSV), whole or not there at all."""

import tempfile
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from app.errors import InvalidInput
from app.predict.inputs.purchases import Floats, Ints
from app.predict.model import CustomerModel

SUFFIXES = (".parquet", ".csv")


def frame(model: CustomerModel, *, as_of: datetime) -> pl.DataFrame:
    """One row per customer. Amounts are minor units; where `status` is not `ok` they and the chances are null."""
    estimates, fitted = model.all(), model.fitted
    known = estimates.known
    lacking = [list(fitted.missing or ("orders",)), list[str]()]
    return pl.DataFrame(
        {
            "customer_id": pl.Series(estimates.customer_ids, dtype=pl.String),
            **{name: _amounts(getattr(estimates, name), known) for name in ("value", "median", "q10", "q90")},
            "confidence": pl.Series(estimates.confidence).replace("", None),
            "p_no_purchase": _chances(estimates.p_no_purchase),
            "p_no_activity": _chances(estimates.p_no_activity),
            "churn_risk": _chances(estimates.churn_risk),
            "status": pl.Series(estimates.status.tolist(), dtype=pl.String),
            "missing": pl.Series([lacking[ok] for ok in known.tolist()], dtype=pl.List(pl.String)),
        }
    ).with_columns(
        currency=pl.lit(fitted.currency),
        basis=pl.lit(fitted.basis),
        horizon_days=pl.lit(fitted.horizon_days, pl.Int32),
        model_card_id=pl.lit(None if fitted.missing else fitted.model_card_id, pl.String),
        as_of=pl.lit(as_of).dt.convert_time_zone("UTC"),
    )


def check_out(path: Path) -> None:
    """InvalidInput for a file that could not be written, before anything is fitted for it."""
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidInput(f"--out {path}: name a file that ends in {' or '.join(SUFFIXES)}")
    if not path.resolve().parent.is_dir():
        raise InvalidInput(f"--out {path}: there is no folder {path.resolve().parent}")
    if path.exists() and not path.is_file():
        raise InvalidInput(f"--out {path}: this is no file that could be replaced")


def write(table: pl.DataFrame, path: Path) -> None:
    """Through a file beside it, which takes its place at the end; lists become text in CSV."""
    check_out(path)
    target = path.resolve()
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        unfinished = Path(folder) / target.name
        if target.suffix.lower() == ".csv":
            table.with_columns(pl.col("missing").list.join(" ")).write_csv(unfinished)
        else:
            table.write_parquet(unfinished, compression="zstd")
        unfinished.replace(target)


def _amounts(column: Ints, known: NDArray[np.bool_]) -> pl.Series:
    return pl.select(pl.when(pl.Series(known)).then(pl.Series(column))).to_series()


def _chances(column: Floats) -> pl.Series:
    return pl.Series(column).fill_nan(None)
