"""Fitted models on the command line: list them, read a card, check for drift, remove old ones."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from app.access.schemas import Workspace
from app.cli.options import AsJson, AsOf, DataDir, Language, WorkspaceName, moment_of, opened
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
from app.errors import InvalidInput
from app.predict.fitted import VERSION
from app.predict.kept import artefacts, card_text, saved
from app.predict.kept.drift import DriftCheck
from app.predict.kept.models import Models
from app.predict.kept.saved import Saved
from app.predict.reckoning import HORIZON_DAYS
from app.predict.schemas import Basis

ModelName = Annotated[
    str, typer.Option("--model", "-m", help="Card id of a workspace's model; folder of a table's. Else the newest.")
]
CardName = Annotated[str, typer.Argument(help="Card id, or a folder that `understory fit --out` made.")]


def fit_list(workspace: WorkspaceName = "demo", data: DataDir = None, as_json: AsJson = False) -> None:
    """List the fitted models of a workspace, newest data first."""
    with opened(data) as app:
        listing = app.pipeline.models.listing(app.pipeline.access.workspace(workspace))
    if as_json:
        print_json({"models": [msgspec.to_builtins(stamp) for stamp in listing.stamps], "broken": list(listing.broken)})
        return
    table = Table("card", "fitted until", "days", "basis", "saved at")
    for stamp in listing.stamps:
        row = (stamp.model_card_id, f"{stamp.fitted_until:%Y-%m-%d %H:%M}", str(stamp.horizon_days), stamp.basis)
        table.add_row(*row, f"{stamp.saved_at:%Y-%m-%d %H:%M}")
    Console(width=120, markup=False, emoji=False).print(table)
    for fault in listing.broken:
        print(f"not usable: {fault}")


def fit_show(
    card: CardName,
    workspace: WorkspaceName = "demo",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print a model card: purpose, data, cut dates, figures with intervals, calibration, drift check, limits."""
    found = _of_folder(Path(card)) if Path(card).is_dir() else _of_workspace(card, workspace, data)
    if as_json:
        print_json(found.card.model_dump(mode="json"))
    else:
        print(card_text.markdown(found.card, lang or "en"), end="")


