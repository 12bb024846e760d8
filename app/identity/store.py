"""The identity graph in the database: link events, look customers up, say why they are one."""

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Connection

from app.database.engine import Database
from app.errors import InvalidInput
from app.events.intake import Accepted
from app.events.schemas import OUR_SOURCE, Event, Member, Named
from app.events.sealing import seal_log, wipe
from app.identity import loading, lookup
from app.identity.clusters import Link, live
from app.identity.graph import IdentityGraph
from app.identity.identifiers import ALIAS, Raw, normaliser
from app.identity.paths import bridges, strongest_path
from app.identity.rules import Rules, shipped_rules
from app.identity.schemas import BLOCKED, Bonds, Customer, IdentityView, Links, Owners, Why
from app.identity.settled import Settled
from app.privacy.vault import Vault


class IdentityStore:
    """Link events to customers and answer who is who."""

    def __init__(self, database: Database, vault: Vault, rules: Rules | None = None) -> None:
        """Read and write through `database`; `vault` hides and keeps phone and ID numbers."""
        self._database, self._vault = database, vault
        self.rules = rules or shipped_rules()
        self._settled = Settled(self.rules)
        self._normalisers: dict[str, Callable[[Raw], Named]] = {}

    # --- in ------------------------------------------------------------------------------------------------

    def normaliser(self, workspace_id: str) -> Callable[[Raw], Named]:
        """How a workspace reads identifiers: normal forms, sealed types as keyed hashes."""
        found = self._normalisers.get(workspace_id)
        if found is None:
            found = self._normalisers[workspace_id] = normaliser(self._vault.sealer(workspace_id), self.rules)
        return found

    def link(self, connection: Connection, workspace_id: str, accepted: Sequence[Accepted]) -> Links:
        """Resolve events, in log order, inside the caller's write transaction; keeps what changed."""
        if not accepted:
            return Links()
        head = loading.read_head(connection, workspace_id)
        settled = self._settled.at(workspace_id, head.token)
        events = [a.event for a in accepted if a.event.identifiers not in settled or a.event.source == OUR_SOURCE]
        if not events:
            return Links()
        found = loading.known(connection, workspace_id, events, self.rules)
        graph = self._linked(connection, workspace_id, head, found, [e for e in events if self._is_open(e, found)])
        if graph.changes.hubs:  # what was settled may be read differently now
            events = [a.event for a in accepted]
            found = loading.known(connection, workspace_id, events, self.rules)
            graph = self._linked(connection, workspace_id, head, found, events)
        raw = {key: value for a in accepted for key, value in a.raw if key in graph.changes.nodes}
        self._vault.keep(connection, workspace_id, raw)
        new = loading.save(connection, workspace_id, graph, head, token=events[-1].event_id)
        self._settled.note(workspace_id, new.token, set() if graph.changes.hubs else settled, events)
        return Links(frozenset(graph.changes.customers))

    def _is_open(self, event: Event, found: loading.Known) -> bool:
        return is_open(event, found, self.rules)

    def _linked(
        self, connection: Connection, workspace_id: str, head: loading.Head, found: loading.Known, events: list[Event]
    ) -> IdentityGraph:
        graph = loading.graph_of(connection, workspace_id, head, found, events, self.rules)
        for event in events:
            graph.apply(event)
        return graph

    def seal_log(self, workspace_id: str) -> None:
        """Hide the phone and ID numbers of a log that was written before they were kept as hashes."""
        read = self.normaliser(workspace_id)
        with self._database.write() as connection:
            self._vault.keep(connection, workspace_id, seal_log(connection, workspace_id, read))
        wipe(self._database)

    def rewrite(self, connection: Connection, workspace_id: str, graph: IdentityGraph) -> None:
        """Replace a workspace's stored graph by one that was replayed from its log."""
        loading.forget(connection, workspace_id)
        loading.save(connection, workspace_id, graph, loading.Head(), token=f"replayed {graph.link_serial}")
        self._settled.forget(workspace_id)

    # --- out -----------------------------------------------------------------------------------------------

    def customer(self, workspace_id: str, ref: str) -> Customer:
        """The customer called `ref`: our id, an alias of it, `type:value`, or a bare source id.

        NotFound when nobody is, InvalidInput when a bare source id names several customers.
        """
        with self._database.read() as connection:
            return self.customer_in(connection, workspace_id, ref)

    def customer_in(self, connection: Connection, workspace_id: str, ref: str) -> Customer:
        """The same within a transaction."""
        customer_id = None if ":" in ref else lookup.canonical(connection, workspace_id, ref)
        if customer_id is None:
            key = self.node(connection, workspace_id, ref)
            customer_id = lookup.customer_of(connection, workspace_id, key, self.rules)
        return lookup.customers(connection, workspace_id, self.rules, [customer_id])[0]

    def node(self, connection: Connection, workspace_id: str, ref: str) -> str:
        """The graph's node that a name means."""
        return lookup.node_of(connection, workspace_id, ref, self._vault.existing(workspace_id), self.rules)

    def now_called(self, workspace_id: str, customer_ids: Sequence[str]) -> dict[str, str]:
        """Each of these ids of ours -> the customer whom it stands for by now, itself or the one it was merged into."""
        with self._database.read() as connection:
            return lookup.now_called(connection, workspace_id, customer_ids)

    def owner(self, connection: Connection, workspace_id: str, node: str) -> str:
        """customer_id of a node's customer, within a transaction."""
        return lookup.customer_of(connection, workspace_id, node, self.rules)

    def owners(self, workspace_id: str, keys: Sequence[str] | None = None) -> Owners:
        """Who owns identifiers, and who did before; of all identifiers when no keys are given."""
        with self._database.read() as connection:
            return lookup.owners(connection, workspace_id, keys)

    def members(self, workspace_id: str, customer_ids: Sequence[str]) -> dict[str, list[Member]]:
        """customer_id -> what is theirs, and when."""
        with self._database.read() as connection:
            found = lookup.customers(connection, workspace_id, self.rules, customer_ids)
        return {customer.customer_id: list(customer.members) for customer in found}

    def versions(self, workspace_id: str, customer_ids: Sequence[str]) -> dict[str, int]:
        """customer_id -> identity_version, which rises whenever their past becomes another."""
        with self._database.read() as connection:
            return lookup.versions(connection, workspace_id, customer_ids)

    def customers(self, workspace_id: str, customer_ids: Sequence[str] | None = None) -> list[Customer]:
        """These customers, or all of a workspace, by id."""
        with self._database.read() as connection:
            return lookup.customers(connection, workspace_id, self.rules, customer_ids)

    def bonds(self, workspace_id: str, customer_id: str) -> Bonds:
        """Since when a customer's identifiers are one, and the refusals that unmerges left: what consents need."""
        with self._database.read() as connection:
            return lookup.bonds(connection, workspace_id, customer_id, self.rules)

    def bonds_of(self, workspace_id: str, customer_ids: Iterable[str]) -> dict[str, Bonds]:
        """The same of several customers, and of all whom an unmerge left a refusal."""
        with self._database.read() as connection:
            wanted = lookup.holders(connection, workspace_id, self.rules).union(customer_ids)
            return lookup.bonds_of(connection, workspace_id, sorted(wanted), self.rules)

    def kinds(self, workspace_id: str) -> list[tuple[str, str]]:
        """(customer_id, type) of every identifier that has not passed to somebody else."""
        with self._database.read() as connection:
            return list(lookup.kinds(connection, workspace_id))

    def revision(self, workspace_id: str) -> str:
        """Another one after every change of who is who."""
        with self._database.read() as connection:
            return loading.read_head(connection, workspace_id).token

    def raw(self, workspace_id: str, keys: Iterable[str]) -> dict[str, str]:
        """Identifier key -> value as people know it, for those of the keys that are kept as hashes."""
        sealed = [key for key in keys if key.partition(":")[0] in self.rules.sealed]
        return self._vault.raw(workspace_id, sealed) if sealed else {}

    def exact(self, workspace_id: str, ref: str) -> frozenset[str]:
        """Identifier keys that a search for exactly `ref` means, hashed ones among them."""
        return (
            frozenset(lookup.names(ref, self._vault.existing(workspace_id), self.rules)) if ref.strip() else frozenset()
        )

    def view(self, workspace_id: str, ref: str) -> IdentityView:
        """A customer's links and refusals."""
        with self._database.read() as connection:
            customer = self.customer_in(connection, workspace_id, ref)
            keys = lookup.nodes_of(connection, workspace_id, customer.customer_id)
            links = lookup.links_of(connection, workspace_id, keys)
        standing = _standing(links, set(keys))
        without = bridges(standing)
        edges = [lookup.edge_of(link, bridge=link.serial in without) for link in links]
        return IdentityView(
            customer=customer,
            edges=tuple(edge for edge in edges if not edge.blocked),
            blocked=tuple(edge for edge in edges if edge.blocked),
        )

    def why(self, workspace_id: str, a: str, b: str) -> Why:
        """The links that make two names one customer; InvalidInput, with the refusal if any, when they are two."""
        with self._database.read() as connection:
            one, two = (self.node(connection, workspace_id, ref) for ref in (a, b))
            ids = [lookup.customer_of(connection, workspace_id, key, self.rules) for key in (one, two)]
            keys = lookup.nodes_of(connection, workspace_id, ids[0])
            links = lookup.links_of(connection, workspace_id, keys)
        if ids[0] != ids[1]:
            raise InvalidInput(f"{a!r} and {b!r} are two customers, {ids[0]} and {ids[1]}{_refused(links, one, two)}")
        standing = _standing(links, set(keys))
        without = bridges(standing)
        hops = [
            lookup.edge_of(link, bridge=link.serial in without) for link in strongest_path(standing, one, two) or ()
        ]
        return Why(
            a=one,
            b=two,
            customer_id=ids[0],
            hops=tuple(hops),
            strength=min((hop.strength for hop in hops), default=1.0),
        )


