"""Merge and unmerge customers by hand, and say why they are one.

Both are events of ours in the log, with who did it and why: a rebuild repeats them. An unmerge takes back the links
that put the two together, leaves everything older as it was, and carries on what the whole had refused.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection

from app.access.schemas import Workspace
from app.database.engine import Database
from app.errors import InvalidInput
from app.events.intake import Intake, accept, new_event_id
from app.events.schemas import OUR_SOURCE, EventKind, IncomingEvent, Member
from app.events.store import EventLog
from app.identity.rows import turn_of
from app.identity.schemas import Customer, Edge, IdentityView, Why
from app.identity.store import IdentityStore
from app.privacy.redaction import redact
from app.profile.known.consents import Words, effective, note, refused
from app.profile.store import ProfileStore
from app.schema import Frozen
from app.viewing import masked

_FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
MAX_REASON = 500


class Remade(Frozen):
    """What a merge or an unmerge made."""

    event_id: str
    """Of the event in the log."""
    customers: tuple[Customer, ...]
    """The one customer after a merge, the two after an unmerge; that of the first name given comes first."""
    carried_refusals: tuple[str, ...] = ()
    """`purpose/channel` that stays refused for both after an unmerge, until that person grants it anew."""


class Merging:
    """What people may do to the identity graph."""

    def __init__(self, *, database: Database, log: EventLog, identity: IdentityStore, profiles: ProfileStore) -> None:
        """All parts share one database."""
        self._database, self._log = database, log
        self._identity, self._profiles = identity, profiles

    def merge(self, workspace: Workspace, a: str, b: str, *, by: str, reason: str, now: datetime) -> Remade:
        """Make two customers one; limits do not hold against it. The older id stays, the other becomes an alias.

        InvalidInput when they are one already.
        """
        with self._database.write() as connection:
            one, two = self._ends(connection, workspace, a, b)
            if self._owner(connection, workspace, one) == self._owner(connection, workspace, two):
                raise InvalidInput(f"{a!r} and {b!r} are one customer already")
            properties = {"a": one, "b": two, "by": by, "reason": _plain(reason)}
            return self._write(connection, workspace, EventKind.MERGE, properties, now=now)

    def unmerge(self, workspace: Workspace, a: str, b: str, *, by: str, reason: str, now: datetime) -> Remade:
        """Take two names of one customer apart; no later event puts them together again, only a merge does.

        InvalidInput when they are not one customer, or the same name.
        """
        with self._database.write() as connection:
            one, two = self._ends(connection, workspace, a, b)
            owner = self._owner(connection, workspace, one)
            if owner != self._owner(connection, workspace, two):
                raise InvalidInput(f"{a!r} and {b!r} are two customers: there is nothing to take apart")
            carried = self._refused(connection, workspace, owner)
            properties = {"a": one, "b": two, "by": by, "reason": _plain(reason), "refused": carried}
            made = self._write(connection, workspace, EventKind.UNMERGE, properties, now=now)
            return made.model_copy(update={"carried_refusals": tuple("/".join(pair) for pair in carried)})

    def why(self, workspace: Workspace, a: str, b: str) -> Why:
        """The links that make two names one customer, masked for screens."""
        found = self._identity.why(workspace.workspace_id, a, b)
        shown = self._shown(workspace, [found.a, found.b, *_ends_of(found.hops)])
        hops = tuple(_shown_edge(hop, shown) for hop in found.hops)
        return found.model_copy(update={"a": shown[found.a], "b": shown[found.b], "hops": hops})

    def view(self, workspace: Workspace, ref: str) -> IdentityView:
        """A customer's identifiers, links and refusals, masked for screens."""
        found = self._identity.view(workspace.workspace_id, ref)
        shown = self._shown(workspace, [*found.customer.identifiers, *_ends_of(found.edges), *_ends_of(found.blocked)])
        return IdentityView(
            customer=_shown_customer(found.customer, shown),
            edges=tuple(_shown_edge(edge, shown) for edge in found.edges),
            blocked=tuple(_shown_edge(edge, shown) for edge in found.blocked),
        )

    def shown(self, workspace: Workspace, made: Remade) -> Remade:
        """The same, masked for screens."""
        shown = self._shown(workspace, [key for customer in made.customers for key in customer.identifiers])
        return made.model_copy(update={"customers": tuple(_shown_customer(c, shown) for c in made.customers)})

    def _ends(self, connection: Connection, workspace: Workspace, a: str, b: str) -> tuple[str, str]:
        one, two = (self._identity.node(connection, workspace.workspace_id, ref) for ref in (a, b))
        if one == two:
            raise InvalidInput(f"{a!r} and {b!r} are the same name; give two")
        return one, two

    def _owner(self, connection: Connection, workspace: Workspace, node: str) -> str:
        return self._identity.owner(connection, workspace.workspace_id, node)

    def _refused(self, connection: Connection, workspace: Workspace, customer_id: str) -> list[tuple[str, str]]:
        """What the whole refuses at this moment, whatever profile was folded last."""
        workspace_id = workspace.workspace_id
        members: list[Member] = self._identity.members(workspace_id, [customer_id])[customer_id]
        words: Words = {}
        for event in self._log.history(workspace_id, members, until=_FOREVER).events:
            if event.kind == EventKind.CONSENT:
                note(words, event)
        return refused(effective(words, self._identity.bonds(workspace_id, customer_id)))

    def _write(
        self,
        connection: Connection,
        workspace: Workspace,
        kind: EventKind,
        properties: Mapping[str, object],
        *,
        now: datetime,
    ) -> Remade:
        workspace_id, node = workspace.workspace_id, str(properties["a"])
        identifier, _ = turn_of(node, node.partition(":")[0], self._identity.rules.handover)
        name, _, value = identifier.partition(":")
        incoming = IncomingEvent(
            message_id=f"{kind}-{new_event_id(now, workspace_id, node, str(properties['b']), now.isoformat())}",
            kind=kind,
            occurred_at=now,
            identifiers={name: value},
            properties=dict(properties),
        )
        accepted = accept(incoming, self._intake(workspace, now=now))
        fresh = self._log.append(connection, [accepted]).fresh
        if not fresh:
            raise InvalidInput("the same was asked for at this very moment; look at the customers before asking again")
        links = self._identity.link(connection, workspace_id, fresh)
        self._profiles.forget(connection, workspace_id, sorted(links.changed))
        ids = dict.fromkeys(self._owner(connection, workspace, str(properties[end])) for end in ("a", "b"))
        customers = tuple(self._identity.customer_in(connection, workspace_id, customer_id) for customer_id in ids)
        return Remade(event_id=accepted.event.event_id, customers=customers)

    def _intake(self, workspace: Workspace, *, now: datetime) -> Intake:
        return Intake(
            workspace_id=workspace.workspace_id,
            source=OUR_SOURCE,
            zone=workspace.zone,
            currency=workspace.currency,
            received_at=now,
            normalise=self._identity.normaliser(workspace.workspace_id),
        )

    def _shown(self, workspace: Workspace, keys: list[str]) -> dict[str, str]:
        """Every key as people may see it."""
        rules = self._identity.rules
        plain = {key: turn_of(key, key.partition(":")[0], rules.handover)[0] for key in keys}
        raw = self._identity.raw(workspace.workspace_id, plain.values())
        return {key: masked(identifier, raw) for key, identifier in plain.items()}


def _plain(reason: str) -> str:
    """Why, without personal numbers; InvalidInput when nothing is said."""
    text = redact(reason.strip())[:MAX_REASON]
    if not text or not text.isprintable():
        raise InvalidInput("say why, in one line: the reason is kept in the log")
    return text


def _ends_of(edges: tuple[Edge, ...]) -> list[str]:
    return [end for edge in edges for end in (edge.a, edge.b)]


def _shown_edge(edge: Edge, shown: dict[str, str]) -> Edge:
    return edge.model_copy(update={"a": shown[edge.a], "b": shown[edge.b]})


def _shown_customer(customer: Customer, shown: dict[str, str]) -> Customer:
    members = tuple(member._replace(key=shown[member.key]) for member in customer.members)
    return customer.model_copy(
        update={"identifiers": tuple(shown[key] for key in customer.identifiers), "members": members}
    )
