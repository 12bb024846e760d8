"""The fitted models of workspaces: made from the log, kept beside the database, checked for drift and asked."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from app.access.schemas import Workspace
from app.errors import NotFound
from app.events.amounts import minor_units
from app.events.store import EventLog
from app.events.timestamps import end_of_day
from app.predict.fitted import VERSION, Fitted
from app.predict.inputs.gathering import Gatherer
from app.predict.inputs.purchases import PurchaseDays
from app.predict.inputs.refunds import Netted, net, of_orders
from app.predict.kept import saved
from app.predict.kept.artefacts import Listing, Shelf
from app.predict.kept.cards import DataSeen, SourceKind
from app.predict.kept.drift import DriftCheck
from app.predict.kept.saved import Known, Saved
from app.predict.schemas import Basis
from app.predict.value.season import Calendars

_EPOCH = date(1970, 1, 1)


class Models:
    """One shelf of models per workspace, under one folder."""

    def __init__(self, log: EventLog, gatherer: Gatherer, calendars: Calendars, root: Path) -> None:
        """Refunds come from `log`, all else that is known from `gatherer`; models lie in `root`/WORKSPACE/CARD."""
        self._log, self._gatherer, self._calendars, self._root = log, gatherer, calendars, root

    def shelf(self, workspace: Workspace) -> Shelf:
        """The models of one workspace."""
        return Shelf(self._root / workspace.workspace_id, model_version=VERSION)

    def kept(self, workspace: Workspace, fingerprint: str) -> Fitted | None:
        """What was learned from these very inputs, where `understory fit` has kept it."""
        return saved.kept(self.shelf(workspace), fingerprint)

    def listing(self, workspace: Workspace) -> Listing:
        """What there is, newest data first."""
        return self.shelf(workspace).listing()

    def known(self, workspace: Workspace, *, as_of: datetime, basis: Basis, seen_from: datetime | None = None) -> Known:
        """What the log knew at `as_of`; `seen_from` is a later moment from which the end of its day is looked at."""
        name, zone = workspace.workspace_id, workspace.zone
        orders, owners, cohort, beside = self._gatherer.at(workspace, seen_from or as_of)
        day = as_of.astimezone(zone).toordinal() - _EPOCH.toordinal()
        gross = cohort.purchases.until(day)
        refunds = self._log.refund_totals(name, until=as_of)
        netted = Netted(gross, 0, 0)
        if basis == "net_of_refunds":
            netted = net(gross, of_orders(orders, refunds, owners, gross.customer_ids, zone))
        data = data_seen(
            gross, netted, kind="workspace", name=name, timezone=workspace.timezone,
            currency=workspace.currency, basis=basis, refunds=len(refunds),
        )  # fmt: skip
        calendar = self._calendars.of(workspace.timezone)
        return Known(netted.purchases, day, as_of, data, calendar, beside)

    def fit(self, workspace: Workspace, *, as_of: datetime, horizon_days: int, basis: Basis, now: datetime) -> Saved:
        """Fit on what was known at `as_of` and keep the model; the same inputs are not fitted twice.

        A model that lacks data (`fitted.missing`) is not kept.
        """
        known = self.known(workspace, as_of=as_of, basis=basis, seen_from=self._later(workspace, as_of))
        shelf = self.shelf(workspace)
        if there := shelf.find(saved.fingerprint_of(known, horizon_days)):
            return saved.unpack(there)
        made = saved.make(known, horizon_days=horizon_days, now=now)
        if not made.fitted.missing:
            shelf.save(saved.pack(made))
        return made

    def _later(self, workspace: Workspace, as_of: datetime) -> datetime | None:
        """As far as the data reach, for a day that is over: the signs of its last hours are known only then."""
        latest = self._log.latest(workspace.workspace_id)
        over = as_of == end_of_day(as_of.astimezone(workspace.zone).date(), workspace.zone)
        return latest if over and latest and latest > as_of else None

    def load(self, workspace: Workspace, model_card_id: str) -> Saved:
        """The model with this card; NotFound when there is none."""
        return saved.unpack(self.shelf(workspace).load(model_card_id))

    def latest(self, workspace: Workspace, *, as_of: datetime, horizon_days: int, basis: Basis) -> Saved:
        """The newest model of this kind that has seen nothing after `as_of`; NotFound when there is none."""
        found = self.shelf(workspace).latest(until=as_of, horizon_days=horizon_days, basis=basis)
        if found is None:
            raise NotFound(
                f"no model for {horizon_days} days ({basis}) fitted on data up to {as_of.isoformat()}; "
                f"`understory fit --workspace {workspace.workspace_id} --horizon-days {horizon_days}` makes one"
            )
        return saved.unpack(found)

    def check(self, workspace: Workspace, model: Saved, *, as_of: datetime) -> DriftCheck:
        """Whether the model still fits the workspace at `as_of`."""
        return saved.check(model, self.known(workspace, as_of=as_of, basis=model.stamp.basis))


def data_seen(
    gross: PurchaseDays,
    netted: Netted,
    *,
    kind: SourceKind,
    name: str,
    timezone: str,
    currency: str,
    basis: Basis,
    refunds: int,
    unusable_rows: int = 0,
) -> DataSeen:
    """What is said of the data on a card."""
    days: Sequence[int] = gross.day.tolist() or [0]
    return DataSeen(
        kind=kind,
        name=name,
        timezone=timezone,
        currency=currency,
        minor_units=minor_units(currency),
        basis=basis,
        purchase_days=int(gross.day.size),
        first_day=_EPOCH + timedelta(days=min(days)),
        last_day=_EPOCH + timedelta(days=max(days)),
        paid_minor=int(gross.amount.sum()),
        refunds=refunds,
        refunded_minor=netted.taken,
        beyond_minor=netted.beyond,
        unusable_rows=unusable_rows,
    )
