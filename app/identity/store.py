"""The identity graph in the database, and looking customers up by any name they go by."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Float, Index, Integer, String, Table, delete, insert, select, update

from app.database.engine import Database, metadata
from app.database.types import UtcTime
from app.errors import InvalidInput, NotFound
from app.events.schemas import Event
from app.identity.graph import Cluster, IdentityGraph, Links
from app.identity.identifiers import STRENGTH, normalise_value, rank
from app.identity.schemas import Customer

_CHUNK = 500

identity_nodes = Table(
    "identity_nodes",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("customer_id", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("born_at", String, nullable=False),
    Column("born_event", String, nullable=False),
    Index("identity_nodes_by_customer", "workspace_id", "customer_id"),
)

identity_edges = Table(
    "identity_edges",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("a", String, primary_key=True),
    Column("b", String, primary_key=True),
    Column("rule", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("strength", Float, nullable=False),
    Column("occurred_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
)

customer_aliases = Table(
    "customer_aliases",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("customer_id", String, primary_key=True),
    Column("canonical_id", String, nullable=False),
)


class IdentityStore:
    """Link events to customers and answer who is who."""

    def __init__(self, database: Database) -> None:
        """Read and write through `database`."""
        self._database = database

    def link(self, connection: Connection, workspace_id: str, events: Sequence[Event]) -> Links:
        """Resolve a batch inside the caller's transaction and keep what changed."""
        keys = {i.key for event in events for i in event.identifiers}
        graph = IdentityGraph(_clusters_of(connection, workspace_id, keys))
        links = graph.link(events)
        _save(connection, workspace_id, graph, links, keys)
        return links

    def customer(self, workspace_id: str, ref: str) -> Customer:
        """The customer called `ref`: our id, an alias of it, `type:value`, or a bare source id.

        NotFound when nobody is, InvalidInput when a bare source id names several customers.
        """
        with self._database.read() as connection:
            customer_id = _canonical(connection, workspace_id, ref) or _by_identifier(connection, workspace_id, ref)
            if customer_id is None:
                raise NotFound(f"no customer {ref!r} in workspace {workspace_id!r}; `understory customers` lists them")
            return _customers(connection, workspace_id, [customer_id])[0]

    def owners(self, workspace_id: str, keys: Sequence[str] | None = None) -> dict[str, str]:
        """Identifier key -> customer_id; of all identifiers when no keys are given."""
        n = identity_nodes.c
        query = select(n.key, n.customer_id).where(n.workspace_id == workspace_id)
        with self._database.read() as connection:
            rows = connection.execute(query) if keys is None else _in_chunks(connection, query, n.key, keys)
            return {row.key: row.customer_id for row in rows}

    def customers(self, workspace_id: str) -> list[Customer]:
        """All customers of a workspace, by id."""
        with self._database.read() as connection:
            return _customers(connection, workspace_id, None)


def _clusters_of(connection: Connection, workspace_id: str, keys: Iterable[str]) -> dict[str, Cluster]:
    n = identity_nodes.c
    ids = _in_chunks(connection, select(n.customer_id).where(n.workspace_id == workspace_id), n.key, sorted(keys))
    rows = _in_chunks(
        connection,
        select(identity_nodes).where(n.workspace_id == workspace_id),
        n.customer_id,
        sorted({row.customer_id for row in ids}),
    )
    clusters: dict[str, Cluster] = {}
    by_key: dict[str, Cluster] = {}
    for row in sorted(rows, key=lambda r: (r.customer_id, r.position)):
        born = (row.born_at, row.born_event)
        cluster = clusters.setdefault(row.customer_id, Cluster(row.customer_id, [], born))
        cluster.members.append(row.key)
        by_key[row.key] = cluster
    return by_key


def _in_chunks(connection: Connection, query: Any, column: Any, values: Sequence[str]) -> list[Any]:
    rows: list[Any] = []
    for start in range(0, len(values), _CHUNK):
        rows += connection.execute(query.where(column.in_(values[start : start + _CHUNK]))).all()
    return rows


