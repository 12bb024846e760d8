"""What the product says of the customers of a demo shop on given days: its own identities, cleaning, fold and profile.

Each customer's history is read once and folded from reading to reading. A reading stands at the end of a local day.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from app.demo.calendar import DAY_MS, Calendar
from app.demo.truth import CustomerTruth
from app.errors import NotFound
from app.identity.schemas import Customer
from app.profile.fold import State, advance, profile_at
from app.profile.schemas import Profile
from app.profile.seen import Context
from app.profile.wants.likeness import Likeness
from app.profile.wants.peers import Peers
from evals.shop import Open
from evals.task import Say

_TOLD = 500


class Reading(NamedTuple):
    """One customer at the end of one day."""

    customer: int
    day: int
    profile: Profile


class Readings:
    """Profiles of an open workspace, read customer by customer."""

    def __init__(self, opened: Open, calendar: Calendar, compared: Collection[int]) -> None:
        """Customers are compared with others like them, as the product does it, on the `compared` days."""
        self._pipeline, self._workspace, self._calendar = opened.pipeline, opened.workspace, calendar
        pipeline = opened.pipeline
        peers = Peers(pipeline.log, pipeline.identity, pipeline.profiles, pipeline.taxonomy)
        self._likeness = {day: peers.at(opened.workspace, self.end_of(day)) for day in sorted(compared)}

    def end_of(self, day: int) -> datetime:
        """The last moment of a day that counts from the shop's first."""
        return self._calendar.at((day + 1) * DAY_MS) - timedelta(microseconds=1)

    def read(self, truths: Sequence[CustomerTruth], days: Sequence[Sequence[int]], say: Say) -> Iterator[Reading]:
        """Each customer on their own `days`; who is not there yet is left out."""
        for count, (of, wanted) in enumerate(zip(truths, days, strict=True), start=1):
            customer = self._customer(of)
            if customer is not None:
                yield from self._of(of.index, customer, sorted(set(wanted)))
            if count % _TOLD == 0:
                say(f"read {count:,} customers")

    def _customer(self, of: CustomerTruth) -> Customer | None:
        """Whom the product holds them for; None when it knows none of their names."""
        for held in of.identifiers:
            try:
                return self._pipeline.identity.customer(self._workspace.workspace_id, held.key)
            except NotFound:
                continue
        return None

    def _of(self, index: int, customer: Customer, days: Sequence[int]) -> Iterator[Reading]:
        until = self.end_of(days[-1])
        history = self._pipeline.log.history(self._workspace.workspace_id, customer.members, until=until)
        context = Context(self._pipeline.taxonomy, self._workspace.zone, history.items, history.texts)
        state, rest = State(taxonomy_hash=context.taxonomy.fingerprint), list(history.events)
        for day in days:
            due = sum(event.occurred_at <= self.end_of(day) for event in rest)
            advance(state, rest[:due], context)
            rest = rest[due:]
            if state.last_key is not None:
                yield Reading(index, day, self._profile(customer, state, day, context))

    def _profile(self, customer: Customer, state: State, day: int, context: Context) -> Profile:
        return profile_at(
            state,
            workspace_id=self._workspace.workspace_id,
            customer_id=customer.customer_id,
            identity_version=customer.identity_version,
            as_of=self.end_of(day),
            context=context,
            limits=None,
            likeness=self._likeness_on(day),
        )

    def _likeness_on(self, day: int) -> Likeness | None:
        """That of the newest of the days on which customers are compared."""
        known = [earlier for earlier in self._likeness if earlier <= day]
        return self._likeness[max(known)] if known else None
