"""Past campaigns with what they measured, and our own campaigns with where they stand."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from app.assistant.asking import Asking
from app.assistant.tools.audience import rfm_class_of
from app.assistant.tools.customer import CustomerRef, person
from app.assistant.tools.unknown import Unknown
from app.pipeline import Pipeline
from app.privacy.quoting import quotable
from app.profile.schemas import lifecycle_of
from app.profile.stages import Stage
from app.retrieval.knowledge.listing import ArmRow, CampaignRow, Wanted, found_among, row_of
from app.retrieval.knowledge.schemas import CaseState
from app.retrieval.schemas import Channel, EvidenceKind, Lift, Objective, Offer, OfferType
from app.retrieval.situation import objective_of
from app.schema import Frozen, Lang
from app.strategy.running.schemas import RollUp, RunView
from app.text.normalise import normalise

SHOWN = 8
_NEAR = 12
"""Arms that count as fitting one customer."""
_OF_STATE: dict[str, tuple[Objective, ...]] = {
    "leaving": ("win_back", "retain"),
    Stage.AWAY: ("win_back",),
    Stage.SLOWING: ("retain", "win_back"),
    Stage.NEW: ("welcome", "grow"),
    Stage.VISITOR: ("welcome",),
    Stage.ACTIVE: ("cross_sell", "grow"),
}


class SearchCampaigns(Frozen):
    """Which past campaigns are meant; what is absent does not filter."""

    customer: CustomerRef | None = None
    """Those that fit one customer."""
    topic: str | None = None
    segment: str | None = None
    """An RFM class: campaigns with the objective that suits it."""
    state: str | None = None
    """leaving, visitor, new, active, slowing or away: likewise."""
    channel: Channel | None = None
    offer: OfferType | None = None
    limit: Annotated[int, Field(ge=1, le=50)] = SHOWN


class CaseRow(Frozen):
    """One arm of a past campaign."""

    campaign_id: str
    arm_id: str
    title: str
    objective: Objective
    channel: Channel
    offer: Offer | None
    themes: tuple[str, ...]
    lift: Lift | None
    """Additional order value per customer, minor units."""
    age_days: int
    evidence_kind: EvidenceKind

    @property
    def worked(self) -> bool:
        """Whether even the lower end of its interval is a gain."""
        return self.lift is not None and self.lift.low > 0

    @property
    def failed(self) -> bool:
        """Whether even the upper end is a loss."""
        return self.lift is not None and self.lift.high < 0


class FoundCases(Frozen):
    """Past campaigns, those that surely did most first."""

    rows: tuple[CaseRow, ...]
    total: int
    """Arms that fit."""
    worked: int
    failed: int
    known: int
    """Approved campaigns of the workspace."""
    objectives: tuple[Objective, ...]
    """What they were filtered by; empty for any."""


class CampaignResults(Frozen):
    """One campaign by id or title; without one all of ours."""

    campaign: Annotated[str, Field(max_length=200)] | None = None


class CampaignState(Frozen):
    """One campaign of ours, or a past one of the knowledge base."""

    campaign_id: str
    title: str
    run: RunView | None = None
    result: RollUp | None = None
    past: tuple[CaseRow, ...] = ()


class CampaignStates(Frozen):
    """The campaign that was meant; else those that may have been, or all of ours."""

    found: tuple[CampaignState, ...]
    named: bool
    """Whether one was asked for by name."""


def search_campaigns(pipeline: Pipeline, asking: Asking, lang: Lang, asked: SearchCampaigns) -> FoundCases:
    """Approved past campaigns that fit, by the lower end of their measured lift."""
    campaigns = _campaigns(pipeline, asking, lang)
    rows = [row for campaign in campaigns for row in _arms(campaign)]
    objectives = _objectives(asked)
    known = len({row.campaign_id for row in rows})
    if asked.customer:
        near = _near(pipeline, asking, lang, asked.customer)
        rows = [row for row in rows if (row.campaign_id, row.arm_id) in near[:_NEAR]]
    topics = {campaign.campaign_id: campaign.audience.topics for campaign in campaigns}
    fit = [
        row
        for row in rows
        if (not objectives or row.objective in objectives)
        and asked.channel in (None, row.channel)
        and (asked.offer is None or (row.offer is not None and row.offer.type is asked.offer))
        and (asked.topic is None or asked.topic in topics[row.campaign_id])
    ]
    fit.sort(key=lambda row: (row.lift is None, -(row.lift.low if row.lift else 0), row.campaign_id, row.arm_id))
    return FoundCases(
        rows=tuple(fit[: asked.limit]),
        total=len(fit),
        worked=sum(row.worked for row in fit),
        failed=sum(row.failed for row in fit),
        known=known,
        objectives=objectives,
    )


def campaign_results(pipeline: Pipeline, asking: Asking, lang: Lang, asked: CampaignResults) -> CampaignStates:
    """Where a campaign stands and what it did; Unknown when none is called so."""
    runs = pipeline.campaigns.every(asking.workspace, now=asking.now)
    if asked.campaign is None:
        return CampaignStates(found=tuple(_state(pipeline, asking, run) for run in runs[:SHOWN]), named=False)
    ours = [run for run in runs if _called(asked.campaign, run.run.campaign.campaign_id, run.run.campaign.title)]
    if ours:
        return CampaignStates(found=tuple(_state(pipeline, asking, run) for run in ours[:SHOWN]), named=True)
    titles = _titles(pipeline, asking)
    past = [
        one
        for one in _campaigns(pipeline, asking, lang)
        if _called(asked.campaign, one.campaign_id, *titles.get(one.campaign_id, ()))
    ]
    if not past:
        raise Unknown("campaign", asked.campaign)
    found = [
        CampaignState(campaign_id=c.campaign_id, title=quotable(c.title), past=tuple(_arms(c))) for c in past[:SHOWN]
    ]
    return CampaignStates(found=tuple(found), named=True)


def _state(pipeline: Pipeline, asking: Asking, run: RunView) -> CampaignState:
    campaign = run.run.campaign
    rolled = pipeline.campaigns.measuring.roll_up(asking.workspace, campaign.campaign_id, as_of=asking.as_of)
    return CampaignState(campaign_id=campaign.campaign_id, title=campaign.title, run=run, result=rolled)


def _called(ref: str, *names: str) -> bool:
    """Whether one of the names is the wanted one, or holds it."""
    wanted = normalise(ref)
    return bool(wanted) and any(wanted in normalise(name) for name in names)


def _titles(pipeline: Pipeline, asking: Asking) -> dict[str, tuple[str, ...]]:
    """campaign_id -> its titles, in every language that it has one in."""
    cases = pipeline.knowledge_base.cases(asking.workspace.workspace_id)
    found = (case.campaign for case in cases)
    return {one.campaign_id: (one.title, one.title_in("zh"), one.title_in("en")) for one in found}


def _campaigns(pipeline: Pipeline, asking: Asking, lang: Lang) -> list[CampaignRow]:
    entries = pipeline.knowledge_base.entries(asking.workspace.workspace_id)
    found = found_among(entries, Wanted(state=CaseState.APPROVED), as_of=asking.as_of)
    return [row_of(one, lang) for one in found]


def _arms(campaign: CampaignRow) -> Iterator[CaseRow]:
    for arm in campaign.arms:
        yield _row(campaign, arm)


def _row(campaign: CampaignRow, arm: ArmRow) -> CaseRow:
    return CaseRow(
        campaign_id=campaign.campaign_id, arm_id=arm.arm_id, title=campaign.title, objective=campaign.objective,
        channel=arm.channel, offer=arm.offer, themes=arm.themes, lift=arm.lift, age_days=campaign.age_days,
        evidence_kind=campaign.evidence_kind,
    )  # fmt: skip


def _objectives(asked: SearchCampaigns) -> tuple[Objective, ...]:
    """What campaigns for such customers are for."""
    if asked.state:
        return _OF_STATE.get(asked.state, ())
    rfm_class = rfm_class_of(asked.segment) if asked.segment else None
    return (objective_of(lifecycle_of(rfm_class)),) if rfm_class else ()


def _near(pipeline: Pipeline, asking: Asking, lang: Lang, ref: str) -> list[tuple[str, str]]:
    """The arms that retrieval finds for one customer, best first."""
    customer = person(pipeline, asking, ref)
    request = pipeline.recommender.request(
        asking.workspace, customer.customer_id, as_of=asking.as_of, now=asking.now, lang=lang
    )
    return [(match.campaign.campaign_id, match.arm.arm_id) for match in request.retrieval.matches]
