"""A campaign begins: everybody is drawn, and the approval, the draws and the tables are written in one transaction."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from math import isclose
from typing import NamedTuple

from sqlalchemy import Connection

from app.access.schemas import Workspace
from app.database.engine import Database
from app.errors import Conflict, InvalidInput
from app.events.intake import Intake, accept
from app.events.schemas import OUR_SOURCE, IncomingEvent
from app.events.store import Appended, EventLog, Verdict
from app.identity.store import IdentityStore
from app.predict.reckoning import Reckoner
from app.profile.schemas import RfmClass
from app.retrieval.schemas import Campaign
from app.strategy.decisions import new_decision_id
from app.strategy.running.assigning import Draw, draw, hold_or_give
from app.strategy.running.record import approval_of, draw_of
from app.strategy.running.schemas import HOLDOUT, Member, Run
from app.strategy.running.store import RunStore
from app.strategy.schemas import Decision, Strategy


class Planned(NamedTuple):
    """One customer of a campaign that is to start."""

    customer_id: str
    arm_id: str | None = None
    """The arm planned for them, given or held out by the draw; None: the draw chooses the arm too."""
    strategy: Strategy | None = None
    """What they would be sent, in words of their own; None: the campaign's."""
    decision: Decision | None = None
    """How it was chosen. It is logged here, with the draw's propensity; do not log it before."""


class Enrolling:
    """Draws members and writes what campaigns do to the log."""

    def __init__(self, *, database: Database, log: EventLog, identity: IdentityStore, reckoner: Reckoner) -> None:
        """All parts share one database."""
        self._database, self._log = database, log
        self._identity, self._reckoner = identity, reckoner
        self._store = RunStore(database)

    def begin(
        self, workspace: Workspace, run: Run, planned: Sequence[Planned], *, clock: datetime, now: datetime
    ) -> None:
        """Draw everybody and write it down. InvalidInput when there is nobody on one side, Conflict when it began."""
        _check(run.campaign, planned)
        enrolled = list(self._enrolled(workspace, run.campaign, planned, clock=clock, now=now))
        members = [member for member, _ in enrolled]
        _refuse_one_sided(members)
        run = run.model_copy(update={"campaign": run.campaign.model_copy(update={"eligible_n": len(members)})})
        draws = [_event(run.campaign, member, plan, clock) for member, plan in enrolled]
        with self._database.write() as connection:
            appended = self.append(connection, workspace, [approval_of(run), *draws], now=now)
            self._store.put(connection, workspace.workspace_id, run, members)
        self._log.committed(workspace.workspace_id, appended)

    def append(
        self, connection: Connection, workspace: Workspace, events: Sequence[IncomingEvent], *, now: datetime
    ) -> Appended:
        """Log events of ours inside the caller's transaction; Conflict when one of them was written before."""
        intake = Intake(
            workspace_id=workspace.workspace_id,
            source=OUR_SOURCE,
            zone=workspace.zone,
            currency=workspace.currency,
            received_at=now,
            normalise=self._identity.normaliser(workspace.workspace_id),
        )
        appended = self._log.append(connection, [accept(event, intake) for event in events])
        if any(logged.verdict is not Verdict.ACCEPTED for logged in appended.logged):
            raise Conflict("somebody decided this at the same time; look at it again before you decide")
        return appended

    def _enrolled(
        self, workspace: Workspace, campaign: Campaign, planned: Sequence[Planned], *, clock: datetime, now: datetime
    ) -> Iterator[tuple[Member, Planned]]:
        """Everybody with their draw, by customer_id; nobody twice. Who was merged into another since is left out."""
        workspace_id, plans = workspace.workspace_id, {plan.customer_id: plan for plan in planned}
        customers = {c.customer_id: c for c in self._identity.customers(workspace_id, sorted(plans))}
        merged = self._identity.now_called(workspace_id, sorted(plans.keys() - customers.keys()))
        if missing := sorted(plans.keys() - customers.keys() - merged.keys()):
            raise InvalidInput(f"{len(missing)} members are not customers of this workspace: {missing[0]!r} ...")
        cohort = self._reckoner.at(workspace, clock).cohort
        for customer_id, customer in sorted(customers.items()):
            subject = next((member.key for member in customer.members if member.covers(clock)), None)
            if subject is None:  # all their identifiers have passed to somebody else
                continue
            plan = plans[customer_id]
            drawn, segment = _drawn(campaign, workspace_id, plan), cohort.class_of(customer_id)
            yield _member(workspace_id, campaign, plan, drawn, subject=subject, segment=segment, now=now), plan


def _member(
    workspace_id: str,
    campaign: Campaign,
    plan: Planned,
    drawn: Draw,
    *,
    subject: str,
    segment: RfmClass | None,
    now: datetime,
) -> Member:
    made = new_decision_id(workspace_id, f"{campaign.campaign_id}/{plan.customer_id}", now=now)
    return Member(
        customer_id=plan.customer_id,
        subject=subject,
        decision_id=plan.decision.decision_id if plan.decision else made,
        arm_id=drawn.arm_id,
        held=drawn.held,
        propensity=drawn.propensity,
        segment=segment,
    )


def _drawn(campaign: Campaign, workspace_id: str, plan: Planned) -> Draw:
    if plan.arm_id is None:
        return draw(campaign, workspace_id, plan.customer_id)
    if plan.arm_id not in {arm.arm_id for arm in campaign.arms}:
        raise InvalidInput(f"{plan.customer_id!r} is planned for arm {plan.arm_id!r}, which the campaign does not have")
    return hold_or_give(campaign, workspace_id, plan.customer_id, plan.arm_id)


def _event(campaign: Campaign, member: Member, plan: Planned, clock: datetime) -> IncomingEvent:
    chosen = "no_contact" if member.held else f"{campaign.campaign_id}/{member.arm_id}"
    drawn = {"chosen": chosen, "propensity": member.propensity, "decision_id": member.decision_id}
    decision = plan.decision or Decision(
        decision_id=member.decision_id,
        customer_id=member.customer_id,
        as_of=clock,
        candidates=(),
        chosen=chosen,
        propensity=member.propensity,
        policy_version=f"draw of {campaign.campaign_id}",
        rules_fired=(),
        rung="composer",
        evidence=(),
        campaigns=(),
    )
    return draw_of(campaign.campaign_id, member, decision.model_copy(update=drawn), plan.strategy, clock)


def _check(campaign: Campaign, planned: Sequence[Planned]) -> None:
    if any(arm.arm_id == HOLDOUT for arm in campaign.arms):
        raise InvalidInput(f"no arm may be called {HOLDOUT!r}")
    if not 0.0 < campaign.holdout_share < 1.0:
        raise InvalidInput("holdout_share: keep out more than nobody and less than everybody, for example 0.1")
    together = campaign.holdout_share + sum(arm.propensity for arm in campaign.arms)
    if any(plan.arm_id is None for plan in planned) and not isclose(together, 1.0, abs_tol=1e-6):
        raise InvalidInput(f"arms: their propensities and the holdout must add up to 1, not to {together:g}")
    if campaign.ends_at <= campaign.starts_at:
        raise InvalidInput("ends_at: it must lie after starts_at")


def _refuse_one_sided(members: Sequence[Member]) -> None:
    held = sum(member.held for member in members)
    if not held or held == len(members):
        raise InvalidInput(
            f"{len(members)} customers can be reached: too few to write to some and leave others in peace; "
            "name a wider segment or a larger holdout"
        )
