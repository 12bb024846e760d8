"""`understory fit`: learn value and churn from a workspace or from a table of orders, and keep the model with its card.

Constants that events know better than the files we ship are fitted by `understory fit decay`.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.decay import fit_decay
from app.cli.fitted import enough, fit_check, fit_list, fit_prune, fit_show, print_saved
from app.cli.options import AsJson, AsOf, DataDir, WorkspaceName, moment_of, opened
from app.cli.output import progress
from app.cli.shop_tables import (
    Amount,
    BasisOption,
    Currency,
    Customer,
    HorizonDays,
    ShopTable,
    TableColumns,
    TableFile,
    Time,
    TimeFormat,
    Zone,
)
from app.errors import Conflict, InvalidInput
from app.predict.kept import artefacts, saved
from app.predict.kept.saved import Saved
from app.predict.reckoning import HORIZON_DAYS
from app.predict.schemas import Basis

fit = typer.Typer(
    invoke_without_command=True, help="Fit value and churn, or constants, from a shop's own events or orders."
)
fit.command("decay")(fit_decay)
fit.command("list")(fit_list)
fit.command("show")(fit_show)
fit.command("check")(fit_check)
fit.command("prune")(fit_prune)


@fit.callback()
def fit_alone(
    context: typer.Context,
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
    currency: Currency = "XXX",
    out: Annotated[Path | None, typer.Option(help="New folder for the model of a table.")] = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Fit value and churn up to --as-of and keep the model with its card; other words below fit or show other things.

    A workspace's models lie in the data folder. With --transactions nothing but a table of orders is needed, and the
    model goes to --out.
    """
    if context.invoked_subcommand is not None:
        return
    now = datetime.now(UTC)
    columns = TableColumns(customer, time, amount, time_format, zone)
    if transactions is not None:
        folder = _new_folder(out)
        table = ShopTable.read(transactions, columns, currency=currency)
        print_saved(_fit_table(table, as_of, horizon_days, basis, folder, now), folder, as_json)
        return
    columns.refuse()
    if out is not None:
        raise InvalidInput("--out belongs to --transactions FILE; a workspace's models lie in its data folder")
    with opened(data) as app:
        shop, models = app.pipeline.access.workspace(workspace), app.pipeline.models
        moment = moment_of(app, shop, as_of)
        progress(f"fitting {horizon_days} days on workspace {workspace} up to {moment.isoformat()}")
        found = enough(models.fit(shop, as_of=moment, horizon_days=horizon_days, basis=basis, now=now))
        print_saved(found, models.shelf(shop).folder(found.stamp.model_card_id), as_json)


def _new_folder(out: Path | None) -> Path:
    """Said before anything is fitted for it."""
    if out is None:
        raise InvalidInput("--transactions needs --out FOLDER: where the fitted model goes")
    if out.exists():
        raise Conflict(f"--out {out} exists already; a fitted model is never changed, so name a new folder")
    return out


def _fit_table(table: ShopTable, as_of: str, horizon_days: int, basis: Basis, folder: Path, now: datetime) -> Saved:
    moment = table.moment(as_of)
    progress(f"fitting {horizon_days} days on {table.path.name} up to {moment.isoformat()}")
    found = enough(saved.make(table.known(moment, basis), horizon_days=horizon_days, now=now))
    artefacts.write(folder, saved.pack(found))
    return found
