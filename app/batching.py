"""Strategy requests for many customers at once: as for one, and what they have in common is read once.

A request for one customer measures every claim again on the events. Here claims are taken as the folded states make
them, which tell only what they are sure of; retrieval is asked once for each different situation.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from app.access.schemas import Workspace
from app.events.schemas import Event, History, Member
from app.identity.schemas import NO_BONDS, Bonds, Customer
from app.insights.fitness import mentions
from app.insights.predictions import explain, prediction_claims
from app.narrative.book import Book
from app.narrative.claims import choose
from app.narrative.render import say
from app.narrative.schemas import Claim
from app.profile.fold import State, consents_of
from app.profile.follow import ProfileFollower
from app.profile.known import attributes
from app.profile.schemas import Profile
from app.profile.store import ProfileStore
from app.recommending import KnownCustomer, Recommender, Shared
from app.schema import Lang
from app.strategy.request import StrategyRequest

_AT_ONCE = 50
"""Customers who are read together: their events are held at once."""


class _Folded(NamedTuple):
    """One customer as stored."""

    customer: Customer
    state: State
    bonds: Bonds
    history: History


class Batching:
    """Requests for the customers of a segment, as they stand now."""

    def __init__(self, recommender: Recommender, profiles: ProfileStore, follower: ProfileFollower) -> None:
        """The parts are those of single recommendations, and the followed states."""
        self._of, self._profiles, self._follower = recommender, profiles, follower

    def requests(
        self, workspace: Workspace, customer_ids: Sequence[str], *, as_of: datetime, now: datetime, lang: Lang
    ) -> Iterator[tuple[str, StrategyRequest | None]]:
        """Each customer with their request, in order; None for whom nothing was folded. `as_of` is the data's end."""
        self._follower.catch_up(workspace)
        shared = self._of.shared(workspace, as_of=as_of, now=now)
        view = self._of.reader.viewer(workspace, as_of=as_of)
        for start in range(0, len(customer_ids), _AT_ONCE):
            part = customer_ids[start : start + _AT_ONCE]
            folded = {one.customer.customer_id: one for one in self._folded(workspace, part, until=max(as_of, now))}
            for customer_id in part:
                one = folded.get(customer_id)
                known = one and self._known(workspace, one, view(*one[:3]), shared, until=max(as_of, now), lang=lang)
                yield customer_id, self._of.request_of(workspace, known, shared, now=now, lang=lang) if known else None

    def _folded(self, workspace: Workspace, customer_ids: Sequence[str], *, until: datetime) -> Iterator[_Folded]:
        """Those of the customers of whom something was folded."""
        workspace_id, identity = workspace.workspace_id, self._of.identity
        states, bonds = self._profiles.states(workspace_id, customer_ids), identity.bonds_of(workspace_id, customer_ids)
        customers = [c for c in identity.customers(workspace_id, customer_ids) if c.customer_id in states]
        histories = self._histories(workspace_id, customers, until=until)
        for customer in customers:
            of = customer.customer_id
            yield _Folded(customer, states[of], bonds.get(of, NO_BONDS), histories[of])

    def _histories(self, workspace_id: str, customers: Sequence[Customer], *, until: datetime) -> dict[str, History]:
        """Everybody's events, read together."""
        members = [member for customer in customers for member in customer.members]
        whole = self._of.log.history(workspace_id, members, until=until)
        owners: dict[str, list[tuple[Member, str]]] = {}
        for customer in customers:
            for member in customer.members:
                owners.setdefault(member.key, []).append((member, customer.customer_id))
        found: dict[str, list[Event]] = {customer.customer_id: [] for customer in customers}
        for event in whole.events:
            for member, customer_id in owners[event.subject]:
                if member.covers(event.occurred_at):
                    found[customer_id].append(event)
        return {of: whole._replace(events=tuple(events)) for of, events in found.items()}

    def _known(
        self,
        workspace: Workspace,
        folded: _Folded,
        profile: Profile,
        shared: Shared,
        *,
        until: datetime,
        lang: Lang,
    ) -> KnownCustomer:
        """As a single request would know them: consents and lists as of `until`, all else as of the profile."""
        customer, state, bonds, history = folded
        model, of = shared.reckoning.model, customer.customer_id
        facts = self._facts(workspace, folded, profile, lang)
        ltv, churn = explain(model.ltv(of), model.churn(of), facts)
        concern = self._of.policy.acting.concern
        predicted = prediction_claims(of, ltv, churn, as_of=profile.as_of, concern=concern)
        known = attributes.view(state.attributes, until)[0]
        today = profile.model_copy(update={"consents": consents_of(state, bonds), "attributes": known})
        return KnownCustomer(today, ltv, churn, (*facts, *predicted), history)

    def _facts(self, workspace: Workspace, folded: _Folded, profile: Profile, lang: Lang) -> tuple[Claim, ...]:
        """The claims that the state makes, less those that touch the sensitivity list."""
        taxonomy = self._of.taxonomy
        book = Book(
            customer_id=profile.customer_id,
            history=folded.history,
            taxonomy=taxonomy,
            zone=workspace.zone,
            as_of=profile.as_of,
            currency=workspace.currency,
        )
        forbidden = taxonomy.forbidden_words()
        found = choose(folded.state, profile, book.context, currency=workspace.currency)
        return tuple(claim for claim in found if not mentions(say(claim, book, lang), forbidden))
