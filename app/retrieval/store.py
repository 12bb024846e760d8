"""The knowledge base in the database: every workspace's past campaigns, apart from every other's."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, Connection, String, Table, Text, delete, insert, select

from app.database.engine import Database, metadata
from app.database.types import UtcTime
from app.errors import InvalidInput
from app.retrieval.knowledge_base import faults_of
from app.retrieval.schemas import Case, KnowledgeBaseReport

DEMO_WORKSPACE = "demo"
"""The only workspace that may hold simulated cases."""

cases = Table(
    "cases",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("campaign_id", String, primary_key=True),
    Column("content_hash", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("approved_by", String),
    Column("imported_at", UtcTime, nullable=False),
)


class KnowledgeBase:
    """Import past campaigns and read those that a person has approved."""

    def __init__(self, database: Database) -> None:
        """Read and write through `database`."""
        self._database = database

    def import_cases(
        self, workspace_id: str, incoming: Sequence[Case], *, approved_by: str | None, now: datetime
    ) -> KnowledgeBaseReport:
        """Add or replace cases in one transaction; importing the same again changes nothing.

        The workspace and the approver come from the caller, whatever the cases say; with `approved_by` None
        they are kept but not retrieved. InvalidInput for simulated cases outside the demo workspace:
        fiction must not be cited.
        """
        _refuse(workspace_id, incoming)
        counts = dict.fromkeys(("imported", "replaced", "unchanged"), 0)
        with self._database.write() as connection:
            for case in incoming:
                counts[_put(connection, workspace_id, case, approved_by, now)] += 1
        return KnowledgeBaseReport(**counts, outcomes=sum(len(c.outcomes) for c in incoming), at=now)

    def cases(self, workspace_id: str) -> tuple[Case, ...]:
        """The approved cases of a workspace, sorted by campaign_id."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(cases.c.body, cases.c.approved_by).where(
                    cases.c.workspace_id == workspace_id, cases.c.approved_by.is_not(None)
                )
            ).all()
        found = [_owned(Case.model_validate_json(body), workspace_id, who) for body, who in rows]
        return tuple(sorted(found, key=lambda case: case.campaign.campaign_id))


def _refuse(workspace_id: str, incoming: Sequence[Case]) -> None:
    ids = [case.campaign.campaign_id for case in incoming]
    if len(set(ids)) < len(ids):
        raise InvalidInput("two cases have the same campaign_id: keep one of them")
    for case in incoming:
        if case.campaign.evidence_kind == "simulated" and workspace_id != DEMO_WORKSPACE:
            raise InvalidInput(
                f"campaign {case.campaign.campaign_id!r} is simulated and may only enter workspace "
                f"{DEMO_WORKSPACE!r}, not {workspace_id!r}: import campaigns that really ran"
            )
        if faults := faults_of(case):
            field, remedy = faults[0]
            raise InvalidInput(f"campaign {case.campaign.campaign_id!r}, field {field}: {remedy}")


def _put(connection: Connection, workspace_id: str, case: Case, approved_by: str | None, now: datetime) -> str:
    body = _owned(case, "", None).model_dump_json()
    content_hash = hashlib.sha256(body.encode()).hexdigest()
    key = (cases.c.workspace_id == workspace_id, cases.c.campaign_id == case.campaign.campaign_id)
    known = connection.execute(select(cases.c.content_hash, cases.c.approved_by).where(*key)).first()
    # Who approved a case first stays on record; only an approval that was missing counts as news.
    if known is not None and known.content_hash == content_hash and (known.approved_by or not approved_by):
        return "unchanged"
    connection.execute(delete(cases).where(*key))
    connection.execute(
        insert(cases).values(
            workspace_id=workspace_id,
            campaign_id=case.campaign.campaign_id,
            content_hash=content_hash,
            body=body,
            approved_by=approved_by,
            imported_at=now,
        )
    )
    return "imported" if known is None else "replaced"


def _owned(case: Case, workspace_id: str, approved_by: str | None) -> Case:
    campaign = case.campaign.model_copy(update={"workspace_id": workspace_id, "approved_by": approved_by})
    return case.model_copy(update={"campaign": campaign})
