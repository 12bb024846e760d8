"""What a workspace's purchases say at one moment, fitted once and kept while it stays true."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from app.access.schemas import Workspace
from app.events.store import EventLog
from app.identity.store import IdentityStore
from app.predict.cohort import Cohort
from app.predict.model import CustomerModel, fit
from app.profile.schemas import RfmClass

HORIZON_DAYS = 90
KEPT = 8
"""Moments whose fitted model is kept; the one used longest ago goes first."""


@dataclass(frozen=True)
class Reckoning:
    """What a workspace's purchases say at one moment: its buyers and the model fitted on them."""

    seen: frozenset[str]
    """customer_ids of everyone who had an event by then."""
    cohort: Cohort
    model: CustomerModel

    def purchase_rate(self, rfm_class: RfmClass | None) -> float | None:
        """How many customers of a class are expected to buy within the horizon; None when unknown."""
        return self.model.purchase_rate(self.cohort.of_class(rfm_class)) if rfm_class else None


class Reckoner:
    """Buyers and models by workspace and moment; every read of a page needs the same one."""

    def __init__(self, log: EventLog, identity: IdentityStore) -> None:
        """Orders come from `log`, their owners from `identity`."""
        self._log, self._identity = log, identity
        self._kept: OrderedDict[tuple[str, datetime, int, str], Reckoning] = OrderedDict()
        self._fitting = Lock()

    def at(self, workspace: Workspace, as_of: datetime) -> Reckoning:
        """The reckoning at `as_of`; made anew when more was sent, or customers were merged, since it was made."""
        name = workspace.workspace_id
        key = (name, as_of, self._log.position(name, ours=False), self._identity.revision(name))
        with self._fitting:  # two pages that ask at once wait for one fit
            if key not in self._kept:
                self._kept[key] = self._reckon(workspace, as_of)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]

    def _reckon(self, workspace: Workspace, as_of: datetime) -> Reckoning:
        orders = self._log.order_totals(workspace.workspace_id, until=as_of)
        subjects = self._log.subjects(workspace.workspace_id, until=as_of)
        owners = self._identity.owners(workspace.workspace_id)
        cohort = Cohort.build(orders, owners, zone=workspace.zone, as_of=as_of)
        model = fit(
            cohort.purchases,
            as_of_day=cohort.as_of_day,
            horizon_days=HORIZON_DAYS,
            currency=workspace.currency,
            fitted_until=as_of,
        )
        seen = frozenset(owner for subject in subjects for owner in owners.ever(subject))
        return Reckoning(seen, cohort, model)
