"""What an approved strategy becomes: whom the campaign addresses, what they are sent, how many are left in peace."""

from collections.abc import Sequence
from datetime import datetime

from app.access.schemas import Workspace
from app.audiences import Audiences
from app.predict.reckoning import Reckoner
from app.profile.schemas import Lifecycle, lifecycle_of
from app.reaching import Reaching
from app.retrieval.schemas import Campaign, EvidenceKind, Objective
from app.retrieval.situation import objective_of
from app.retrieval.store import DEMO_WORKSPACE, KnowledgeBase
from app.strategy.gate.policy import Policy
from app.strategy.running.planning import (
    LEAST_HELD,
    WINDOW_DAYS,
    Terms,
    campaign_of,
    enough_held,
    expressions_of,
    sending_at,
    texts_of,
)
from app.strategy.running.schemas import Run, Said
from app.strategy.schemas import Strategy
from app.text.taxonomy import Taxonomy


class Approving:
    """Works a strategy for one customer out for all who are in the same situation. Nothing is written."""

    def __init__(
        self,
        *,
        reckoner: Reckoner,
        knowledge_base: KnowledgeBase,
        audiences: Audiences,
        reaching: Reaching,
        policy: Policy,
        taxonomy: Taxonomy,
    ) -> None:
        """All parts share one database."""
        self._reckoner, self._knowledge_base = reckoner, knowledge_base
        self._audiences, self._reaching = audiences, reaching
        self._policy, self._taxonomy = policy, taxonomy

    def run_of(
        self, workspace: Workspace, strategy: Strategy, terms: Terms, said: Said, *, clock: datetime, now: datetime
    ) -> tuple[Run, list[str]]:
        """The campaign as it would begin, and the customers whom it addresses."""
        texts = texts_of(strategy, workspace, self._policy, self._taxonomy)
        lifecycle = self._lifecycle(workspace, strategy)
        segments = (terms.audience,) if terms.audience else expressions_of(strategy, texts, lifecycle)
        share = strategy.holdout_share if terms.holdout_share is None else terms.holdout_share
        audience, reachable = self._addressed(workspace, strategy, segments, share, clock=clock, now=now)
        if terms.holdout_share is None:
            share = enough_held(share, len(reachable))
        cited = self._cited(workspace, strategy)
        starts_at = max(terms.starts_at or now, clock)
        campaign = campaign_of(
            strategy,
            texts,
            objective=_objective(cited, lifecycle),
            lifecycle=lifecycle if audience == segments[0] and not terms.audience else None,
            holdout_share=share,
            window_days=terms.window_days or (cited.window_days if cited else WINDOW_DAYS),
            evidence_kind=kind_of(workspace),
            starts_at=starts_at,
            send_at=sending_at(strategy, after=starts_at, zone=workspace.zone),
            by=said.by,
        )
        run = Run(
            campaign=campaign,
            audience=audience,
            decision_id=strategy.decision_id,
            texts=dict.fromkeys((arm.arm_id for arm in campaign.arms), texts),
            send_at=campaign.ends_at,
            ai_label=strategy.ai_label,
            approved=said,
        )
        return run, reachable

    def _lifecycle(self, workspace: Workspace, strategy: Strategy) -> Lifecycle | None:
        rfm_class = self._reckoner.at(workspace, strategy.as_of).cohort.class_of(strategy.customer_id)
        return lifecycle_of(rfm_class) if rfm_class else None

    def _cited(self, workspace: Workspace, strategy: Strategy) -> Campaign | None:
        """The past campaign that the strategy stands on."""
        cases = self._knowledge_base.cases(workspace.workspace_id)
        return next((c.campaign for c in cases if c.campaign.campaign_id in strategy.campaigns), None)

    def _addressed(
        self,
        workspace: Workspace,
        strategy: Strategy,
        segments: Sequence[str],
        share: float,
        *,
        clock: datetime,
        now: datetime,
    ) -> tuple[str, list[str]]:
        """The first segment that is large enough, else the last, and who of it may be written to.

        Whoever cannot be reached is no member: being drawn must not depend on being reachable.
        """
        channels = (strategy.channel,) if strategy.channel else ()
        audience, reachable = "", list[str]()
        for audience in segments:
            found = self._audiences.members(workspace, audience, as_of=clock)
            refusals = self._reaching.refusals(workspace, dict.fromkeys(found, channels), as_of=clock, now=now)
            reachable = [customer_id for customer_id in found if customer_id not in refusals]
            if len(reachable) * share >= LEAST_HELD:
                break
        return audience, reachable


def _objective(cited: Campaign | None, lifecycle: Lifecycle | None) -> Objective:
    """That of the past campaign, unless it was about carts: others have none that waits."""
    return cited.objective if cited and cited.objective != "reactivate_cart" else objective_of(lifecycle)


def kind_of(workspace: Workspace) -> EvidenceKind:
    """What a campaign is evidence of: the customers of the demo shop do not exist, and what they answer stays there."""
    return "simulated" if workspace.workspace_id == DEMO_WORKSPACE else "randomised"
