"""Drafted plans, kept until somebody confirms one. They are no part of the log, so a rebuild leaves them alone."""

import gzip

from pydantic import TypeAdapter
from sqlalchemy import Column, Connection, LargeBinary, String, Table, Text, delete, insert, select

from app.database.engine import Database, metadata
from app.database.types import UtcTime
from app.errors import NotFound
from app.strategy.batch.schemas import Plan, PlannedCustomer
from app.strategy.running.store import campaign_runs

KEPT = 20
"""Drafts that are kept of a workspace; the oldest goes first."""

plans = Table(
    "plans",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("plan_id", String, primary_key=True),
    Column("made_at", UtcTime, nullable=False),
    Column("body", Text, nullable=False),
    Column("customers", LargeBinary, nullable=False),
)
_customers = TypeAdapter(tuple[PlannedCustomer, ...])


class PlanStore:
    """Keeps plans with their customers."""

    def __init__(self, database: Database) -> None:
        """Read and write through `database`."""
        self._database = database

    def put(self, workspace_id: str, plan: Plan, customers: tuple[PlannedCustomer, ...]) -> None:
        """Keep a draft, in place of one of the same id, and let go of the oldest."""
        packed = gzip.compress(_customers.dump_json(customers), mtime=0)
        row = (workspace_id, plan.plan_id, plan.made_at, plan.model_dump_json(), packed)
        same = (plans.c.workspace_id == workspace_id, plans.c.plan_id == plan.plan_id)
        with self._database.write() as connection:
            connection.execute(delete(plans).where(*same))
            connection.execute(insert(plans).values(dict(zip((c.name for c in plans.c), row, strict=True))))
            _forget_old(connection, workspace_id)

    def plan(self, workspace_id: str, plan_id: str) -> Plan:
        """One draft; NotFound when there is none of that id, or no more."""
        return Plan.model_validate_json(self._column(workspace_id, plan_id, "body"))

    def customers(self, workspace_id: str, plan_id: str) -> tuple[PlannedCustomer, ...]:
        """Its customers, best first."""
        return _customers.validate_json(gzip.decompress(self._column(workspace_id, plan_id, "customers")))

    def newest(self, workspace_id: str) -> list[Plan]:
        """All drafts, newest first."""
        found = select(plans.c.body).where(plans.c.workspace_id == workspace_id).order_by(plans.c.made_at.desc())
        with self._database.read() as connection:
            return [Plan.model_validate_json(body) for body in connection.scalars(found)]

    def _column(self, workspace_id: str, plan_id: str, name: str) -> bytes:
        wanted = select(plans.c[name]).where(plans.c.workspace_id == workspace_id, plans.c.plan_id == plan_id)
        with self._database.read() as connection:
            found = connection.scalar(wanted)
        if found is None:
            raise NotFound(
                f"no plan {plan_id!r} in workspace {workspace_id!r}; drafts are kept until {KEPT} newer ones"
            )
        return found if isinstance(found, bytes) else str(found).encode()


def _forget_old(connection: Connection, workspace_id: str) -> None:
    """Let go of the oldest drafts; what became a campaign stays."""
    runs = select(campaign_runs.c.campaign_id).where(campaign_runs.c.workspace_id == workspace_id)
    drafts = (plans.c.workspace_id == workspace_id, plans.c.plan_id.not_in(runs))
    old = select(plans.c.plan_id).where(*drafts).order_by(plans.c.made_at.desc(), plans.c.plan_id).offset(KEPT)
    names = list(connection.scalars(old))
    connection.execute(delete(plans).where(*drafts, plans.c.plan_id.in_(names)))
