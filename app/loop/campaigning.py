"""From an approved strategy to a campaign that runs, and its end: every step is an event, and a person's.

    proposed -> approved (begins later) -> running -> finished
             -> rejected                          -> stopped, for good

What the tables hold follows from the log. A draw is made once, when somebody approves; it is logged with its
propensity, so that whatever happens later can be joined to it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from app.access.schemas import Workspace
from app.costing import Costing
from app.database.engine import Database
from app.errors import Conflict, InvalidInput, NotFound
from app.events.store import Appended, EventLog
from app.loop.approving import Approving, kind_of
from app.loop.enrolling import Enrolling, Planned
from app.loop.handing_out import HandingOut
from app.loop.measuring import Measuring
from app.privacy.redaction import redact
from app.retrieval.schemas import Campaign
from app.retrieval.store import KnowledgeBase
from app.strategy.running.asked import written
from app.strategy.running.planning import Terms
from app.strategy.running.record import rejection_of, said_in, stop_of, verdict_id
from app.strategy.running.schemas import HOLDOUT, ArmCount, Member, Proposed, Run, RunView, Said, Status
from app.strategy.running.store import RunStore
from app.strategy.schemas import Strategy, Theme

MAX_NAME, MAX_REASON = 80, 500


class Campaigns:
    """What people decide about strategies and campaigns."""

    def __init__(
        self,
        *,
        database: Database,
        log: EventLog,
        knowledge_base: KnowledgeBase,
        approving: Approving,
        enrolling: Enrolling,
        handing: HandingOut,
        measuring: Measuring,
        costing: Costing,
    ) -> None:
        """All parts share one database. `handing` and `measuring` are for callers too."""
        self.handing, self.measuring = handing, measuring
        self._database, self._log, self._store = database, log, RunStore(database)
        self._knowledge_base, self._approving, self._enrolling = knowledge_base, approving, enrolling
        self._costing = costing

    # --- strategies ----------------------------------------------------------------------------------------

    def proposed(self, workspace: Workspace, decision_id: str, *, now: datetime) -> Proposed:
        """A logged strategy and what became of it; NotFound when the log has none of that id."""
        with self._database.read() as connection:
            return self._proposed(connection, workspace, decision_id, now)

    def reject(self, workspace: Workspace, decision_id: str, *, by: str, reason: str, now: datetime) -> Proposed:
        """Turn a strategy down, with the reason; Conflict when something was said to it before."""
        said = Said(by=_name(by), at=now, reason=_reason(reason))
        with self._database.write() as connection:
            known = self._proposed(connection, workspace, decision_id, now)
            _refuse_unless_open(known)
            appended = self._enrolling.append(connection, workspace, [rejection_of(decision_id, said)], now=now)
        self._log.committed(workspace.workspace_id, appended)
        return known.model_copy(update={"status": Status.REJECTED, "said": said})

    def approve(
        self,
        workspace: Workspace,
        decision_id: str,
        *,
        by: str,
        now: datetime,
        terms: Terms = Terms(),
        reason: str = "",
    ) -> RunView:
        """Make a strategy a campaign: draw who gets it and who is left in peace, and log both.

        It addresses everybody in the strategy's situation, or the segment that `terms` names. InvalidInput when that is
        too small to be split or the offers exceed the budget; Conflict when something was said to the strategy before,
        or it proposes nothing.
        """
        clock = self.clock(workspace, now=now)
        known = self.proposed(workspace, decision_id, now=now)
        _refuse_unless_open(known)
        said = Said(by=_name(by), at=now, reason=_reason(reason) if reason else "")
        run, addressed = self._approving.run_of(workspace, known.strategy, terms, said, clock=clock, now=now)
        self._costing.afford(workspace, run.campaign, len(addressed), now=now)
        self._enrolling.begin(workspace, run, [Planned(customer_id) for customer_id in addressed], clock=clock, now=now)
        return self.show(workspace, run.campaign.campaign_id, now=now)

    # --- campaigns -----------------------------------------------------------------------------------------

    def start(
        self,
        workspace: Workspace,
        *,
        campaign: Campaign,
        members: Sequence[Planned],
        by: str,
        now: datetime,
        audience: str = "",
        texts: Mapping[str, Sequence[Theme]] | None = None,
        send_at: datetime | None = None,
        ai_label: str = "",
        reason: str = "",
    ) -> RunView:
        """Begin a campaign that a person confirmed as a whole, such as a batch plan; members as planned, all of them.

        The arms' propensities and the holdout must add up to 1. Conflict when there is a campaign of that id already.
        """
        run = Run(
            campaign=campaign.model_copy(update={"approved_by": _name(by), "evidence_kind": kind_of(workspace)}),
            audience=audience,
            decision_id=None,
            texts={arm_id: tuple(themes) for arm_id, themes in (texts or {}).items()},
            send_at=send_at,
            ai_label=ai_label,
            approved=Said(by=_name(by), at=now, reason=_reason(reason) if reason else ""),
        )
        self._costing.afford(workspace, run.campaign, len(members), now=now)
        self._enrolling.begin(workspace, run, members, clock=self.clock(workspace, now=now), now=now)
        return self.show(workspace, campaign.campaign_id, now=now)

    def stop(self, workspace: Workspace, campaign_id: str, *, by: str, reason: str, now: datetime) -> RunView:
        """Stop a campaign for good. When this returns, nothing more of it is handed out, whoever was about to.

        Conflict when it was stopped before.
        """
        said = Said(by=_name(by), at=now, reason=_reason(reason))
        with self._database.write() as connection:
            run = self._store.run_in(connection, workspace.workspace_id, campaign_id)
            if run.stopped:
                raise Conflict(f"campaign {campaign_id!r} was stopped by {run.stopped.by}: {run.stopped.reason}")
            appended = self._stop(connection, workspace, [run], said)
        self._log.committed(workspace.workspace_id, appended)
        return self.show(workspace, campaign_id, now=now)

    def stop_all(self, workspace: Workspace, *, by: str, reason: str, now: datetime) -> list[str]:
        """Stop every campaign that has not ended, all at once; returns their ids."""
        said, reached = Said(by=_name(by), at=now, reason=_reason(reason)), self.clock(workspace, now=now)
        ended = (Status.STOPPED, Status.FINISHED)
        with self._database.write() as connection:
            runs = self._store.runs_in(connection, workspace.workspace_id)
            going = [run for run in runs if run.status(reached, now) not in ended]
            appended = self._stop(connection, workspace, going, said)
        self._log.committed(workspace.workspace_id, appended)
        return [run.campaign.campaign_id for run in going]

    def every(self, workspace: Workspace, *, now: datetime) -> list[RunView]:
        """All campaigns, newest first."""
        return [self._view(workspace, run, now) for run in self._store.runs(workspace.workspace_id)]

    def show(self, workspace: Workspace, campaign_id: str, *, now: datetime) -> RunView:
        """One campaign; NotFound when there is none of that id."""
        run = self._store.run(workspace.workspace_id, campaign_id)
        return self._view(workspace, run, now)

    def clock(self, workspace: Workspace, *, now: datetime) -> datetime:
        """As far as the data reach: customers are judged as they stood then, and windows are over by it."""
        return self._log.latest(workspace.workspace_id) or now

    # --- parts ---------------------------------------------------------------------------------------------

    def _proposed(self, connection: Connection, workspace: Workspace, decision_id: str, now: datetime) -> Proposed:
        wanted = (decision_id, verdict_id(decision_id))
        events = {event.message_id: event for event in written(connection, workspace.workspace_id, wanted)}
        decision, verdict = (events.get(name) for name in wanted)
        if decision is None or decision.campaign_id or "strategy" not in decision.properties:
            raise NotFound(f"no strategy {decision_id!r} in workspace {workspace.workspace_id!r}; ask for one first")
        strategy = Strategy.model_validate(decision.properties["strategy"])
        if verdict is None:
            return Proposed(strategy=strategy, status=Status(strategy.status))
        said, campaign_id = said_in(verdict), verdict.campaign_id
        if campaign_id is None:
            return Proposed(strategy=strategy, status=Status.REJECTED, said=said)
        run = self._store.run_in(connection, workspace.workspace_id, campaign_id)
        status = run.status(self.clock(workspace, now=now), now)
        return Proposed(strategy=strategy, status=status, said=said, campaign_id=campaign_id)

    def _stop(self, connection: Connection, workspace: Workspace, runs: Sequence[Run], said: Said) -> Appended:
        events = [stop_of(run.campaign.campaign_id, said) for run in runs]
        appended = self._enrolling.append(connection, workspace, events, now=said.at)
        for run in runs:
            self._store.stop(connection, workspace.workspace_id, run, said)
        return appended

    def _view(self, workspace: Workspace, run: Run, now: datetime) -> RunView:
        members = self._store.members(workspace.workspace_id, run.campaign.campaign_id)
        known = {case.campaign.campaign_id for case in self._knowledge_base.cases(workspace.workspace_id)}
        return RunView(
            run=run,
            status=run.status(self.clock(workspace, now=now), now),
            closes_at=run.closes_at,
            counts=tuple(_counts(run.campaign, members)),
            known=run.campaign.campaign_id in known,
        )


def _counts(campaign: Campaign, members: Sequence[Member]) -> Iterator[ArmCount]:
    for arm in campaign.arms:
        theirs = [m for m in members if m.arm_id == arm.arm_id and not m.held]
        handed = sum(m.handed_at is not None for m in theirs)
        yield ArmCount(arm_id=arm.arm_id, share=arm.propensity, assigned=len(theirs), handed=handed)
    held = sum(m.held for m in members)
    yield ArmCount(arm_id=HOLDOUT, share=campaign.holdout_share, assigned=held, handed=0)


def _refuse_unless_open(known: Proposed) -> None:
    decision_id, said = known.strategy.decision_id, known.said
    if said is not None:
        done = "rejected" if known.status is Status.REJECTED else f"approved (campaign {known.campaign_id})"
        raise Conflict(f"strategy {decision_id!r} was {done} by {said.by} at {said.at.isoformat()}; ask for a new one")
    if known.status is Status.ABSTAINED:
        raise Conflict(f"strategy {decision_id!r} proposes to do nothing: there is nothing to approve or to reject")


def _name(by: str) -> str:
    name = by.strip()
    if not name or not name.isprintable() or len(name) > MAX_NAME:
        raise InvalidInput(f"by: say who decides, in 1 to {MAX_NAME} printable characters")
    return name


def _reason(reason: str) -> str:
    """Why, without personal numbers."""
    text = redact(reason.strip())[:MAX_REASON]
    if not text or not text.isprintable():
        raise InvalidInput("reason: say why, in one line; it is kept in the log")
    return text
