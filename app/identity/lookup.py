"""Look customers up by any name they go by, and say who owns what. Reads only."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.database.statements import pieces, query, select_in
from app.database.types import from_micros
from app.errors import InvalidInput, NotFound
from app.events.schemas import Member
from app.identity.clusters import Link
from app.identity.identifiers import normalise_value, type_of
from app.identity.rows import LINK_COLUMNS, moment, node_key, to_link, turn_of
from app.identity.rules import OTHER, Rules
from app.identity.schemas import BLOCKED, NO_BONDS, Bonds, Customer, Edge, Hold, Owners, turn
from app.privacy.sealing import Sealer, is_sealed

_MEMBER = "customer_id, identifier, turn, kind, node_id, founder, serial, version, valid_from, valid_until"


def canonical(connection: Connection, workspace_id: str, customer_id: str) -> str | None:
    """The customer whom one of our ids stands for by now."""
    sql = "SELECT customer_id FROM identity_nodes WHERE workspace_id = ? AND node_id = ?"
    rows = query(connection, sql, (workspace_id, customer_id))
    return rows[0][0] if rows else None


def now_called(connection: Connection, workspace_id: str, customer_ids: Sequence[str]) -> dict[str, str]:
    """Each of these ids of ours -> the customer whom it stands for by now."""
    sql = "SELECT node_id, customer_id FROM identity_nodes WHERE workspace_id = ? AND node_id IN"
    return dict(select_in(connection, sql, (workspace_id,), customer_ids))


def customer_of(connection: Connection, workspace_id: str, key: str, rules: Rules) -> str:
    """The customer that a node belongs to; NotFound when there is no such node."""
    sql = "SELECT customer_id FROM identity_nodes WHERE workspace_id = ? AND identifier = ? AND turn = ?"
    rows = query(connection, sql, (workspace_id, *turn_of(key, key.partition(":")[0], rules.handover)))
    if not rows:
        raise NotFound(f"no identifier {key!r} in workspace {workspace_id!r}")
    return str(rows[0][0])


def node_of(connection: Connection, workspace_id: str, ref: str, sealer: Sealer | None, rules: Rules) -> str:
    """The graph's node that a name means: that of one of our ids, or the latest turn of an identifier.

    NotFound when there is none, InvalidInput when a bare source id names several customers.
    """
    sql = "SELECT identifier, turn FROM identity_nodes WHERE workspace_id = ? AND node_id = ?"
    if ":" not in ref and (rows := query(connection, sql, (workspace_id, ref))):
        return node_key(*rows[0])
    found = _by_identifier(connection, workspace_id, ref, sealer, rules)
    if not found:
        raise NotFound(f"no customer {ref!r} in workspace {workspace_id!r}; `understory customers` lists them")
    if len({customer_id for customer_id, _, _ in found}) > 1:
        raise InvalidInput(f"{ref!r} names {len(found)} customers; say which, as in `user_id:{ref}`")
    return node_key(*found[0][1:])


def _by_identifier(
    connection: Connection, workspace_id: str, ref: str, sealer: Sealer | None, rules: Rules
) -> list[tuple[str, str, int]]:
    """(customer_id, identifier, turn) of the last turn of every identifier that fits."""
    exact = sorted({ref, *names(ref, sealer, rules)})
    start = "SELECT customer_id, identifier, turn FROM identity_nodes WHERE workspace_id = ? AND"
    rows = list(select_in(connection, f"{start} identifier IN", (workspace_id,), exact))
    if not rows and ":" not in ref:  # a bare value of a type that the rules do not name
        rows = query(connection, f"{start} identifier LIKE ? ESCAPE '\\'", (workspace_id, f"%:{_escape(ref)}"))
    last: dict[str, tuple[str, str, int]] = {}
    for row in sorted(rows, key=lambda row: (row[1], row[2])):
        last[row[1]] = (row[0], row[1], row[2])
    return list(last.values())


def names(ref: str, sealer: Sealer | None, rules: Rules) -> Iterator[str]:
    """Identifier keys that a person may mean: `type:value` and bare values in their normal forms, hashed if need be."""
    kind, colon, value = ref.partition(":")
    if colon:
        try:
            kind = type_of(kind, value, rules)
        except InvalidInput:
            return
        yield from _key(kind, value, sealer, rules)
        if kind in rules.strength:
            return
    for known in rules.strength.keys() - {OTHER}:
        yield from _key(known, ref, sealer, rules)


def _key(kind: str, value: str, sealer: Sealer | None, rules: Rules) -> Iterator[str]:
    if len(value) > 200 or (normal := normalise_value(kind, value, rules)) is None:
        return
    if kind not in rules.sealed or is_sealed(normal):
        yield f"{kind}:{normal}"
    elif sealer:
        yield f"{kind}:{sealer.hide(kind, normal)}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def customers(connection: Connection, workspace_id: str, rules: Rules, ids: Sequence[str] | None) -> list[Customer]:
    """These customers, or all of a workspace, by id."""
    sql = f"SELECT {_MEMBER} FROM identity_nodes WHERE workspace_id = ?"
    if ids is None:
        rows: Iterable[tuple[Any, ...]] = query(connection, sql, (workspace_id,))
    else:
        rows = select_in(connection, f"{sql} AND customer_id IN", (workspace_id,), ids)
    groups: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        groups.setdefault(row[0], []).append(row)
    return [_customer(customer_id, group, rules) for customer_id, group in sorted(groups.items())]


def _customer(customer_id: str, rows: list[tuple[Any, ...]], rules: Rules) -> Customer:
    rows.sort(key=lambda row: (row[9] is not None, rules.rank(row[3]), row[1], row[2]))
    members = tuple(Member(row[1], moment(row[8]), moment(row[9])) for row in rows)
    return Customer(
        customer_id=customer_id,
        identifiers=tuple(dict.fromkeys(member.key for member in members)),
        members=members,
        aliases=tuple(sorted(row[4] for row in rows if row[5] and row[4] != customer_id)),
        identity_version=next(row[7] for row in rows if row[4] == customer_id),
    )


def owners(connection: Connection, workspace_id: str, keys: Sequence[str] | None) -> Owners:
    """Who owns these identifiers, or all, and who did before."""
    sql = "SELECT identifier, turn, customer_id, valid_from FROM identity_nodes WHERE workspace_id = ?"
    if keys is None:
        rows: Iterable[tuple[Any, ...]] = query(connection, sql, (workspace_id,))
    else:
        rows = select_in(connection, f"{sql} AND identifier IN", (workspace_id,), keys)
    last: dict[str, str] = {}
    handed: dict[str, dict[int, tuple[datetime, str]]] = {}
    singles: dict[str, tuple[int, datetime | None, str]] = {}
    for key, number, customer_id, begun in rows:
        if key in singles:
            first, at, owner = singles[key]
            turns = handed.setdefault(key, {first: turn(at, owner)})
            turns[number] = turn(moment(begun), customer_id)
        else:
            singles[key] = (number, moment(begun), customer_id)
            last[key] = customer_id
    in_turn = {key: [turns[number] for number in sorted(turns)] for key, turns in handed.items()}
    last.update((key, turns[-1][1]) for key, turns in in_turn.items())
    return Owners(last, in_turn)


def versions(connection: Connection, workspace_id: str, customer_ids: Sequence[str]) -> dict[str, int]:
    """customer_id -> identity_version of each of these customers."""
    sql = "SELECT node_id, version FROM identity_nodes WHERE workspace_id = ? AND node_id IN"
    return dict(select_in(connection, sql, (workspace_id,), customer_ids))


def links_of(connection: Connection, workspace_id: str, keys: Sequence[str]) -> list[Link]:
    """Every link and refusal that one of these nodes is an end of, in order of arrival."""
    found: dict[int, Link] = {}
    for end in "ab":
        sql = f"SELECT {LINK_COLUMNS} FROM identity_edges e WHERE e.workspace_id = ? AND e.{end} IN"
        found |= {row[0]: to_link(row) for row in select_in(connection, sql, (workspace_id,), sorted(keys))}
    return [found[serial] for serial in sorted(found)]


def nodes_of(connection: Connection, workspace_id: str, customer_id: str) -> list[str]:
    """Keys of a customer's nodes."""
    sql = "SELECT identifier, turn FROM identity_nodes WHERE workspace_id = ? AND customer_id = ?"
    return sorted(node_key(*row) for row in query(connection, sql, (workspace_id, customer_id)))


