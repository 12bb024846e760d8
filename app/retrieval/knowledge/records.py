"""Versions and rulings in their tables, within a transaction that the caller holds."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.sql.elements import ColumnElement

from app.retrieval.knowledge.schemas import CaseRuling, Ruling
from app.retrieval.knowledge.standing import RuledRow, VersionRow
from app.retrieval.knowledge.tables import case_rulings, case_versions
from app.retrieval.schemas import Case

_V, _R = case_versions.c, case_rulings.c
_MOST = 500
"""Campaigns that one question names."""


class Stamp(NamedTuple):
    """Who did something, and when."""

    by: str
    at: datetime


class Numbered(NamedTuple):
    """One version of a case."""

    campaign_id: str
    version: int


def last_turn(connection: Connection, workspace_id: str) -> int:
    """How many rulings the workspace has had."""
    found = connection.execute(select(func.max(_R.turn)).where(_R.workspace_id == workspace_id)).scalar()
    return int(found or 0)


def rulings(
    connection: Connection, workspace_id: str, wanted: Sequence[str] | None = None, *, until: datetime | None = None
) -> list[RuledRow]:
    """Rulings on these campaigns or on all, made by a moment or ever, oldest first."""
    query = select(_R.campaign_id, _R.version, _R.ruling, _R.ruled_by, _R.ruled_at, _R.note)
    query = query.where(_R.workspace_id == workspace_id).order_by(_R.turn)
    if wanted is not None and len(wanted) <= _MOST:  # more are found sooner by reading all
        query = query.where(_R.campaign_id.in_(wanted))
    rows = connection.execute(query if until is None else query.where(_R.ruled_at <= until))
    return [RuledRow(name, version, CaseRuling(ruling=r, by=by, at=at, note=n)) for name, version, r, by, at, n in rows]


def versions(connection: Connection, workspace_id: str, wanted: Sequence[str] | None = None) -> list[VersionRow]:
    """The versions of these campaigns, or of all."""
    columns = [_V[name] for name in VersionRow._fields]
    return [VersionRow(*row) for row in _selected(connection, workspace_id, columns, wanted)]


def contents(connection: Connection, workspace_id: str, wanted: Mapping[str, int]) -> dict[str, Case]:
    """campaign_id -> the case as its wanted version says."""
    names = list(wanted) if len(wanted) <= _MOST else None
    rows = _selected(connection, workspace_id, [_V.campaign_id, _V.version, _V.body], names)
    return {name: Case.model_validate_json(body) for name, version, body in rows if wanted.get(name) == version}


def add_versions(connection: Connection, workspace_id: str, fresh: Sequence[tuple[int, Case]], stamp: Stamp) -> None:
    """Keep cases under their new version numbers."""
    rows = [_row(workspace_id, version, case, stamp) for version, case in fresh]
    if rows:
        connection.execute(insert(case_versions), rows)


def add_rulings(
    connection: Connection, workspace_id: str, ruled: Sequence[Numbered], ruling: Ruling, stamp: Stamp, note: str
) -> None:
    """Keep one decision for each of these versions."""
    turn = last_turn(connection, workspace_id)
    said = {"ruling": ruling, "ruled_by": stamp.by, "ruled_at": stamp.at, "note": note, "workspace_id": workspace_id}
    if ruled:
        rows = [said | one._asdict() | {"turn": place} for place, one in enumerate(ruled, start=turn + 1)]
        connection.execute(insert(case_rulings), rows)


def owned(case: Case, workspace_id: str, approved_by: str | None) -> Case:
    """The case as one of this workspace's."""
    campaign = case.campaign.model_copy(update={"workspace_id": workspace_id, "approved_by": approved_by})
    return case.model_copy(update={"campaign": campaign})


def _row(workspace_id: str, version: int, case: Case, stamp: Stamp) -> dict[str, Any]:
    body = case.model_dump_json()
    return {
        "workspace_id": workspace_id,
        "campaign_id": case.campaign.campaign_id,
        "version": version,
        "content_hash": hashlib.sha256(body.encode()).hexdigest(),
        "body": body,
        "imported_at": stamp.at,
        "imported_by": stamp.by,
    }


def _selected(
    connection: Connection, workspace_id: str, columns: Sequence[ColumnElement[Any]], wanted: Sequence[str] | None
) -> Iterator[Any]:
    query = select(*columns).where(_V.workspace_id == workspace_id)
    if wanted is None:
        yield from connection.execute(query)
        return
    for start in range(0, len(wanted), _MOST):
        yield from connection.execute(query.where(_V.campaign_id.in_(wanted[start : start + _MOST])))