def fit_check(
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
    """Check whether a model still fits its shop: the population, and what was forecast against what came since."""
    columns = TableColumns(customer, time, amount, time_format, zone)
    if transactions is None:
        columns.refuse()
        with opened(data) as app:
            shop, models = app.pipeline.access.workspace(workspace), app.pipeline.models
            moment = moment_of(app, shop, as_of)
            kept = chosen(models, shop, model, as_of=moment, horizon_days=horizon_days, basis=basis)
            known = models.known(shop, as_of=moment, basis=kept.stamp.basis)
    else:
        kept = model_of_folder(model)
        table = ShopTable.read(transactions, columns, currency=kept.stamp.currency)
        known = table.known(table.moment(as_of), kept.stamp.basis)
    found = saved.check(kept, known)
    if as_json:
        print_json({"model_card_id": kept.stamp.model_card_id, **found.model_dump(mode="json")})
    else:
        _print_check(kept, found)


def fit_prune(
    keep: Annotated[int, typer.Option(min=1, help="Models to keep of each horizon and basis, newest first.")] = 8,
    workspace: WorkspaceName = "demo",
    data: DataDir = None,
) -> None:
    """Remove all but the newest models of each horizon and basis."""
    with opened(data) as app:
        gone = app.pipeline.models.shelf(app.pipeline.access.workspace(workspace)).prune(keep=keep)
    print(f"{len(gone):,} models removed")


def chosen(models: Models, shop: Workspace, model: str, *, as_of: datetime, horizon_days: int, basis: Basis) -> Saved:
    """The model that was named, else the newest of this kind; NotFound says how to make one."""
    if model:
        return models.load(shop, model)
    return models.latest(shop, as_of=as_of, horizon_days=horizon_days, basis=basis)


def model_of_folder(model: str) -> Saved:
    """The model of a table."""
    if not model:
        raise InvalidInput("--transactions needs --model FOLDER: the one that `understory fit --out FOLDER` made")
    return _of_folder(Path(model))


def enough(found: Saved) -> Saved:
    """The model itself; InvalidInput when there was too little to learn from."""
    if found.fitted.missing:
        raise InvalidInput(f"not enough data to fit: {', '.join(found.fitted.missing)}; nothing was kept")
    return found


def warn(found: DriftCheck) -> None:
    """Say on stderr when a model should be fitted anew."""
    if found.verdict in ("watch", "shifted"):
        moved = [
            f"{shift.feature} (PSI {_three(shift.psi)})" for shift in found.shifts if shift.verdict == found.verdict
        ]
        since = found.since
        ratios = {"buyers": since.buyers, "spend": since.spend} if since else {}
        moved += [
            f"{name} predicted / actual {_three(ratio.value) or 'none came'}"
            for name, ratio in ratios.items()
            if ratio.verdict == found.verdict
        ]
        advice = "fit anew before trusting these numbers" if found.verdict == "shifted" else "fit anew soon"
        progress(f"warning: the shop has moved since this model was fitted: {', '.join(moved)}; {advice}")


def print_saved(found: Saved, folder: Path, as_json: bool) -> None:
    """The card's id, cut dates and figures."""
    if as_json:
        print_json(
            {"folder": str(folder), "fingerprint": found.stamp.fingerprint, **found.card.model_dump(mode="json")}
        )
        return
    card, measured = found.card.card, found.card.measured
    print(f"{card.model_card_id}  {folder}")
    print(f"{card.model}, {card.horizon_days} days ahead, {found.stamp.currency}, {found.stamp.basis}")
    print(f"fitted on {card.customers:,} customers up to {card.fitted_until.isoformat()}")
    if measured is None:
        print("not measured: the history is too short, or there are too few customers, for an earlier fit")
        return
    print(
        f"measured: the same procedure fitted up to {measured.cut}, on the {measured.horizon_days} days that followed"
    )
    table = Table("figure", "value", "95% interval", "n")
    for name, figure in measured.figures.items():
        interval = "" if figure.low is None or figure.high is None else f"{figure.low:.4g} to {figure.high:.4g}"
        table.add_row(name, "" if figure.value is None else f"{figure.value:.4g}", interval, f"{figure.n:,}")
    Console(width=100, markup=False, emoji=False).print(table)


def _of_folder(folder: Path) -> Saved:
    return saved.unpack(artefacts.read(folder, model_version=VERSION))


def _of_workspace(card: str, workspace: str, data: Path | None) -> Saved:
    with opened(data) as app:
        return app.pipeline.models.load(app.pipeline.access.workspace(workspace), card)


def _print_check(kept: Saved, found: DriftCheck) -> None:
    print(f"{kept.stamp.model_card_id}, fitted until {kept.stamp.fitted_until.isoformat()}: {found.verdict}")
    table = Table("what", "figure", "noise / 99.9% interval", "verdict")
    for shift in found.shifts:
        table.add_row(shift.feature, f"PSI {_three(shift.psi)}", _three(shift.noise), shift.verdict)
    if since := found.since:
        for name, ratio in (("buyers", since.buyers), ("spend", since.spend)):
            interval = "" if ratio.low is None or ratio.high is None else f"{ratio.low:.2f} to {ratio.high:.2f}"
            value = "none came" if ratio.value is None else f"{ratio.value:.2f} predicted / actual"
            table.add_row(f"{name}, {since.days} days since", value, interval, ratio.verdict)
        expected = f"{since.brier_expected:.4f} expected"
        table.add_row(f"Brier, {since.days} days since", f"{since.brier:.4f}", expected, "")
    Console(width=110, markup=False, emoji=False).print(table)


def _three(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
