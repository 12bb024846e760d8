"""Plans for a segment under a budget: drafted, looked at, confirmed, handed out.

A draft writes nothing to the log. Who confirms one starts a campaign: its customers are drawn, every choice is logged
with its propensity, and from then on it is a campaign like any other.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from app.access.schemas import Workspace
from app.audiences import Audiences
from app.batching import Batching
from app.database.engine import Database
from app.errors import Conflict, InvalidInput
from app.identity.store import IdentityStore
from app.loop.campaigning import Campaigns
from app.loop.enrolling import Planned
from app.loop.handing_out import Sink
from app.predict.reckoning import Reckoner
from app.retrieval.schemas import Arm, Campaign, Channel
from app.retrieval.store import KnowledgeBase
from app.schema import Lang
from app.strategy.audiences.store import SegmentStore
from app.strategy.batch.arms import campaign_arms
from app.strategy.batch.drafting import Brief, Drafted, Shop, draft, holdout_share
from app.strategy.batch.folding import fold_small
from app.strategy.batch.offering import offering_of
from app.strategy.batch.schemas import Plan, PlannedCustomer, PlannedRow, PlanPage, PlanWish
from app.strategy.batch.store import PlanStore
from app.strategy.gate.policy import Policy
from app.strategy.generate import propose_plan
from app.strategy.running.assigning import hold_or_give
from app.strategy.running.planning import sending_at
from app.strategy.running.schemas import HandOut, RunView
from app.strategy.running.store import RunStore
from app.strategy.wording import wording
from app.viewing import names_of

MOST = 20_000
"""Customers of one plan."""
_TITLE = 200
_LEAST_SENDING = timedelta(minutes=1)


class Planning:
    """Drafts plans and hands them over to campaigns."""

    def __init__(
        self,
        *,
        database: Database,
        batching: Batching,
        audiences: Audiences,
        segments: SegmentStore,
        campaigns: Campaigns,
        knowledge_base: KnowledgeBase,
        reckoner: Reckoner,
        identity: IdentityStore,
        policy: Policy,
    ) -> None:
        """All parts share one database."""
        self._batching, self._audiences, self._segments = batching, audiences, segments
        self._campaigns, self._knowledge_base = campaigns, knowledge_base
        self._reckoner, self._identity, self._policy = reckoner, identity, policy
        self._store, self._runs = PlanStore(database), RunStore(database)

    def draft(self, workspace: Workspace, wish: PlanWish, *, now: datetime, lang: Lang, rows: int = 50) -> PlanPage:
        """Who of the segment would get what, as everybody stands now. Nothing is logged; the draft is kept.

        InvalidInput for a bad expression, nobody in the segment, or too many.
        """
        drafted = self._drafted(workspace, wish, now=now, lang=lang)
        self._store.put(workspace.workspace_id, drafted.plan, drafted.customers)
        return _page(drafted.plan, drafted.customers, rows)

    def sketch(self, workspace: Workspace, wish: PlanWish, *, now: datetime, lang: Lang, rows: int = 50) -> PlanPage:
        """The same to look at: nothing is kept, so it cannot be confirmed."""
        drafted = self._drafted(workspace, wish, now=now, lang=lang)
        return _page(drafted.plan, drafted.customers, rows)

    def show(self, workspace: Workspace, plan_id: str, *, rows: int = 50) -> PlanPage:
        """A draft, or what was confirmed of it. NotFound when there is none of that id."""
        (plan,) = self._with_status(workspace, [self._store.plan(workspace.workspace_id, plan_id)])
        return _page(plan, self._store.customers(workspace.workspace_id, plan_id), rows)

    def newest(self, workspace: Workspace) -> list[Plan]:
        """The drafts that are kept, and what was confirmed of them, newest first."""
        return self._with_status(workspace, self._store.newest(workspace.workspace_id))

    def confirm(self, workspace: Workspace, plan_id: str, *, by: str, now: datetime, reason: str = "") -> RunView:
        """Make a draft a campaign with its arms and its holdout, and log every choice. Conflict when it is one."""
        plan = self._store.plan(workspace.workspace_id, plan_id)
        customers = self._store.customers(workspace.workspace_id, plan_id)
        if self._runs.begun(workspace.workspace_id, [plan_id]):
            raise Conflict(f"plan {plan_id!r} is confirmed already; `understory campaign show {plan_id}`")
        if not plan.given:
            raise InvalidInput("nobody would get anything by this plan: name a wider segment or a larger budget")
        return self._campaigns.start(
            workspace,
            campaign=self._campaign(workspace, plan, customers, now=now),
            members=[Planned(c.customer_id, c.arm_id, c.strategy, c.decision) for c in customers],
            by=by,
            now=now,
            audience=plan.expression,
            ai_label=customers[0].strategy.ai_label,
            reason=reason,
        )

    def export(self, workspace: Workspace, plan_id: str, sink: Sink, *, now: datetime) -> HandOut:
        """Hand a confirmed plan's messages to a sending tool, each once; consent is asked again at this moment."""
        self._store.plan(workspace.workspace_id, plan_id)
        if not self._runs.begun(workspace.workspace_id, [plan_id]):
            raise Conflict(f"plan {plan_id!r} is a draft: confirm it first, then export its messages")
        return self._campaigns.handing.hand_out(workspace, plan_id, sink, now=now)

    def _drafted(self, workspace: Workspace, wish: PlanWish, *, now: datetime, lang: Lang) -> Drafted:
        brief = self._brief(workspace, wish, now=now, lang=lang)
        members = self._members(workspace, brief)
        asked = self._batching.requests(workspace, members, as_of=brief.as_of, now=now, lang=lang)
        wanted = frozenset(wish.channels)
        alone = [offering_of(customer_id, request, wanted) for customer_id, request in asked]
        found = fold_small(alone, least=self._policy.least_arm)
        holdout = holdout_share(brief, found)
        return draft(brief, found, self._shop(workspace, brief, holdout), holdout=holdout)

    def _brief(self, workspace: Workspace, wish: PlanWish, *, now: datetime, lang: Lang) -> Brief:
        as_of = self._campaigns.clock(workspace, now=now)
        saved = self._segments.find(workspace.workspace_id, wish.segment)
        expression = saved.expression if saved else wish.segment
        expression = self._audiences.checked(workspace, expression, as_of=as_of, lang=lang)
        plan_id = f"{as_of:%y%m%d}-plan-{_short(workspace.workspace_id, wish.model_dump_json(), now.isoformat())}"
        return Brief(workspace, plan_id, wish, expression, as_of, now, lang, self._policy)

    def _members(self, workspace: Workspace, brief: Brief) -> Sequence[str]:
        found = self._audiences.members(workspace, brief.expression, as_of=brief.as_of)
        if not found:
            raise InvalidInput("segment: nobody is in it; `understory segments count` shows how many an expression has")
        if len(found) > MOST:
            raise InvalidInput(f"segment: {len(found):,} customers, and a plan takes {MOST:,}: narrow it down")
        return found

    def _shop(self, workspace: Workspace, brief: Brief, holdout: float) -> Shop:
        reckoning = self._reckoner.at(workspace, brief.as_of)
        cases = self._knowledge_base.cases(workspace.workspace_id)
        return Shop(
            is_held=_draws(workspace, brief, holdout),
            write=lambda offering: propose_plan(offering.request, offering.plan),
            names=lambda ids: names_of(self._identity, workspace.workspace_id, ids),
            purchase_rate=reckoning.model.purchase_rate,
            objectives={case.campaign.campaign_id: case.campaign.objective for case in cases},
        )

    def _campaign(
        self, workspace: Workspace, plan: Plan, customers: Sequence[PlannedCustomer], *, now: datetime
    ) -> Campaign:
        starts_at = max(self._campaigns.clock(workspace, now=now), now)
        sent = [sending_at(c.strategy, after=starts_at, zone=workspace.zone) for c in customers if not c.held]
        title = wording(plan.lang).batch["title"].format(segment=plan.wish.segment)
        return Campaign(
            campaign_id=plan.plan_id,
            evidence_kind="randomised",
            title=title[:_TITLE],
            objective=plan.objective,
            eligible_n=len(customers),
            arms=campaign_arms(plan.arms, customers, plan.holdout_share),
            holdout_share=plan.holdout_share,
            window_days=plan.window_days,
            starts_at=starts_at,
            ends_at=max([*sent, starts_at + _LEAST_SENDING]),
        )

    def _with_status(self, workspace: Workspace, plans: Sequence[Plan]) -> list[Plan]:
        """The plans with whether they have become campaigns."""
        begun = self._runs.begun(workspace.workspace_id, [plan.plan_id for plan in plans])
        return [p.model_copy(update={"status": "confirmed"}) if p.plan_id in begun else p for p in plans]


