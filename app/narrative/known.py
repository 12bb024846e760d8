"""What claims are made of: the folded state, its profile, and the texts and words that they need."""

from datetime import datetime
from functools import cached_property
from typing import Any

from app.narrative.book import Query, all_time, before, last_days
from app.narrative.making import direction_of, made, quote_of
from app.narrative.measures import SPECS
from app.narrative.schemas import Claim, ClaimKind, Period, Predicate, QueryRef, Unit
from app.profile.fold import State
from app.profile.memory.touches import Key
from app.profile.schemas import Profile
from app.profile.seen import Context
from app.profile.sums.marks import Wrote


class Known:
    """One customer as the state knows them at the profile's moment."""

    def __init__(self, state: State, profile: Profile, context: Context, currency: str) -> None:
        """`profile` is the state's view; `context` holds at least the texts that the state refers to."""
        self.state, self.profile, self.context, self.currency = state, profile, context, currency
        self.as_of = profile.as_of
        self._periods: dict[int, Period] = {}
        self._quotes: dict[Key, str | None] = {}
        self._event_ids: dict[Key, str] = {}
        self.today = self.as_of.astimezone(context.zone).toordinal()

    @cached_property
    def whole(self) -> Period:
        """From just before the first event on."""
        return all_time(self.state.tallies.first_at or self.as_of, self.as_of)

    def last_days(self, days: int) -> Period:
        """The last local days, today included."""
        if days not in self._periods:
            self._periods[days] = last_days(days, self.as_of, self.context.zone)
        return self._periods[days]

    def before(self, period: Period) -> Period:
        """As many local days before."""
        return before(period, self.context.zone)

    def local_day(self, moment: datetime) -> int:
        """Ordinal of the local day of a moment."""
        return moment.astimezone(self.context.zone).toordinal()

    def event_id(self, wrote: Wrote) -> str:
        """The event that carried a text."""
        found = self._event_ids.get(wrote.key)
        if found is None:
            found = self._event_ids[wrote.key] = wrote.event_id
        return found

    def text(self, wrote: Wrote) -> str | None:
        """What was written; None where it is not there any more."""
        return self.context.texts.get(wrote.ref or f"t_{self.event_id(wrote)}")

    def quote(self, wrote: Wrote) -> str | None:
        """What was written, as a claim may quote it."""
        if wrote.key not in self._quotes:
            self._quotes[wrote.key] = quote_of(self.text(wrote), self.context.taxonomy)
        return self._quotes[wrote.key]

    def where(
        self,
        *kinds: str,
        topic: str | None = None,
        item_id: str | None = None,
        order_id: str | None = None,
        period: Period | None = None,
    ) -> QueryRef:
        """How to find the events of these kinds that a claim stands on."""
        return QueryRef(query=str(Query(kinds, topic, item_id, order_id, period)))

    def claim(
        self, predicate: Predicate, value: float | int | None, cites: QueryRef | tuple[str, ...], **said: Any
    ) -> Claim:
        """A claim of this customer that stands on the events of a query or on those with these ids."""
        spec = SPECS[predicate]
        if spec.kind is ClaimKind.CHANGE:
            said["direction"] = direction_of(value, said["compared_to"])
        if spec.unit is Unit.MONEY_MINOR:
            said["currency"] = self.currency
        evidence, query_ref = ((), cites) if isinstance(cites, QueryRef) else (cites, None)
        return made(
            evidence,
            query_ref,
            kind=spec.kind,
            predicate=predicate,
            subject=self.profile.customer_id,
            value=value,
            unit=spec.unit,
            as_of=self.as_of,
            **said,
        )
