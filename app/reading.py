"""Reads of one customer at one moment: state, profile, evidence. What every front and every later stage starts from."""

from collections.abc import Callable
from datetime import datetime

from app.access.schemas import Workspace
from app.events.store import EventLog
from app.identity.schemas import Bonds, Customer
from app.identity.store import IdentityStore
from app.narrative.book import Book
from app.predict.reckoning import Reckoner
from app.profile.fold import State, covers, fold, profile_at
from app.profile.schemas import Profile
from app.profile.seen import Context
from app.profile.store import ProfileStore
from app.profile.wants.peers import Peers
from app.text.taxonomy import Taxonomy


class Reader:
    """Reads customers as they stood at a moment; nothing is written."""

    def __init__(
        self,
        *,
        log: EventLog,
        identity: IdentityStore,
        profiles: ProfileStore,
        reckoner: Reckoner,
        peers: Peers,
        taxonomy: Taxonomy,
    ) -> None:
        """All parts share one database."""
        self._log, self._identity, self._profiles = log, identity, profiles
        self._reckoner, self._peers, self._taxonomy = reckoner, peers, taxonomy

    def customer(self, workspace: Workspace, ref: str) -> Customer:
        """The customer that a name or id means."""
        return self._identity.customer(workspace.workspace_id, ref)

    def book(self, workspace: Workspace, customer: Customer, *, as_of: datetime) -> Book:
        """The evidence of one customer up to `as_of`."""
        history = self._log.history(workspace.workspace_id, customer.members, until=as_of)
        return Book(
            customer_id=customer.customer_id,
            history=history,
            taxonomy=self._taxonomy,
            zone=workspace.zone,
            as_of=as_of,
            currency=workspace.currency,
            view=lambda state: self.view(workspace, customer, state, as_of=as_of),
        )

    def context(self, workspace: Workspace, book: Book) -> Context:
        """What a fold of the book's events needs beside them."""
        return Context(self._taxonomy, workspace.zone, book.history.items, book.history.texts)

    def state(self, workspace: Workspace, customer: Customer, book: Book) -> State:
        """The followed state where it stands at the book's moment, else the book's events folded anew."""
        stored = self._profiles.snapshots(workspace.workspace_id, [customer.customer_id]).get(customer.customer_id)
        same = stored is not None and stored.identity_version == customer.identity_version
        if stored and same and covers(stored.state, book.history.events):
            return stored.state
        return fold(None, book.history.events, self.context(workspace, book))

    def view(self, workspace: Workspace, customer: Customer, state: State, *, as_of: datetime) -> Profile:
        """The profile that a state shows, with the customer's standing among the others."""
        bonds = self._identity.bonds(workspace.workspace_id, customer.customer_id)
        return self.viewer(workspace, as_of=as_of)(customer, state, bonds)

    def viewer(self, workspace: Workspace, *, as_of: datetime) -> Callable[[Customer, State, Bonds], Profile]:
        """The same for many customers: what they stand among is read once."""
        limits, likeness = self._reckoner.at(workspace, as_of).cohort.limits, self._peers.at(workspace, as_of)
        context = Context(self._taxonomy, workspace.zone, {}, {})
        return lambda customer, state, bonds: profile_at(
            state,
            workspace_id=workspace.workspace_id,
            customer_id=customer.customer_id,
            identity_version=customer.identity_version,
            as_of=as_of,
            context=context,
            limits=limits,
            likeness=likeness,
            bonds=bonds.until(as_of),
        )
