"""What a workspace's purchases say at one moment; what is learned from them is learned once a week and kept.

The model that answers on a day was fitted on what was known at the end of the last Sunday before it, so that a number
moves because the customer did, not because the model was fitted again. Sunday's model follows from the log; only early
signs of long ago, which folded states no longer keep apart, are missing from it when it is fitted much later.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock
from typing import TypeVar

from app.access.schemas import Workspace
from app.events.store import EventLog
from app.events.timestamps import end_of_day
from app.predict.behaviour.columns import BehaviourColumns
from app.predict.fitted import Fitted, estimate, learn
from app.predict.inputs.cohort import Cohort
from app.predict.inputs.gathering import Gatherer
from app.predict.kept.fingerprint import of_inputs
from app.predict.model import CustomerModel
from app.predict.value.season import Calendar, Calendars
from app.profile.schemas import RfmClass

K = TypeVar("K")
V = TypeVar("V")

HORIZON_DAYS = 90
KEPT = 8
"""Moments, and fitted models, that are kept; the one used longest ago goes first."""
_SUNDAY = 3
"""1970-01-04 was one."""


@dataclass(frozen=True)
class Reckoning:
    """What a workspace's purchases say at one moment: its buyers and the model that answers for them."""

    seen: frozenset[str]
    """customer_ids of everyone who had an event by then."""
    cohort: Cohort
    beside: BehaviourColumns | None
    """What is known beside purchases; None where nothing but orders is on record."""
    model: CustomerModel

    def purchase_rate(self, rfm_class: RfmClass | None) -> float | None:
        """How many customers of a class are expected to buy within the horizon; None when unknown."""
        return self.model.purchase_rate(self.cohort.of_class(rfm_class)) if rfm_class else None


class Reckoner:
    """Buyers and models by workspace and moment; every read of a page needs the same one."""

    def __init__(
        self,
        log: EventLog,
        gatherer: Gatherer,
        calendars: Calendars,
        kept: Callable[[Workspace, str], Fitted | None],
    ) -> None:
        """Who was there comes from `log`, all else from `gatherer`; `kept` finds a model by its fingerprint."""
        self._log, self._gatherer, self._calendars, self._stored = log, gatherer, calendars, kept
        self._kept: OrderedDict[tuple[str, datetime, tuple[int, str, int]], Reckoning] = OrderedDict()
        self._fitted: OrderedDict[str, Fitted] = OrderedDict()
        self._fitting = Lock()

    def at(self, workspace: Workspace, as_of: datetime) -> Reckoning:
        """The reckoning at `as_of`; made anew when more was sent, or customers were merged, since it was made."""
        key = (workspace.workspace_id, as_of, self._gatherer.version(workspace))
        with self._fitting:  # two pages that ask at once wait for one fit
            if key not in self._kept:
                self._kept[key] = self._reckon(workspace, as_of)
            _keep(self._kept, key)
            return self._kept[key]

    def _reckon(self, workspace: Workspace, as_of: datetime) -> Reckoning:
        _, owners, cohort, beside = self._gatherer.at(workspace, as_of)
        subjects = self._log.subjects(workspace.workspace_id, until=as_of)
        fitted = self._learned(workspace, cohort, beside, as_of)
        found = estimate(fitted, cohort.purchases, as_of_day=cohort.as_of_day, beside=beside)
        seen = frozenset(owner for subject in subjects for owner in owners.ever(subject))
        return Reckoning(seen, cohort, beside, CustomerModel(fitted, found))

    def _learned(
        self, workspace: Workspace, cohort: Cohort, beside: BehaviourColumns | None, as_of: datetime
    ) -> Fitted:
        """Last Sunday's model; a shop that had too little by then is read as it stands."""
        calendar, zone = self._calendars.of(workspace.timezone), workspace.zone
        sunday = last_sunday(cohort.as_of_day)
        moment = end_of_day(date.fromordinal(sunday + date(1970, 1, 1).toordinal()), zone)
        fitted = self._fit(workspace, cohort, beside, calendar, sunday, moment)
        return self._fit(workspace, cohort, beside, calendar, cohort.as_of_day, as_of) if fitted.missing else fitted

    def _fit(
        self,
        workspace: Workspace,
        cohort: Cohort,
        beside: BehaviourColumns | None,
        calendar: Calendar,
        day: int,
        moment: datetime,
    ) -> Fitted:
        purchases, currency = cohort.purchases, workspace.currency
        key = of_inputs(
            purchases, day=day, horizon_days=HORIZON_DAYS, currency=currency, basis="gross", calendar=calendar,
            beside=beside,
        )  # fmt: skip
        if key not in self._fitted:
            self._fitted[key] = self._stored(workspace, key) or learn(
                purchases, day=day, horizon_days=HORIZON_DAYS, currency=currency, fitted_until=moment,
                calendar=calendar, model_card_id=f"card_{key[:20]}", beside=beside,
            )  # fmt: skip
        _keep(self._fitted, key)
        return self._fitted[key]


def last_sunday(day: int) -> int:
    """The last Sunday before a local day; both are days since 1970-01-01."""
    return day - 1 - (day - 1 - _SUNDAY) % 7


def _keep(kept: OrderedDict[K, V], key: K) -> None:
    """Mark as used, and let go of what was not used for longest."""
    kept.move_to_end(key)
    while len(kept) > KEPT:
        kept.popitem(last=False)
