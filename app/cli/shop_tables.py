"""A table of orders in place of a workspace: the options that name it, and what it says up to a moment."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import typer

from app.access.schemas import known_zone
from app.bootstrap import KNOWLEDGE
from app.cli.output import progress
from app.errors import InvalidInput
from app.events.amounts import minor_units
from app.events.timestamps import end_of_day, parse_as_of
from app.predict.inputs import tables
from app.predict.inputs.refunds import net
from app.predict.kept.models import data_seen
from app.predict.kept.saved import Known
from app.predict.schemas import Basis
from app.predict.value.season import load

TableFile = Annotated[
    Path | None, typer.Option("--transactions", help="Table of orders (Parquet or CSV) in place of a workspace.")
]
Customer = Annotated[str, typer.Option("--customer", help="Its column of customers.")]
Time = Annotated[str, typer.Option("--time", help="Its column of times or dates.")]
Amount = Annotated[str, typer.Option("--amount", help="Its column of amounts, major units; negative ones are refunds.")]
TimeFormat = Annotated[str, typer.Option("--time-format", help="strptime format of a text column of times.")]
Zone = Annotated[str, typer.Option("--zone", help="IANA zone in which its aware times are cut into days.")]
Currency = Annotated[str, typer.Option("--currency", help="ISO 4217 code of its amounts; XXX is none.")]
BasisOption = Annotated[
    Basis, typer.Option("--basis", help="Whether refunds are taken off the purchases that they belong to.")
]
HorizonDays = Annotated[int, typer.Option("--horizon-days", min=1, max=1830, help="Days ahead that are forecast.")]


class TableColumns(NamedTuple):
    """How a table is read, as the options said."""

    customer: str
    time: str
    amount: str
    time_format: str
    zone: str

    def refuse(self) -> None:
        """InvalidInput when something is said of a table and none is named."""
        for option, value in self._asdict().items():
            if value and option != "zone":
                raise InvalidInput(f"--{option.replace('_', '-')} belongs to --transactions FILE; name the table too")


@dataclass(frozen=True)
class ShopTable:
    """A table of orders, read once."""

    path: Path
    currency: str
    zone: ZoneInfo
    transactions: tables.Transactions

    @classmethod
    def read(cls, path: Path, columns: TableColumns, *, currency: str) -> "ShopTable":
        """InvalidInput says in one line which option or column is wrong."""
        for option in ("customer", "time", "amount"):
            if not getattr(columns, option):
                raise InvalidInput(f"--transactions needs --{option} COLUMN too")
        code, zone = currency.upper(), zone_of(columns.zone)
        if not (len(code) == 3 and code.isascii() and code.isalpha()):
            raise InvalidInput(f"--currency {currency!r}: use an ISO 4217 code such as CNY or GBP")
        named = tables.Columns(
            columns.customer, columns.time, columns.amount, zone, columns.time_format, minor_units(code)
        )
        found = tables.read(path, named)
        for warning in found.warnings:
            progress(f"{path.name}: {warning}")
        return cls(path, code, zone, found)

    def moment(self, as_of: str) -> datetime:
        """The end of the day that `--as-of` names; without it, of the table's last one."""
        newest = tables.to_date(int(self.transactions.purchases.day.max()))
        day = parse_as_of(as_of, self.zone).astimezone(self.zone).date() if as_of else newest
        return end_of_day(day, self.zone)

    def known(self, as_of: datetime, basis: Basis) -> Known:
        """What the table says up to the end of the day of `as_of`."""
        day = tables.to_day(as_of.astimezone(self.zone).date())
        gross, *_, refunds = self.transactions.until(day)
        if not gross.day.size:
            raise InvalidInput(f"{self.path}: no purchase up to {as_of.astimezone(self.zone).date()}")
        netted = net(gross, refunds)
        taken = netted if basis == "net_of_refunds" else netted._replace(purchases=gross, taken=0, beyond=0)
        data = data_seen(
            gross, taken, kind="table", name=self.path.name, timezone=self.zone.key, currency=self.currency,
            basis=basis, refunds=int(refunds.day.size), unusable_rows=self.transactions.unusable,
        )  # fmt: skip
        return Known(taken.purchases, day, as_of, data, load(KNOWLEDGE / "calendar.yaml").of(self.zone.key))


def zone_of(name: str) -> ZoneInfo:
    """The zone itself; InvalidInput when this machine does not know it."""
    try:
        return ZoneInfo(known_zone(name))
    except ValueError as error:
        raise InvalidInput(f"--zone: {error}") from None