def identifier_of(key: str, rules: Rules) -> str:
    """The identifier of a node, whoever's turn it is."""
    return turn_of(key, key.partition(":")[0], rules.handover)[0]


def bonds(connection: Connection, workspace_id: str, customer_id: str, rules: Rules) -> Bonds:
    """Since when a customer's identifiers are one, and what unmerges left refused; by identifier, as words are."""
    return bonds_of(connection, workspace_id, [customer_id], rules).get(customer_id, NO_BONDS)


def bonds_of(connection: Connection, workspace_id: str, customer_ids: Sequence[str], rules: Rules) -> dict[str, Bonds]:
    """The same of several customers."""
    sql = "SELECT customer_id, identifier, turn FROM identity_nodes WHERE workspace_id = ? AND customer_id IN"
    owner = {node_key(key, n): c for c, key, n in select_in(connection, sql, (workspace_id,), sorted(customer_ids))}
    joins: dict[str, list[tuple[datetime, str, str]]] = {c: [] for c in owner.values()}
    holds: dict[str, set[Hold]] = {c: set() for c in owner.values()}
    sizes = Counter(owner.values())
    for link in links_of(connection, workspace_id, [key for key, c in owner.items() if sizes[c] > 1]):
        within = owner.get(link.a) is not None and owner.get(link.a) == owner.get(link.b)
        if within and link.revoked_at is None and not link.rule.startswith(BLOCKED):
            join = (link.occurred_at, identifier_of(link.a, rules), identifier_of(link.b, rules))
            joins[owner[link.a]].append(join)
    sql = "SELECT key, purpose, channel, event_id, at FROM consent_holds WHERE workspace_id = ? AND key IN"
    for key, purpose, channel, event_id, at in select_in(connection, sql, (workspace_id,), sorted(owner)):
        holds[owner[key]].add(Hold(identifier_of(key, rules), purpose, channel, event_id, from_micros(at)))
    return {c: Bonds(tuple(joins[c]), tuple(sorted(holds[c]))) for c in joins}


def holders(connection: Connection, workspace_id: str, rules: Rules) -> set[str]:
    """Customers with refusals that unmerges left."""
    keys = query(connection, "SELECT DISTINCT key FROM consent_holds WHERE workspace_id = ?", (workspace_id,))
    return {customer_of(connection, workspace_id, key, rules) for (key,) in keys}


def kinds(connection: Connection, workspace_id: str) -> Iterator[tuple[str, str]]:
    """(customer_id, type) of every identifier that has not passed to somebody else."""
    sql = "SELECT customer_id, kind FROM identity_nodes WHERE workspace_id = ? AND valid_until IS NULL"
    for rows in pieces(connection, sql, (workspace_id,)):
        yield from rows


def edge_of(link: Link, *, bridge: bool = False) -> Edge:
    """A link as it is published."""
    return Edge(
        a=link.a, b=link.b, rule=link.rule, source=link.source, event_id=link.event_id, strength=link.strength,
        occurred_at=link.occurred_at, revoked_at=link.revoked_at, revoked_by=link.revoked_by,
        revoked_why=link.revoked_why, bridge=bridge,
    )  # fmt: skip