def _draws(workspace: Workspace, brief: Brief, holdout: float) -> Callable[[str], bool]:
    """The draw that the campaign will make: it depends on the plan's id and the customer alone."""
    arm = Arm(arm_id="any", channel=Channel.ONSITE)
    campaign = Campaign(
        campaign_id=brief.plan_id,
        evidence_kind="randomised",
        title=brief.plan_id,
        objective="retain",
        eligible_n=0,
        arms=(arm,),
        holdout_share=holdout,
        window_days=1,
        starts_at=brief.as_of,
        ends_at=brief.as_of,
    )
    return lambda customer_id: hold_or_give(campaign, workspace.workspace_id, customer_id, arm.arm_id).held


def _page(plan: Plan, customers: Sequence[PlannedCustomer], rows: int) -> PlanPage:
    return PlanPage(plan=plan, rows=tuple(_row(c) for c in customers[:rows]), total=len(customers))


def _row(customer: PlannedCustomer) -> PlannedRow:
    strategy = customer.strategy
    assert strategy.channel is not None  # whoever has no channel is not in a plan
    return PlannedRow(
        customer_id=customer.customer_id,
        name=customer.name,
        arm_id=customer.arm_id,
        held=customer.held,
        channel=strategy.channel,
        offer=strategy.offer,
        cost_minor=customer.cost_minor,
        profit=customer.profit,
        send_at=strategy.timing.at if strategy.timing else None,
        title=strategy.themes[0].title,
        text=strategy.themes[0].draft,
    )


def _short(*names: str) -> str:
    return hashlib.blake2s("\x1f".join(names).encode(), digest_size=5).hexdigest()
