"""Writing what we ourselves say about a customer into the log: corrections made here, and what a model inferred.

They are dated at the moment that readers mean who name none: as far as the data reach. So a correction shows at once
also where the newest data are old, and yesterday's profile stays what it was. `received_at` has the real time.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from app.access.schemas import Workspace
from app.database.engine import Database
from app.errors import InvalidInput
from app.events.intake import Accepted, Intake, accept, new_event_id
from app.events.schemas import OUR_SOURCE, EventKind, IncomingEvent
from app.events.store import Appended, EventLog
from app.identity.schemas import Customer
from app.identity.store import IdentityStore


class Saying(NamedTuple):
    """One event of ours to be."""

    kind: EventKind
    message_id: str
    """The same one is written once, for ever."""
    properties: Mapping[str, object]


class Recorder:
    """Appends events of ours about one customer, all of them in one transaction."""

    def __init__(self, *, database: Database, log: EventLog, identity: IdentityStore) -> None:
        """All parts share one database."""
        self._database, self._log, self._identity = database, log, identity

    def moment(self, workspace: Workspace, *, now: datetime) -> datetime:
        """When what is said now happens, to readers."""
        return self._log.latest(workspace.workspace_id) or now

    def write(
        self, workspace: Workspace, customer: Customer, sayings: Sequence[Saying], *, at: datetime, now: datetime
    ) -> list[str]:
        """Log them; returns the ids of those that were not in the log before, in order."""
        accepted = [self._accepted(workspace, customer, saying, at=at, now=now) for saying in sayings]
        appended: Appended = self._database.commit_together(lambda connection: self._log.append(connection, accepted))
        self._log.committed(workspace.workspace_id, appended)
        return [fresh.event.event_id for fresh in appended.fresh]

    def _accepted(
        self, workspace: Workspace, customer: Customer, saying: Saying, *, at: datetime, now: datetime
    ) -> Accepted:
        held = next((member for member in customer.members if member.covers(at)), None)
        if held is None:
            raise InvalidInput(
                "every identifier of this customer has passed to somebody else; nothing can be said of them"
            )
        kind, _, value = held.key.partition(":")
        incoming = IncomingEvent(
            message_id=saying.message_id,
            kind=saying.kind,
            occurred_at=at,
            identifiers={kind: value},
            properties=dict(saying.properties),
        )
        intake = Intake(
            workspace_id=workspace.workspace_id,
            source=OUR_SOURCE,
            zone=workspace.zone,
            currency=workspace.currency,
            received_at=now,
            normalise=self._identity.normaliser(workspace.workspace_id),
        )
        return accept(incoming, intake)


def message_id(kind: str, *names: str, now: datetime) -> str:
    """One id for what is said of these names at a moment."""
    return f"{kind}-{new_event_id(now, *names)}"
