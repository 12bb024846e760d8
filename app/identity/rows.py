"""Nodes and links as rows, and back."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from app.database.statements import Value
from app.database.types import from_micros, to_micros
from app.identity.clusters import Cluster, Link, Node
from app.identity.schemas import Hold

NODE_COLUMNS = (
    "identifier, turn, kind, customer_id, serial, born_event, founder, version, partners, seen, hub, apart,"
    " valid_from, valid_until, last_seen"
)
LINK_COLUMNS = (
    "e.serial, e.a, e.b, e.rule, e.source, e.event_id, e.strength, e.occurred_at, e.revoked_at, e.revoked_by,"
    " e.revoked_why"
)

NodeRow = tuple[Any, ...]
_encode = msgspec.json.Encoder(order="deterministic").encode


def moment(micros: int | None) -> datetime | None:
    """A moment as a column holds it."""
    return None if micros is None else from_micros(micros)


def _micros(at: datetime | None) -> int | None:
    return None if at is None else to_micros(at)


def node_key(identifier: str, turn: int) -> str:
    """The key of one owner's turn."""
    return identifier if turn == 1 else f"{identifier}@{turn}"


def turn_of(key: str, kind: str, passing: Mapping[str, object]) -> tuple[str, int]:
    """The identifier and turn that a node's key stands for."""
    identifier, _, turn = key.partition("@") if kind in passing else (key, "", "")
    return identifier, int(turn or 1)


def to_node(row: NodeRow, cluster: Cluster) -> Node:
    """A node of a cluster."""
    (identifier, turn, kind, _, serial, born_event, founder, version, partners, seen, hub, apart, valid_from,
     valid_until, last_seen) = row  # fmt: skip
    return Node(
        node_key(identifier, turn), kind, serial, born_event, cluster, bool(founder), version, partners,
        msgspec.json.decode(seen) if seen else None,
        bool(hub), tuple(msgspec.json.decode(apart)) if apart else (),
        moment(valid_from), moment(valid_until), moment(last_seen),
    )  # fmt: skip


def node_rows(
    workspace_id: str, nodes: Iterable[Node], names: Mapping[str, Node], passing: Mapping[str, object]
) -> list[tuple[Value, ...]]:
    """Nodes in the order of the table's columns; `names` has the node that each cluster is called after."""
    rows: list[tuple[Value, ...]] = []
    for node in nodes:
        identifier, turn = turn_of(node.key, node.kind, passing)
        customer_id = names[node.cluster.oldest].node_id
        apart = msgspec.json.encode(node.apart).decode() if node.apart else None
        rows.append((
            workspace_id, identifier, turn, node.kind, customer_id, node.node_id, node.serial, node.born_event,
            int(node.founder), node.version, node.partners,
            _encode(node.seen).decode() if node.seen else None, int(node.hub), apart,
            _micros(node.valid_from), _micros(node.valid_until), _micros(node.last_seen),
        ))  # fmt: skip
    return rows


def to_link(row: tuple[Any, ...]) -> Link:
    """A link from LINK_COLUMNS."""
    (serial, a, b, rule, source, event_id, strength, occurred_at, revoked_at, revoked_by, why) = row
    return Link(
        serial, a, b, rule, source, event_id, strength, from_micros(occurred_at), moment(revoked_at), revoked_by, why
    )


def link_row(workspace_id: str, link: Link) -> tuple[Value, ...]:
    """A link in the order of the table's columns."""
    return (
        workspace_id, link.serial, link.a, link.b, link.rule, link.source, link.event_id, link.strength,
        to_micros(link.occurred_at), _micros(link.revoked_at), link.revoked_by, link.revoked_why,
    )  # fmt: skip


def hold_rows(workspace_id: str, holds: Iterable[Hold]) -> list[tuple[Value, ...]]:
    """Refusals that unmerges left, in the order of the table's columns, each once."""
    return [(workspace_id, *hold[:4], to_micros(hold.at)) for hold in dict.fromkeys(holds)]
