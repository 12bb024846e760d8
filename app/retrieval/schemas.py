"""Campaigns, their outcomes, and matches. Outcomes keep sums; lift and intervals are derived from them."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from app.profile.schemas import RfmClass
from app.schema import Frozen

EvidenceKind = Literal["randomised", "observational", "reported", "simulated"]
Objective = Literal["win_back", "retain", "grow", "welcome", "cross_sell", "reactivate_cart"]


Count = Annotated[int, Field(ge=0, le=10**12)]
Total = Annotated[int, Field(ge=-(10**18), le=10**18)]
SquareTotal = Annotated[float, Field(ge=0, le=1e36, allow_inf_nan=False)]
Moment = Annotated[AwareDatetime, Field(ge=datetime(1990, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC))]


class Channel(StrEnum):
    """Ways to reach a customer. `onsite` is a banner or in-app card that waits until they come."""

    SMS = "sms"
    EMAIL = "email"
    PUSH = "push"
    WECHAT = "wechat"
    ONSITE = "onsite"


class OfferType(StrEnum):
    """What an offer gives. All are discounts from one public price."""

    COUPON = "coupon"
    FREE_SHIPPING = "free_shipping"
    GIFT = "gift"
    POINTS = "points"


class Offer(Frozen):
    """An incentive, in minor units of the workspace's currency."""

    type: OfferType
    amount_minor: Count
    """What one redemption costs at most."""
    threshold_minor: Count = 0
    """Smallest basket it applies to."""
    expires_in: Annotated[int, Field(ge=1, le=365)] = 7
    """Days."""


class Audience(Frozen):
    """Whom a campaign addressed, as conditions on profile attributes. Empty lists do not filter."""

    rfm_classes: tuple[RfmClass, ...] = ()
    topics: tuple[str, ...] = ()
    """Topic ids of the taxonomy."""


class Arm(Frozen):
    """One variant of a campaign."""

    arm_id: str
    channel: Channel
    offer: Offer | None = None
    themes: Annotated[tuple[str, ...], Field(max_length=3)] = ()
    """What the messages spoke about, strongest first."""
    timing: str = ""
    """When it was sent, in words: `Friday evening`, `three days after the cart`."""
    propensity: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Probability that an eligible customer was given this arm."""


class Campaign(Frozen):
    """One past or running campaign of this workspace."""

    campaign_id: Annotated[str, Field(min_length=1, max_length=120)]
    workspace_id: str = ""
    """Set from the credential on import; what a file says here is ignored."""
    evidence_kind: EvidenceKind
    title: Annotated[str, Field(min_length=1, max_length=200)]
    objective: Objective
    audience: Audience = Audience()
    eligible_n: Count
    arms: Annotated[tuple[Arm, ...], Field(min_length=1)]
    holdout_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    window_days: Annotated[int, Field(ge=1, le=365)]
    metric: Literal["order_value", "conversion"] = "order_value"
    starts_at: Moment
    ends_at: Moment
    cost_minor: Count = 0
    approved_by: str | None = None
    """Who made it retrievable; None is never retrieved."""


class Outcome(Frozen):
    """What one arm did to one segment, against its holdout, as sums over customers (minor units)."""

    campaign_id: str
    arm_id: str
    segment: str = "all"
    sent: Count
    treated_n: Count
    treated_conversions: Count
    treated_sum: Total
    treated_sumsq: SquareTotal
    control_n: Count
    control_conversions: Count
    control_sum: Total
    control_sumsq: SquareTotal
    cost_minor: Count = 0
    """All that the treated customers cost: sending and redeemed offers. 0 means unknown."""
    computed_at: Moment


class Case(Frozen):
    """A campaign with its outcomes: one line of knowledge_base/campaigns.jsonl."""

    campaign: Campaign
    outcomes: tuple[Outcome, ...] = ()


class Lift(Frozen):
    """Incremental value per treated customer, minor units, with a 90% interval."""

    mean: float
    low: float
    high: float
    treated_n: int
    control_n: int


class CampaignMatch(Frozen):
    """One retrieved arm: how near it is, what it did, and what we expect of it here."""

    campaign: Campaign
    arm: Arm
    similarity: float
    """Cosine between the situation asked about and the campaign, 0 to 1."""
    fit: float
    """How well the campaign's audience and objective meet the situation, 0 to 1."""
    closeness: float
    """Mean of similarity and fit; retrieval abstains when the best one is too small."""
    lift: Lift
    """As measured."""
    expected: Lift
    """What to expect here: shrunk towards the mean of all cases by sample size, faded by age and distance."""
    age_days: int
    cost_per_customer: float | None = None
    """What a treated customer cost, sending and redemptions together; None when nobody recorded it."""
    conversion: float | None = None
    """Share of treated customers who bought within the window."""
    score: float
    """What the ranking sorts by."""


class Retrieval(Frozen):
    """Matches, best first; or an abstention with its reason."""

    matches: tuple[CampaignMatch, ...]
    abstained: Literal["no_past_outcomes", "nearest_too_far"] | None = None
    nearest_similarity: float | None = None
    """Closeness of the nearest case, also when it was too far; None when there is no case."""


class KnowledgeBaseReport(Frozen):
    """What an import did."""

    imported: int
    replaced: int
    unchanged: int
    outcomes: int
    at: datetime
