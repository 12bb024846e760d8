"""The knowledge base as people read it: one row for each campaign, in their language, filtered. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from app.retrieval.knowledge.derived import detail_of
from app.retrieval.knowledge.schemas import CaseDetail, CaseEntry, CaseState
from app.retrieval.schemas import Arm, Audience, Channel, EvidenceKind, Lift, Objective, Offer
from app.schema import Frozen, Lang
from app.text.normalise import normalise


class Wanted(Frozen):
    """Which campaigns are asked for; absent parts do not filter."""

    state: CaseState | None = None
    objective: Objective | None = None
    evidence_kind: EvidenceKind | None = None
    search: str = ""
    """Part of an id, a title, a theme or a topic, in either language."""


class ArmRow(Frozen):
    """One arm, and what it did to everybody it was sent to."""

    arm_id: str
    channel: Channel
    offer: Offer | None
    themes: tuple[str, ...]
    lift: Lift | None
    """None where nothing was measured."""
    treated_n: int
    control_n: int


class CampaignRow(Frozen):
    """One past campaign in its newest version."""

    campaign_id: str
    title: str
    """In the reader's language, else as it was given; so are the themes."""
    objective: Objective
    evidence_kind: EvidenceKind
    audience: Audience
    arms: tuple[ArmRow, ...]
    starts_at: datetime
    ends_at: datetime
    age_days: int
    state: CaseState
    version: int
    approved_version: int | None
    """The version that is retrieved; None when there is none."""
    approved_by: str | None


def found_among(entries: Iterable[CaseEntry], wanted: Wanted, *, as_of: datetime) -> Iterator[CaseDetail]:
    """The campaigns that are wanted, with what they measured, the latest first."""
    chosen = [entry for entry in entries if _fits(entry, wanted)]
    chosen.sort(key=lambda entry: (-entry.case.campaign.ends_at.timestamp(), entry.version.campaign_id))
    return (detail_of(entry, as_of=as_of) for entry in chosen)


def row_of(found: CaseDetail, lang: Lang) -> CampaignRow:
    """A campaign as a row."""
    campaign, version = found.case.campaign, found.version
    return CampaignRow(
        campaign_id=campaign.campaign_id,
        title=campaign.title_in(lang),
        objective=campaign.objective,
        evidence_kind=campaign.evidence_kind,
        audience=campaign.audience,
        arms=tuple(_arm_row(arm, found, lang) for arm in campaign.arms),
        starts_at=campaign.starts_at,
        ends_at=campaign.ends_at,
        age_days=found.age_days,
        state=version.state,
        version=version.version,
        approved_version=found.approved_version,
        approved_by=campaign.approved_by,
    )


def _arm_row(arm: Arm, found: CaseDetail, lang: Lang) -> ArmRow:
    measured = next((one for one in found.overall if one.outcome.arm_id == arm.arm_id), None)
    return ArmRow(
        arm_id=arm.arm_id,
        channel=arm.channel,
        offer=arm.offer,
        themes=arm.themes_in(lang),
        lift=measured.lift if measured else None,
        treated_n=measured.outcome.treated_n if measured else 0,
        control_n=measured.outcome.control_n if measured else 0,
    )


def _fits(entry: CaseEntry, wanted: Wanted) -> bool:
    campaign = entry.case.campaign
    return (
        wanted.state in (None, entry.version.state)
        and wanted.objective in (None, campaign.objective)
        and wanted.evidence_kind in (None, campaign.evidence_kind)
        and _holds(entry, normalise(wanted.search))
    )


def _holds(entry: CaseEntry, words: str) -> bool:
    campaign = entry.case.campaign
    said = [campaign.campaign_id, campaign.title, campaign.title_in("zh"), campaign.title_in("en")]
    said += campaign.audience.topics
    for arm in campaign.arms:
        said += [*arm.themes, *arm.themes_in("zh"), *arm.themes_in("en")]
    return not words or any(words in normalise(text) for text in said)