def _save(connection: Connection, workspace_id: str, graph: IdentityGraph, links: Links, keys: Iterable[str]) -> None:
    if not links.touched and not links.edges:
        return
    clusters = {c.customer_id: c for key in keys if (c := graph.cluster_of(key)) and c.customer_id in links.touched}
    n = identity_nodes.c
    touched = sorted(links.touched)
    for start in range(0, len(touched), _CHUNK):
        stale = n.customer_id.in_(touched[start : start + _CHUNK])
        connection.execute(delete(identity_nodes).where(n.workspace_id == workspace_id, stale))
    rows = [
        {
            "workspace_id": workspace_id,
            "key": key,
            "customer_id": cluster.customer_id,
            "position": position,
            "born_at": cluster.born[0],
            "born_event": cluster.born[1],
        }
        for cluster in clusters.values()
        for position, key in enumerate(cluster.members)
    ]
    if rows:
        connection.execute(insert(identity_nodes), rows)
    _save_edges(connection, workspace_id, links)
    _save_aliases(connection, workspace_id, links)


def _save_edges(connection: Connection, workspace_id: str, links: Links) -> None:
    e = identity_edges.c
    for edge in links.edges:
        same = (e.workspace_id == workspace_id, e.a == edge.a, e.b == edge.b, e.rule == edge.rule)
        if connection.execute(select(e.a).where(*same)).first() is None:
            connection.execute(insert(identity_edges), edge.model_dump() | {"workspace_id": workspace_id})


def _save_aliases(connection: Connection, workspace_id: str, links: Links) -> None:
    a = customer_aliases.c
    for absorbed, survivor in links.merged.items():
        connection.execute(
            update(customer_aliases)
            .where(a.workspace_id == workspace_id, a.canonical_id == absorbed)
            .values(canonical_id=survivor)
        )
        connection.execute(
            insert(customer_aliases),
            {"workspace_id": workspace_id, "customer_id": absorbed, "canonical_id": survivor},
        )


def _canonical(connection: Connection, workspace_id: str, ref: str) -> str | None:
    a, n = customer_aliases.c, identity_nodes.c
    alias = connection.scalar(select(a.canonical_id).where(a.workspace_id == workspace_id, a.customer_id == ref))
    return alias or connection.scalar(
        select(n.customer_id).where(n.workspace_id == workspace_id, n.customer_id == ref).limit(1)
    )


def _by_identifier(connection: Connection, workspace_id: str, ref: str) -> str | None:
    n = identity_nodes.c
    exact = [ref, *_named(ref)]
    query = select(n.customer_id).where(n.workspace_id == workspace_id)
    found = set(connection.scalars(query.where(n.key.in_(exact))))
    if ":" not in ref:  # types that we do not know by name
        found |= set(connection.scalars(query.where(n.key.like(f"%:{_escape(ref)}", escape="\\"))))
    if len(found) > 1:
        raise InvalidInput(f"{ref!r} names {len(found)} customers; say which, as in `user_id:{ref}`")
    return next(iter(found), None)


def _named(ref: str) -> Iterator[str]:
    """`type:value` and bare values in their normal forms."""
    kind, colon, value = ref.partition(":")
    if colon and (normal := normalise_value(kind.lower(), value)):
        yield f"{kind.lower()}:{normal}"
    yield from (f"{kind}:{normal}" for kind in STRENGTH if (normal := normalise_value(kind, ref)))


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _customers(connection: Connection, workspace_id: str, ids: Sequence[str] | None) -> list[Customer]:
    n, a = identity_nodes.c, customer_aliases.c
    nodes = select(n.customer_id, n.key).where(n.workspace_id == workspace_id)
    aliases = select(a.canonical_id, a.customer_id).where(a.workspace_id == workspace_id)
    if ids is not None:
        nodes, aliases = nodes.where(n.customer_id.in_(ids)), aliases.where(a.canonical_id.in_(ids))
    members: dict[str, list[str]] = {}
    for customer_id, key in connection.execute(nodes.order_by(n.customer_id, n.position)):
        members.setdefault(customer_id, []).append(key)
    others: dict[str, list[str]] = {}
    for canonical_id, alias in connection.execute(aliases.order_by(a.customer_id)):
        others.setdefault(canonical_id, []).append(alias)
    return [
        Customer(
            customer_id=customer_id,
            identifiers=tuple(sorted(keys, key=_strength)),
            aliases=tuple(others.get(customer_id, ())),
            identity_version=1 + len(others.get(customer_id, ())),
        )
        for customer_id, keys in members.items()
    ]


def _strength(key: str) -> tuple[int, str]:
    return rank(key.partition(":")[0]), key
