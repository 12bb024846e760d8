"""`understory predict`: every customer's value, interval, churn and confidence as one Parquet or CSV file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from app.cli.fitted import ModelName, chosen, model_of_folder, warn
from app.cli.options import AsJson, AsOf, DataDir, WorkspaceName, moment_of, opened
from app.cli.output import print_json, progress
from app.cli.shop_tables import (
    Amount,
    BasisOption,
    Customer,
    HorizonDays,
    ShopTable,
    TableColumns,
    TableFile,
    Time,
    TimeFormat,
    Zone,
)
from app.errors import NotFound
from app.predict.kept import export, saved
from app.predict.kept.drift import DriftCheck
from app.predict.kept.saved import Saved
from app.predict.reckoning import HORIZON_DAYS

predict_commands = typer.Typer()


@predict_commands.command()
def predict(
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, .parquet or .csv; replaced as a whole.")],
    model: ModelName = "",
    horizon_days: HorizonDays = HORIZON_DAYS,
    basis: BasisOption = "gross",
    workspace: WorkspaceName = "demo",
    as_of: AsOf = "",
    transactions: TableFile = None,
    customer: Customer = "",
    time: Time = "",
    amount: Amount = "",
    time_format: TimeFormat = "",
    zone: Zone = "UTC",
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write every customer's numbers from the newest fitted model, or the one named by --model.

    Amounts are minor units of the currency. A workspace without a model of this kind gets one. --horizon-days and
    --basis choose among models; with --model they are the model's own.
    """
    export.check_out(out)
    columns = TableColumns(customer, time, amount, time_format, zone)
    if transactions is None:
        columns.refuse()
        with opened(data) as app:
            shop, models = app.pipeline.access.workspace(workspace), app.pipeline.models
            moment = moment_of(app, shop, as_of)
            try:
                kept = chosen(models, shop, model, as_of=moment, horizon_days=horizon_days, basis=basis)
            except NotFound:
                if model:
                    raise
                progress(f"no model of {horizon_days} days ({basis}) yet: fitting one")
                now = datetime.now(UTC)
                kept = models.fit(shop, as_of=moment, horizon_days=horizon_days, basis=basis, now=now)
            known = models.known(shop, as_of=moment, basis=kept.stamp.basis)
    else:
        kept = model_of_folder(model)
        table = ShopTable.read(transactions, columns, currency=kept.stamp.currency)
        known = table.known(table.moment(as_of), kept.stamp.basis)
    found, moved = saved.predict(kept, known), saved.check(kept, known)
    export.write(found, out)
    warn(moved)
    _print(found, kept, moved, out, as_json)


def _print(found: pl.DataFrame, kept: Saved, moved: DriftCheck, out: Path, as_json: bool) -> None:
    estimated = int((found["status"] == "ok").sum())
    if as_json:
        told = {"out": str(out), "customers": found.height, "estimated": estimated}
        print_json({**told, "model_card_id": kept.stamp.model_card_id, "drift": moved.model_dump(mode="json")})
        return
    print(f"{out}: {found.height:,} customers, {estimated:,} with estimates, from {kept.stamp.model_card_id}")
    if kept.fitted.missing:
        print(f"no estimates: not enough data ({', '.join(kept.fitted.missing)})")
