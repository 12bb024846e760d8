"""Past campaigns for tests, with outcomes summed from order values."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np

from app.config import ROOT
from app.profile.schemas import RfmClass
from app.retrieval.schemas import (
    Arm,
    Audience,
    Campaign,
    Case,
    Channel,
    EvidenceKind,
    Objective,
    Offer,
    Outcome,
)
from app.text.taxonomy import Taxonomy, load_taxonomy

AS_OF = datetime(2026, 6, 1, 4, tzinfo=UTC)


@cache
def real_taxonomy() -> Taxonomy:
    return load_taxonomy(ROOT / "knowledge_base" / "taxonomy.yaml")


def outcome_of(
    treated: Sequence[int],
    control: Sequence[int],
    *,
    campaign_id: str = "c1",
    arm_id: str = "a",
    segment: str = "all",
    cost_minor: int = 0,
) -> Outcome:
    """The sums over two groups of order values."""
    return Outcome(
        campaign_id=campaign_id,
        arm_id=arm_id,
        segment=segment,
        sent=len(treated),
        treated_n=len(treated),
        treated_conversions=sum(v > 0 for v in treated),
        treated_sum=sum(treated),
        treated_sumsq=float(sum(v * v for v in treated)),
        control_n=len(control),
        control_conversions=sum(v > 0 for v in control),
        control_sum=sum(control),
        control_sumsq=float(sum(v * v for v in control)),
        cost_minor=cost_minor,
        computed_at=AS_OF,
    )


def orders(n: int, mean: float, *, seed: int, share: float = 0.2) -> list[int]:
    """Order values of n customers, of whom `share` buy; on average `mean` minor units each."""
    rng = np.random.default_rng(seed)
    buys = rng.random(n) < share
    return [int(v) for v in buys * rng.gamma(4.0, mean / share / 4.0, n)]


def case_of(
    campaign_id: str = "c1",
    *,
    lift: float = 800.0,
    base: float = 2000.0,
    n: int = 1500,
    title: str = "Skincare for lapsed customers 护肤召回",
    objective: Objective = "win_back",
    topics: tuple[str, ...] = ("skincare",),
    rfm_classes: tuple[RfmClass, ...] = (RfmClass.IMPORTANT_WIN_BACK,),
    channel: Channel = Channel.SMS,
    offer: Offer | None = None,
    themes: tuple[str, ...] = ("换季护肤", "老客专享"),
    age_days: int = 60,
    evidence_kind: EvidenceKind = "randomised",
    seed: int = 1,
) -> Case:
    """One campaign with one arm whose treated customers spent `lift` more than `base` on average."""
    ends_at = AS_OF - timedelta(days=age_days)
    arm = Arm(arm_id="a", channel=channel, offer=offer, themes=themes, timing="Friday evening")
    campaign = Campaign(
        campaign_id=campaign_id,
        evidence_kind=evidence_kind,
        title=title,
        objective=objective,
        audience=Audience(rfm_classes=rfm_classes, topics=topics),
        eligible_n=2 * n,
        arms=(arm,),
        holdout_share=0.5,
        window_days=14,
        starts_at=ends_at - timedelta(days=7),
        ends_at=ends_at,
    )
    treated, control = orders(n, base + lift, seed=seed), orders(n, base, seed=seed + 1000)
    return Case(campaign=campaign, outcomes=(outcome_of(treated, control, campaign_id=campaign_id),))
