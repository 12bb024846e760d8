"""Bring the part of the graph that a batch touches from the store, and write back what the batch changed.

Loaded are the identifiers of the batch with their pairs; where a pair is not decided yet, the customers of its ends
with all their members. Links of a customer are fetched only when they must be taken apart.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, combinations
from typing import NamedTuple

from sqlalchemy import Connection

from app.database.statements import execute, insert_rows, query, select_in, upsert_rows
from app.database.types import to_micros
from app.events.schemas import GRAPH_KINDS, OUR_SOURCE, PASSIVE_KINDS, Event
from app.identity.clusters import Link
from app.identity.graph import IdentityGraph
from app.identity.handover import GRAIN, base_of
from app.identity.identifiers import ALIAS, FORMER
from app.identity.rows import (
    LINK_COLUMNS,
    NODE_COLUMNS,
    NodeRow,
    hold_rows,
    link_row,
    moment,
    node_key,
    node_rows,
    to_link,
)
from app.identity.rules import Rules
from app.identity.schemas import BLOCKED
from app.identity.tables import consent_holds, identity_edges, identity_heads, identity_nodes

_PAIRS = 256
_MANY = 32
"""Identifiers of one event up to which their pairs are looked up; beyond, all that any of them has been seen with."""


class Head(NamedTuple):
    """How far a workspace's graph has come."""

    nodes: int = 0
    edges: int = 0
    token: str = ""
    """Another one after every change."""


class Known(NamedTuple):
    """What the store has of a batch's identifiers."""

    nodes: dict[str, list[NodeRow]]
    """Identifier -> its turns, first to last."""
    pairs: dict[tuple[str, str], Link]


def read_head(connection: Connection, workspace_id: str) -> Head:
    """The head; all zeros before the first event."""
    rows = query(connection, "SELECT nodes, edges, token FROM identity_heads WHERE workspace_id = ?", (workspace_id,))
    return Head(*rows[0]) if rows else Head()


def known(connection: Connection, workspace_id: str, events: Sequence[Event], rules: Rules) -> Known:
    """Look up a batch's identifiers and pairs."""
    wanted = sorted({name for event in events for name in _names(event)})
    sql = f"SELECT {NODE_COLUMNS} FROM identity_nodes WHERE workspace_id = ? AND identifier IN"
    nodes: dict[str, list[NodeRow]] = {}
    for row in select_in(connection, sql, (workspace_id,), wanted):
        nodes.setdefault(row[0], []).append(row)
    for turns in nodes.values():
        turns.sort(key=lambda row: row[1])
    together = {tuple(name for name in dict.fromkeys(_names(event)) if name in nodes) for event in events}
    pairs = sorted({pair for names in together if len(names) <= _MANY for pair in _pairs(names, nodes, rules)})
    crowd = sorted({node_key(*row[:2]) for names in together if len(names) > _MANY for n in names for row in nodes[n]})
    links = chain(_links(connection, workspace_id, pairs), _links_from(connection, workspace_id, crowd))
    return Known(nodes, {(link.a, link.b): link for link in links})


def _names(event: Event) -> Iterator[str]:
    if event.kind in GRAPH_KINDS and event.source == OUR_SOURCE:
        yield from (base_of(str(event.properties.get(end))) for end in "ab")
        yield from (str(event.properties.get(end)) for end in "ab")
        return
    for name in event.identifiers:
        yield name.key
        if name.type == ALIAS:
            yield from (f"{former}:{name.value}" for former in FORMER)


def _pairs(names: Sequence[str], nodes: dict[str, list[NodeRow]], rules: Rules) -> Iterator[tuple[str, str]]:
    """Every pair that an event can show: which name is the centre may change within the batch, as names become hubs."""
    for one, two in combinations(sorted(names, key=lambda name: rules.place(nodes[name][0][2], name)), 2):
        yield from ((node_key(*a[:2]), node_key(*b[:2])) for a in nodes[one] for b in nodes[two])


def is_hub(row: NodeRow) -> bool:
    """Whether a node names nobody any more."""
    return bool(row[10])


def decided(one: NodeRow, two: NodeRow, event: Event, found: Known, rules: Rules) -> bool:
    """Whether seeing two identifiers together once more can change nothing."""
    link = found.pairs.get((node_key(*one[:2]), node_key(*two[:2])))
    passing = [row for row in (one, two) if row[2] in rules.handover]
    if link is None or not passing or link.revoked_at is not None:
        return link is not None
    if link.rule.startswith(BLOCKED):
        return False
    return event.kind in PASSIVE_KINDS or all(
        (last := moment(row[14])) is not None and event.occurred_at < last + GRAIN for row in passing
    )