def is_open(event: Event, found: loading.Known, rules: Rules) -> bool:
    """Whether an event may tell the graph something; False when everything that it shows is decided."""
    if event.source == OUR_SOURCE or any(name.type == ALIAS for name in event.identifiers):
        return True
    rows = [found.nodes.get(name.key, []) for name in event.identifiers]
    if any(len(turns) != 1 for turns in rows):
        return True
    nodes = [turns[0] for turns in rows]
    centre = next((n for n, row in enumerate(nodes) if not loading.is_hub(row)), len(nodes) - 1)
    ends = [(node, nodes[n + 1]) for n, node in enumerate(nodes[:centre])]
    ends += [(nodes[centre], other) for other in nodes[centre + 1 :]]
    return any(not loading.decided(one, two, event, found, rules) for one, two in ends)


def _standing(links: Iterable[Link], keys: set[str]) -> list[Link]:
    return [link for link in live(links) if not link.rule.startswith(BLOCKED) and {link.a, link.b} <= keys]


def _refused(links: Iterable[Link], one: str, two: str) -> str:
    found = [link for link in links if {link.a, link.b} == {one, two}]
    if not found:
        return ": no event shows them together"
    last = found[-1]
    if last.rule.startswith(BLOCKED):
        return f": event {last.event_id} shows them together, refused because of {last.rule.removeprefix(BLOCKED)}"
    return f": their link from event {last.event_id} was taken back ({last.revoked_why})"
