"""The identity graph: nodes are identifiers, edges are the events that show two of them together."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from app.events.schemas import Member
from app.schema import Frozen

SAME_EVENT, ALIASED, MERGED, BLOCKED = "same_event", "alias", "merge", "blocked:"
"""Rules of edges; a blocked one goes on with the reason."""
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class Edge(Frozen):
    """Evidence that two identifiers belong to one customer, or the reason why it was not believed."""

    a: str
    """`type:value` of one identifier."""
    b: str
    rule: str
    """Why they are linked: `same_event`, `alias`, `merge`; a refused link is `blocked:` and the reason."""
    source: str
    event_id: str
    strength: float
    occurred_at: datetime
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    """The event that took it back."""
    revoked_why: str | None = None
    """`unmerge`, `yielded` (to a stronger link) or `hub` (an end names nobody any more)."""
    bridge: bool = False
    """Its loss would split the customer."""

    @property
    def blocked(self) -> str | None:
        """The reason of a refused link; None for a link."""
        return self.rule.removeprefix(BLOCKED) if self.rule.startswith(BLOCKED) else None


class Customer(Frozen):
    """One cluster of identifiers."""

    customer_id: str
    """Ours, stable, given to the cluster's oldest identifier."""
    identifiers: tuple[str, ...]
    """`type:value`, strongest first, those that have passed to somebody else last; sealed types as hashes."""
    members: tuple[Member, ...] = ()
    """The same with the times in which they were this customer's."""
    aliases: tuple[str, ...] = ()
    """customer_ids that were merged into this one and still answer."""
    identity_version: int = 1
    """Rises whenever the customer is merged, unmerged or loses or gains an identifier with a past."""

    @property
    def canonical_id(self) -> str:
        """The id that all aliases answer with."""
        return self.customer_id


class Owners(Mapping[str, str]):
    """Who owns each identifier and who did before: `owners[key]` is the last owner, `of(key, at)` the one then."""

    def __init__(
        self, last: Mapping[str, str], turns: Mapping[str, Sequence[tuple[datetime, str]]] | None = None
    ) -> None:
        """`turns` holds, for identifiers that changed hands, (from when, customer_id) in order of time."""
        self._last, self._turns = last, turns or {}

    def of(self, key: str, at: datetime) -> str:
        """customer_id of the owner at a moment; KeyError when nobody ever had it."""
        turns = self._turns.get(key)
        if not turns:
            return self._last[key]
        return [owner for begun, owner in turns if begun <= at][-1]

    def __getitem__(self, key: str) -> str:
        """customer_id of the last owner."""
        return self._last[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._last)

    def __len__(self) -> int:
        return len(self._last)

    def ever(self, key: str) -> set[str]:
        """All who own an identifier or did before."""
        return {owner for _, owner in self._turns[key]} if key in self._turns else {self._last[key]}

    def everyone(self) -> set[str]:
        """All owners, former ones included."""
        return {*self._last.values(), *(owner for turns in self._turns.values() for _, owner in turns)}

    def members(self, customer_ids: set[str]) -> dict[str, list[Member]]:
        """customer_id -> what is theirs, and when, for these customers."""
        found: dict[str, list[Member]] = {customer_id: [] for customer_id in customer_ids}
        for key, owner in self._last.items():
            if key not in self._turns and owner in found:
                found[owner].append(Member(key))
        for key, turns in self._turns.items():
            ends = [begun for begun, _ in turns[1:]]
            for (begun, owner), end in zip(turns, [*ends, None], strict=True):
                if owner in found:
                    found[owner].append(Member(key, None if begun == _LONG_AGO else begun, end))
        return found


def turn(valid_from: datetime | None, customer_id: str) -> tuple[datetime, str]:
    """One entry of `Owners`' turns."""
    return (valid_from or _LONG_AGO, customer_id)


class Hold(NamedTuple):
    """A refusal that an unmerge left with an identifier."""

    key: str
    purpose: str
    channel: str
    event_id: str
    """The unmerge."""
    at: datetime


class Bonds(NamedTuple):
    """Since when a customer's identifiers are one, and the refusals that earlier unmerges left with them."""

    joins: tuple[tuple[datetime, str, str], ...] = ()
    """(since when, identifier key, identifier key) of every link."""
    holds: tuple[Hold, ...] = ()

    def until(self, as_of: datetime) -> "Bonds":
        """Without the holds of later unmerges."""
        return self._replace(holds=tuple(hold for hold in self.holds if hold.at <= as_of))

    def joined_at(self, a: str, b: str) -> datetime | None:
        """When the links first made two identifiers one; None when they never did."""
        group: dict[str, set[str]] = {}
        for since, one, other in sorted(self.joins):
            merged = group.get(one, {one}) | group.get(other, {other})
            group.update(dict.fromkeys(merged, merged))
            if a in merged and b in merged:
                return since
        return None


NO_BONDS = Bonds()
"""Of a customer with one identifier."""


class Links(NamedTuple):
    """What a batch of events changed."""

    changed: frozenset[str] = frozenset()
    """customer_ids, before and after, whose events are no longer those that were folded."""


class Why(Frozen):
    """Why two identifiers are one customer: the strongest way between them, the shortest of equally strong ones."""

    a: str
    b: str
    customer_id: str
    hops: tuple[Edge, ...]
    strength: float
    """Of the weakest link on the way."""


class IdentityView(Frozen):
    """A customer's identity as the graph has it."""

    customer: Customer
    edges: tuple[Edge, ...]
    """Links in order of arrival, taken-back ones included."""
    blocked: tuple[Edge, ...]
    """Refused links of their identifiers."""