def _links(connection: Connection, workspace_id: str, pairs: Sequence[tuple[str, str]]) -> Iterator[Link]:
    for start in range(0, len(pairs), _PAIRS):
        chunk = list(pairs[start : start + _PAIRS])
        chunk += chunk[-1:] * ((1 << (len(chunk) - 1).bit_length()) - len(chunk))  # few different statements
        marks = ",".join(["(?, ?)"] * len(chunk))
        sql = (
            f"SELECT DISTINCT {LINK_COLUMNS} FROM (VALUES {marks}) AS p CROSS JOIN identity_edges e"
            " WHERE e.workspace_id = ? AND e.a = p.column1 AND e.b = p.column2 AND e.rule <> 'merge'"
        )
        values = [end for pair in chunk for end in pair]
        yield from (to_link(row) for row in query(connection, sql, (*values, workspace_id)))


def _links_from(connection: Connection, workspace_id: str, keys: Sequence[str]) -> Iterator[Link]:
    sql = f"SELECT {LINK_COLUMNS} FROM identity_edges e WHERE e.workspace_id = ? AND e.rule <> 'merge' AND e.a IN"
    yield from (to_link(row) for row in select_in(connection, sql, (workspace_id,), keys))


def graph_of(
    connection: Connection, workspace_id: str, head: Head, found: Known, events: Sequence[Event], rules: Rules
) -> IdentityGraph:
    """The part of the graph that these events touch."""
    names = {name for event in events for name in _names(event)}
    customers = sorted({row[3] for name in names for row in found.nodes.get(name, ())})
    sql = f"SELECT {NODE_COLUMNS} FROM identity_nodes WHERE workspace_id = ? AND customer_id IN"
    members: dict[str, list[NodeRow]] = {}
    for row in select_in(connection, sql, (workspace_id,), customers):
        members.setdefault(row[3], []).append(row)
    graph = IdentityGraph(
        rules,
        nodes=head.nodes,
        links=head.edges,
        fetch=lambda keys: _live_links(connection, workspace_id, keys),
    )
    graph.load(members.values())
    graph.pairs.update(found.pairs)
    return graph


def _live_links(connection: Connection, workspace_id: str, keys: Sequence[str]) -> Iterable[Link]:
    sql = (
        f"SELECT {LINK_COLUMNS} FROM identity_edges e"
        " WHERE e.workspace_id = ? AND e.revoked_at IS NULL AND substr(e.rule, 1, 8) <> 'blocked:' AND e.a IN"
    )
    return [to_link(row) for row in select_in(connection, sql, (workspace_id,), sorted(keys))]


def save(connection: Connection, workspace_id: str, graph: IdentityGraph, head: Head, token: str) -> Head:
    """Write what changed; returns the new head, the old one when nothing did."""
    changes = graph.changes
    if not (changes.nodes or changes.links or changes.revoked or changes.holds):
        return head
    nodes = (graph.nodes[key] for key in sorted(changes.nodes))
    upsert_rows(connection, identity_nodes, node_rows(workspace_id, nodes, graph.nodes, graph.rules.handover))
    insert_rows(connection, identity_edges, [link_row(workspace_id, link) for link in changes.links])
    for link in changes.revoked.values():
        if link.serial <= head.edges:
            _revoke(connection, workspace_id, link)
    upsert_rows(connection, consent_holds, hold_rows(workspace_id, changes.holds))
    new = Head(graph.node_serial, graph.link_serial, token)
    upsert_rows(connection, identity_heads, [(workspace_id, *new)])
    return new


def _revoke(connection: Connection, workspace_id: str, link: Link) -> None:
    sql = (
        "UPDATE identity_edges SET revoked_at = ?, revoked_by = ?, revoked_why = ?"
        " WHERE workspace_id = ? AND serial = ?"
    )
    at = to_micros(link.revoked_at) if link.revoked_at else None
    execute(connection, sql, (at, link.revoked_by, link.revoked_why, workspace_id, link.serial))


def forget(connection: Connection, workspace_id: str) -> None:
    """Drop a workspace's graph, so that it can be made again from the log."""
    for table in (identity_nodes, identity_edges, consent_holds, identity_heads):
        execute(connection, f"DELETE FROM {table.name} WHERE workspace_id = ?", (workspace_id,))
