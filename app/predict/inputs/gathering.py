"""What a workspace's log knew at one moment, as estimators read it: purchases, and behaviour beside them."""

from datetime import datetime
from typing import NamedTuple

from app.access.schemas import Workspace
from app.events.store import EventLog, OrderTotal
from app.identity.schemas import Owners
from app.identity.store import IdentityStore
from app.predict.behaviour.columns import BehaviourColumns
from app.predict.behaviour.days import with_signs
from app.predict.inputs.cohort import Cohort
from app.profile.store import ProfileStore


class Gathered(NamedTuple):
    """The buyers of a moment and what is known of them."""

    orders: list[OrderTotal]
    owners: Owners
    cohort: Cohort
    beside: BehaviourColumns | None
    """None where nothing but orders is on record."""


class Gatherer:
    """Reads logs for the estimators; nothing later than the moment asked for."""

    def __init__(self, log: EventLog, identity: IdentityStore, profiles: ProfileStore) -> None:
        """Orders and acts come from `log`, their owners from `identity`, early signs of leaving from `profiles`."""
        self._log, self._identity, self._profiles = log, identity, profiles

    def version(self, workspace: Workspace) -> tuple[int, str, int]:
        """What it changes with: the log (what we write ourselves changes no number), merges, and folded states."""
        name = workspace.workspace_id
        position = self._log.position(name, ours=False)
        return position, self._identity.revision(name), min(position, self._profiles.position(name))

    def at(self, workspace: Workspace, as_of: datetime) -> Gathered:
        """What was known at `as_of`. Signs are those of the folded states, which follow the log a little behind."""
        name, zone = workspace.workspace_id, workspace.zone
        orders, owners = self._log.order_totals(name, until=as_of), self._identity.owners(name)
        activity = self._log.day_counts(name, until=as_of, zone=zone)
        cohort = Cohort.build(orders, owners, zone=zone, as_of=as_of, activity=activity)
        if cohort.behaviour is None:
            return Gathered(orders, owners, cohort, None)
        told = self._profiles.telltales(name)
        signs = with_signs(cohort.behaviour, cohort.purchases, told, zone=zone, as_of=as_of)
        return Gathered(orders, owners, cohort, BehaviourColumns(signs))
