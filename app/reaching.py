"""Who may be written to now, of many customers at once: the policy gate's own rules over what was folded."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from app.access.schemas import Workspace
from app.database.engine import Database
from app.errors import Conflict
from app.events.schemas import Event
from app.identity.schemas import NO_BONDS
from app.identity.store import IdentityStore
from app.profile.fold import consents_of
from app.profile.follow import ProfileFollower
from app.profile.known import attributes
from app.profile.store import ProfileStore
from app.retrieval.schemas import Channel
from app.strategy.gate.contact import contacts_of, suppressed, with_consent, within_frequency
from app.strategy.gate.moments import permitted_moment
from app.strategy.gate.policy import Policy
from app.strategy.running.asked import sent_since

Refusal = Literal["unknown", "suppression", "consent", "frequency"]
"""Why somebody is not written to."""


class Reaching:
    """Asks suppression, consent and frequency for many customers."""

    def __init__(
        self,
        *,
        database: Database,
        identity: IdentityStore,
        profiles: ProfileStore,
        follower: ProfileFollower,
        policy: Policy,
    ) -> None:
        """All parts share one database."""
        self._database, self._identity, self._profiles = database, identity, profiles
        self._follower, self._policy = follower, policy

    def refusals(
        self, workspace: Workspace, wanted: Mapping[str, Sequence[Channel]], *, as_of: datetime, now: datetime
    ) -> dict[str, Refusal]:
        """customer_id -> why one of the channels wanted for them is closed; those who may be written to are absent.

        What was logged before this call counts, also what is later than `as_of`: a consent withdrawn a moment ago is
        withdrawn.
        """
        self._follower.catch_up(workspace)
        workspace_id = workspace.workspace_id
        states = self._profiles.states(workspace_id, list(wanted))
        sent = self._sent(workspace, since=min(as_of, now))
        bonds = self._identity.bonds_of(workspace_id, wanted)
        found: dict[str, Refusal] = {}
        for customer_id, channels in wanted.items():
            if (state := states.get(customer_id)) is None:
                found[customer_id] = "unknown"
                continue
            consents = consents_of(state, bonds.get(customer_id, NO_BONDS))
            known, _ = attributes.view(state.attributes, max(as_of, now))
            contacts = contacts_of(
                sent.get(customer_id, ()), as_of=as_of, now=now, zone=workspace.zone, policy=self._policy
            )
            if suppressed(known, self._policy).fired:
                found[customer_id] = "suppression"
            elif with_consent(channels, consents, self._policy).fired:
                found[customer_id] = "consent"
            elif within_frequency(channels, contacts, self._policy).fired:
                found[customer_id] = "frequency"
        return found

    def moment(self, workspace: Workspace, at: datetime, *, channel: Channel, with_offer: bool) -> datetime:
        """When a message meant for `at` may leave: not in quiet hours, nor on days that the calendar keeps back.

        Conflict when the calendar leaves no day for it.
        """
        ruled = permitted_moment(at, channel, workspace.zone, self._policy, with_offer=with_offer).value
        if ruled is None:
            raise Conflict(
                f"the promo calendar of policy.yaml leaves no day to send on {channel}; nothing is handed out"
            )
        return ruled

    def _sent(self, workspace: Workspace, *, since: datetime) -> dict[str, list[Event]]:
        """Messages of the policy's frequency window, by customer."""
        since -= timedelta(days=self._policy.frequency.window_days)
        with self._database.read() as connection:
            events = sent_since(connection, workspace.workspace_id, since)
        owners = self._identity.owners(workspace.workspace_id, sorted({event.subject for event in events}))
        found: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            if event.subject in owners:
                found[owners.of(event.subject, event.occurred_at)].append(event)
        return found
