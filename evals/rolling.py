"""Rolling cuts over a table of purchases: fit the product's estimator up to each, and see what customers then did.

Runs on any table of transactions, or on a demo shop of its own. Features come from days up to and including the cut;
the horizon is (cut, cut + N days]; only customers who had bought by the cut are scored.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from app.access.schemas import known_zone
from app.bootstrap import KNOWLEDGE
from app.demo.shop import DEFAULT_CUSTOMERS
from app.demo.synonyms import Vocabulary
from app.errors import InvalidInput
from app.events.timestamps import end_of_day
from app.predict import model
from app.predict.fitted import LONGEST_HORIZON_DAYS
from app.predict.inputs.cohort import Cohort
from app.predict.inputs.purchases import Floats, Ints, PurchaseDays, RfmTable, rfm, spend_between
from app.predict.inputs.tables import Columns, Transactions, read, to_date, to_day
from app.predict.value import season
from app.schema import Frozen
from evals import shop
from evals.provenance import file_hash
from evals.task import Plain, Say

NO_CURRENCY = "XXX"
"""ISO 4217 for none: a table of amounts does not name one."""


class RollingOptions(Frozen):
    """Options of `run ltv` and `run churn`; without --transactions a demo shop is made."""

    transactions: Path | None = None
    """Parquet or CSV file with one row per order or order line"""
    customer: str = "customer_id"
    """column that names the customer"""
    time: str = "time"
    """column with the date or moment of the purchase"""
    amount: str = "amount"
    """column with the amount in major units"""
    time_format: str = ""
    """strptime format of a text time column; without it ISO 8601 and YYYYMMDD are read"""
    zone: Annotated[str, AfterValidator(known_zone)] = "UTC"
    """zone in which moments are cut into days, and whose calendar of seasons is declared"""
    cut: tuple[date, ...] = ()
    """last training day; may be given several times; without it the last day minus the horizon"""
    horizon_days: int = Field(default=90, ge=1, le=LONGEST_HORIZON_DAYS)
    """days after the cut that are predicted"""
    seed: int = Field(default=7, ge=0)
    """seed of the demo shop, the baselines and the bootstrap"""
    customers: int = Field(default=DEFAULT_CUSTOMERS, ge=10, le=100_000)
    """customers of the demo shop"""
    wording: Vocabulary = "A"
    """words that the demo shop's customers use: A, or the held-out B"""
    bootstrap: int | None = Field(default=None, ge=20, le=10_000)
    """bootstrap draws behind each interval; without it 400, down to 20 for very many customers"""


class Loaded(NamedTuple):
    """The purchases, the zone whose calendar of seasons holds for them, and where they come from."""

    table: Transactions
    zone: str
    origin: dict[str, Plain]


class View(NamedTuple):
    """One cut: what was known by then, what the product says, and what the customers of `seen` then did."""

    cut: date
    horizon: int
    known: PurchaseDays
    seen: RfmTable
    fitted: model.CustomerModel
    spent: Floats
    """Minor units."""
    days: Ints
    """Purchase days."""

    @property
    def day(self) -> int:
        """The cut as a day number."""
        return to_day(self.cut)


def load(options: RollingOptions, say: Say) -> Loaded:
    """Read the table, or make the demo shop."""
    if options.transactions is None:
        return _demo(options, say)
    columns = Columns(
        options.customer,
        options.time,
        options.amount,
        zone=ZoneInfo(options.zone),
        time_format=options.time_format,
    )
    say(f"reading {options.transactions}")
    table = read(options.transactions, columns)
    origin: dict[str, Plain] = {"data": options.transactions.name, "data_sha256": file_hash(options.transactions)}
    return Loaded(table, options.zone, origin)


def view_at(loaded: Loaded, cut: date, horizon: int) -> View:
    """Fit on what was known at the cut; InvalidInput where that is too little."""
    day, purchases = to_day(cut), loaded.table.purchases
    known = purchases.until(day)
    seen = rfm(known, day)
    spent, days = spend_between(purchases, seen.customer, day, day + horizon)
    return View(cut, horizon, known, seen, _fit(known, cut, horizon, loaded.zone), spent, days)


def cuts_of(purchases: PurchaseDays, options: RollingOptions) -> list[date]:
    """The cuts that were asked for, in order; InvalidInput for one without days on both sides."""
    first, last = to_date(int(purchases.day.min())), to_date(int(purchases.day.max()))
    cuts = sorted(set(options.cut)) or [to_date(to_day(last) - options.horizon_days)]
    for cut in cuts:
        if not first <= cut < last:
            raise InvalidInput(
                f"--cut {cut}: purchases run from {first} to {last}; a cut must leave days on both sides"
            )
    return cuts


def _demo(options: RollingOptions, say: Say) -> Loaded:
    with shop.demo(seed=options.seed, customers=options.customers, wording=options.wording, say=say) as made:
        workspace, pipeline = made.workspace, made.pipeline
        until = pipeline.clock(workspace, now=made.now)
        orders = pipeline.log.order_totals(workspace.workspace_id, until=until)
        owners = pipeline.identity.owners(workspace.workspace_id)
    purchases = Cohort.build(orders, owners, zone=workspace.zone, as_of=until).purchases
    table = Transactions(purchases, rows=len(orders), negative=0, unusable=0)
    data = f"demo shop, seed {options.seed}, {options.customers} customers, wording {options.wording}"
    return Loaded(table, workspace.timezone, {"data": data})


def _fit(known: PurchaseDays, cut: date, horizon: int, zone: str) -> model.CustomerModel:
    fitted = model.fit(
        known,
        as_of_day=to_day(cut),
        horizon_days=horizon,
        currency=NO_CURRENCY,
        fitted_until=end_of_day(cut, ZoneInfo(zone)),
        calendar=season.load(KNOWLEDGE / "calendar.yaml").of(zone),
    )
    if fitted.missing:
        raise InvalidInput(f"cut {cut}: too little data to fit; missing: {', '.join(fitted.missing)}")
    return fitted
