"""Campaigns in the database: derived from the log, kept so that a hand-out and a stop meet in one transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from app.database.engine import Database, metadata
from app.database.types import UtcTime
from app.errors import NotFound
from app.strategy.running.record import Replayed
from app.strategy.running.schemas import Member, Run, Said

campaign_runs = Table(
    "campaign_runs",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("campaign_id", String, primary_key=True),
    Column("body", Text, nullable=False),
    Column("approved_at", UtcTime, nullable=False),
    Column("stopped_at", UtcTime),
)

campaign_members = Table(
    "campaign_members",
    metadata,
    Column("workspace_id", String, primary_key=True),
    Column("campaign_id", String, primary_key=True),
    Column("decision_id", String, primary_key=True),
    Column("customer_id", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("arm_id", String),
    Column("held", Boolean, nullable=False),
    Column("propensity", Float, nullable=False),
    Column("segment", String),
    Column("handed_at", UtcTime),
)
_MEMBER = [c for c in campaign_members.c if c.name not in ("workspace_id", "campaign_id")]


class RunStore:
    """Read campaigns, and change them inside the caller's transaction."""

    def __init__(self, database: Database) -> None:
        """Read and write through `database`."""
        self._database = database

    def runs(self, workspace_id: str) -> list[Run]:
        """All campaigns, newest approval first."""
        with self._database.read() as connection:
            return self.runs_in(connection, workspace_id)

    def runs_in(self, connection: Connection, workspace_id: str) -> list[Run]:
        """The same within a transaction."""
        r = campaign_runs.c
        newest = select(r.body).where(r.workspace_id == workspace_id).order_by(r.approved_at.desc(), r.campaign_id)
        return [Run.model_validate_json(body) for body in connection.scalars(newest)]

    def begun(self, workspace_id: str, campaign_ids: Sequence[str]) -> set[str]:
        """Which of these ids, some twenty at most, are campaigns."""
        r = campaign_runs.c
        with self._database.read() as connection:
            found = select(r.campaign_id).where(r.workspace_id == workspace_id, r.campaign_id.in_(campaign_ids))
            return set(connection.scalars(found))

    def run(self, workspace_id: str, campaign_id: str) -> Run:
        """One campaign; NotFound when there is none of that id."""
        with self._database.read() as connection:
            return self.run_in(connection, workspace_id, campaign_id)

    def run_in(self, connection: Connection, workspace_id: str, campaign_id: str) -> Run:
        """The same within a transaction."""
        body = connection.scalar(select(campaign_runs.c.body).where(*_run(workspace_id, campaign_id)))
        if body is None:
            raise NotFound(f"no campaign {campaign_id!r} in workspace {workspace_id!r}; `understory campaign list`")
        return Run.model_validate_json(body)

    def members(self, workspace_id: str, campaign_id: str) -> list[Member]:
        """Everybody who was drawn, by customer_id."""
        with self._database.read() as connection:
            return self.members_in(connection, workspace_id, campaign_id)

    def members_in(self, connection: Connection, workspace_id: str, campaign_id: str) -> list[Member]:
        """The same within a transaction."""
        m = campaign_members.c
        of = select(*_MEMBER).where(m.workspace_id == workspace_id, m.campaign_id == campaign_id)
        rows = connection.execute(of.order_by(m.customer_id, m.decision_id))
        return [Member(**row._mapping) for row in rows]

    def put(self, connection: Connection, workspace_id: str, run: Run, members: Iterable[Member]) -> None:
        """Add a campaign with its members."""
        campaign_id = run.campaign.campaign_id
        connection.execute(insert(campaign_runs).values(_row(workspace_id, run)))
        keys = {"workspace_id": workspace_id, "campaign_id": campaign_id}
        if rows := [keys | member.model_dump() for member in members]:
            connection.execute(insert(campaign_members), rows)

    def stop(self, connection: Connection, workspace_id: str, run: Run, said: Said) -> Run:
        """Keep that a campaign is stopped; returns it as it is then."""
        stopped = run.model_copy(update={"stopped": said})
        row = _row(workspace_id, stopped)
        connection.execute(update(campaign_runs).where(*_run(workspace_id, run.campaign.campaign_id)).values(row))
        return stopped

    def hand_out(
        self, connection: Connection, workspace_id: str, campaign_id: str, decision_ids: Sequence[str], at: datetime
    ) -> None:
        """Keep when these members' messages were handed out."""
        m = campaign_members.c
        for start in range(0, len(decision_ids), 500):
            chunk = decision_ids[start : start + 500]
            theirs = (m.workspace_id == workspace_id, m.campaign_id == campaign_id, m.decision_id.in_(chunk))
            connection.execute(update(campaign_members).where(*theirs).values(handed_at=at))

    def differing(self, connection: Connection, workspace_id: str, replayed: Replayed) -> int:
        """Campaigns that are not kept as the log tells them."""
        kept = {run.campaign.campaign_id: run for run in self.runs_in(connection, workspace_id)}
        return sum(
            kept.get(name) != replayed.runs.get(name)
            or self.members_in(connection, workspace_id, name) != told_members(replayed, name)
            for name in kept.keys() | replayed.runs.keys()
        )

    def rewrite(self, connection: Connection, workspace_id: str, replayed: Replayed) -> None:
        """Replace what is kept of a workspace by what its log tells."""
        for table in (campaign_members, campaign_runs):
            connection.execute(delete(table).where(table.c.workspace_id == workspace_id))
        for name, run in replayed.runs.items():
            self.put(connection, workspace_id, run, told_members(replayed, name))


def told_members(replayed: Replayed, campaign_id: str) -> list[Member]:
    """The members of one campaign as the log tells them, in the order in which they are kept."""
    found = replayed.members.get(campaign_id, {}).values()
    return sorted(found, key=lambda member: (member.customer_id, member.decision_id))


def _run(workspace_id: str, campaign_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (campaign_runs.c.workspace_id == workspace_id, campaign_runs.c.campaign_id == campaign_id)


def _row(workspace_id: str, run: Run) -> dict[str, object]:
    return {
        "workspace_id": workspace_id,
        "campaign_id": run.campaign.campaign_id,
        "body": run.model_dump_json(),
        "approved_at": run.approved.at,
        "stopped_at": run.stopped.at if run.stopped else None,
    }
