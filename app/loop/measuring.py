"""What a campaign did, from the log; and what is learned from it.

A roll-up is made whole from the log whenever it is asked for, so late events and refunds correct it by themselves.
A result enters the knowledge base once its window has closed, whether it did well or badly: who approved the campaign
approved that it be measured, and if somebody chose among results, only the good ones would be learned from.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from app.access.schemas import Workspace
from app.database.engine import Database
from app.errors import Conflict
from app.events.refunds import RefundTotal
from app.events.store import EventLog, OrderTotal
from app.identity.schemas import Owners
from app.identity.store import IdentityStore
from app.retrieval.schemas import Case, KnowledgeBaseReport
from app.retrieval.store import KnowledgeBase
from app.strategy.gate.policy import Policy
from app.strategy.running.asked import Reported, begins_at, reported
from app.strategy.running.assigning import standing
from app.strategy.running.rolling import Ground, roll_up
from app.strategy.running.schemas import Member, RollUp, Run, Status
from app.strategy.running.spending import Ledger
from app.strategy.running.store import RunStore

_REPORTED = "reported/"
"""Begins the order id of an outcome that names no order of the log."""


class _Read(NamedTuple):
    """What the log says of all campaigns at one moment."""

    orders: Sequence[OrderTotal]
    refunds: Sequence[RefundTotal]
    reported: Sequence[Reported]
    owners: Owners
    first_at: datetime | None


class Measuring:
    """Rolls campaigns up and hands their results to the knowledge base."""

    def __init__(
        self,
        *,
        database: Database,
        log: EventLog,
        identity: IdentityStore,
        knowledge_base: KnowledgeBase,
        policy: Policy,
    ) -> None:
        """All parts share one database."""
        self._database, self._log, self._identity = database, log, identity
        self._knowledge_base, self._policy = knowledge_base, policy
        self._store = RunStore(database)

    def roll_up(self, workspace: Workspace, campaign_id: str, *, as_of: datetime) -> RollUp:
        """What a campaign did as far as `as_of` shows; NotFound when there is none of that id."""
        run = self._store.run(workspace.workspace_id, campaign_id)
        return self._rolled(workspace, run, self._read(workspace, as_of), as_of)

    def roll_ups(self, workspace: Workspace, campaign_ids: Sequence[str], *, as_of: datetime) -> list[RollUp]:
        """The same of several campaigns; the log is read once."""
        read = self._read(workspace, as_of)
        runs = [self._store.run(workspace.workspace_id, campaign_id) for campaign_id in campaign_ids]
        return [self._rolled(workspace, run, read, as_of) for run in runs]

    def learn(self, workspace: Workspace, campaign_id: str, *, now: datetime) -> KnowledgeBaseReport:
        """Put the result into the knowledge base, approved by who approved the campaign; learning it again corrects it.

        Conflict while the window is open, when the campaign was stopped, and when its groups are not as they were
        drawn or too small: that would be no result. Once somebody has rejected its result, a correction waits for them.
        """
        clock = self._log.latest(workspace.workspace_id) or now
        run = self._store.run(workspace.workspace_id, campaign_id)
        _refuse_unless_finished(run, clock, now)
        return self._learn(workspace, run, self._read(workspace, clock), clock=clock, now=now)

    def learn_due(self, workspace: Workspace, *, now: datetime) -> list[str]:
        """Learn from every campaign whose window has closed; returns those that are new or were corrected."""
        clock = self._log.latest(workspace.workspace_id) or now
        due = [r for r in self._store.runs(workspace.workspace_id) if r.status(clock, now) is Status.FINISHED]
        if not due:
            return []
        read, learned = self._read(workspace, clock), list[str]()
        for run in due:
            try:
                report = self._learn(workspace, run, read, clock=clock, now=now)
            except Conflict:  # no result: it is shown with its reason, and there is nothing to learn
                continue
            learned += [run.campaign.campaign_id] * bool(report.imported + report.replaced)
        return learned

    def _learn(
        self, workspace: Workspace, run: Run, read: _Read, *, clock: datetime, now: datetime
    ) -> KnowledgeBaseReport:
        case, by = case_of(run, self._rolled(workspace, run, read, clock)), run.approved.by
        ruled = self._knowledge_base.last_ruling(workspace.workspace_id, run.campaign.campaign_id)
        approver = None if ruled == "rejected" else by
        return self._knowledge_base.import_cases(workspace.workspace_id, [case], approved_by=approver, now=now, by=by)

    def _read(self, workspace: Workspace, as_of: datetime) -> _Read:
        workspace_id = workspace.workspace_id
        with self._database.read() as connection:
            told, first_at = reported(connection, workspace_id, as_of), begins_at(connection, workspace_id)
        return _Read(
            self._log.order_totals(workspace_id, until=as_of),
            self._log.refund_totals(workspace_id, until=as_of),
            told,
            self._identity.owners(workspace_id),
            first_at,
        )

    def _rolled(self, workspace: Workspace, run: Run, read: _Read, as_of: datetime) -> RollUp:
        workspace_id, starts = workspace.workspace_id, run.campaign.starts_at
        members = self._store.members(workspace_id, run.campaign.campaign_id)
        outcomes = _beside(read, run, members)
        ground = Ground(
            standing=standing(members, self._identity.now_called(workspace_id, [m.customer_id for m in members])),
            after=_ledger([*read.orders, *outcomes], read.refunds, read.owners),
            before=_ledger(
                read.orders, [refund for refund in read.refunds if refund.occurred_at <= starts], read.owners
            ),
            first_at=read.first_at,
            contact_cost=self._policy.contact_cost_minor,
        )
        return roll_up(run, ground, as_of=as_of)


def case_of(run: Run, rolled: RollUp) -> Case:
    """A finished campaign as a case of the knowledge base; Conflict where there is no result to speak of."""
    if not rolled.balance.ok:
        raise Conflict(
            f"campaign {rolled.campaign_id!r}: the groups are not as large as they were drawn "
            f"(p = {rolled.balance.p_value:.1g}); find out who is missing before you believe any lift"
        )
    outcomes = tuple(result.outcome for result in rolled.results if result.lift is not None)
    if not any(outcome.segment == "all" for outcome in outcomes):
        raise Conflict(f"campaign {rolled.campaign_id!r}: too few customers, or nobody bought: there is no result")
    cost = sum(outcome.cost_minor for outcome in outcomes if outcome.segment == "all")
    return Case(campaign=run.campaign.model_copy(update={"cost_minor": cost}), outcomes=outcomes)


def _refuse_unless_finished(run: Run, clock: datetime, now: datetime) -> None:
    campaign_id, status = run.campaign.campaign_id, run.status(clock, now)
    if status is Status.STOPPED:
        raise Conflict(f"campaign {campaign_id!r} was stopped: who would have been written to is not known")
    if status is not Status.FINISHED:
        raise Conflict(
            f"campaign {campaign_id!r}: the data reach {clock.isoformat()} and its outcomes count until "
            f"{run.closes_at.isoformat()}; until then they are preliminary"
        )


def _ledger(orders: Sequence[OrderTotal], refunds: Sequence[RefundTotal], owners: Owners) -> Ledger:
    return Ledger(orders, refunds, lambda key, at: owners.of(key, at) if key in owners else None)


def _beside(read: _Read, run: Run, members: Sequence[Member]) -> list[OrderTotal]:
    """Reported outcomes of a campaign's window that are no order of the log, each as an order of its own.

    A report that names the decision belongs to whom that decision was about, whatever the tool calls them.
    """
    subjects = {member.decision_id: member.subject for member in members}
    known = {order.order_id.rpartition("/")[2] for order in read.orders}
    return [
        OrderTotal(
            subjects.get(r.decision_id or "", r.subject),
            _REPORTED + (r.order_id or r.event_id),
            r.occurred_at,
            r.amount,
        )
        for r in read.reported
        if run.campaign.starts_at < r.occurred_at <= run.closes_at and r.order_id not in known
    ]
